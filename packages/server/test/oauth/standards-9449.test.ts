import { generateKeyPairSync, sign } from 'node:crypto'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { raw } from '../gateway/raw.ts'
import { dpopProof } from './proofs.ts'
import { b64, expectError, newKey, nowSeconds, type Standards, startStandards } from './standards-service.ts'

/* RFC 9449 at the token endpoint. With calls: standards-6750.test.ts. Codes and refresh tokens: authorization-code.test.ts. */

let at: Standards
let endpoint: string
const key = newKey()
beforeAll(async () => {
  at = await startStandards()
  endpoint = at.url('/oauth2/token')
})
afterAll(() => at?.stop())

const form = { grant_type: 'client_credentials' }
const ask = (dpop: string, more: Record<string, string> = {}) => at.token({ ...form, ...more }, { ...at.basic(), dpop })
const proof = (claims: Record<string, unknown> = {}, method = 'POST', url = endpoint) =>
  dpopProof.make(key, method, url, { nonce: at.service.verifier.proofs.nonce(), ...claims })

test('RFC 9449 5 and 6.1: a proof binds the token: the type is DPoP, cnf holds the thumbprint of the key, and introspection (6.2) says both', async () => {
  const { status, body } = await ask(proof())
  expect([status, body.token_type]).toEqual([200, 'DPoP'])
  const token = String(body.access_token)
  expect(decodeJwt(token).cnf).toEqual({ jkt: dpopProof.thumbprint(key) })
  expect((await at.introspect(token)).body).toMatchObject({ token_type: 'DPoP', cnf: { jkt: dpopProof.thumbprint(key) } })
})

test('RFC 9449 4.3 point 1: there is one DPoP header: two, even the same twice, are an invalid_dpop_proof', async () => {
  const [one, other] = [proof(), proof()]
  for (const dpop of [
    [one, other],
    [one, one],
  ]) {
    const headers = { ...at.basic(), 'content-type': 'application/x-www-form-urlencoded', dpop }
    const answer = await raw(endpoint, { method: 'POST', headers, body: 'grant_type=client_credentials' })
    expect([answer.status, JSON.parse(answer.text).error]).toEqual([400, 'invalid_dpop_proof'])
  }
  expect((await ask(one)).status).toBe(200)
})

test.each<[string, () => string]>([
  ['point 2: no JWT', () => 'x'],
  ['point 3: no jti', () => proof({ jti: undefined })],
  ['point 3: an empty jti', () => proof({ jti: '' })],
  ['point 3: a jti of 300 characters', () => proof({ jti: 'x'.repeat(300) })],
  ['point 3: no htm', () => proof({ htm: undefined })],
  ['point 3: no htu', () => proof({ htu: undefined })],
  ['point 3: no iat', () => proof({ iat: undefined })],
  ['point 3: an iat that is text', () => proof({ iat: String(nowSeconds()) })],
  ['point 8: another method', () => proof({ htm: 'GET' })],
  ['point 8: the method in small letters', () => proof({ htm: 'post' })],
  ['point 9: another endpoint', () => proof({ htu: at.url('/oauth2/introspect') })],
  ['point 9: another scheme', () => proof({ htu: endpoint.replace('http:', 'https:') })],
  ['point 9: another port', () => proof({ htu: 'http://127.0.0.1:1/oauth2/token' })],
  ['point 9: a path alone', () => proof({ htu: '/oauth2/token' })],
  ['point 11: an iat of six minutes ago', () => proof({ iat: nowSeconds() - 360 })],
  ['point 11: an iat in six minutes', () => proof({ iat: nowSeconds() + 360 })],
])('RFC 9449 4.3 %s is an invalid_dpop_proof, and the answer brings a nonce', async (_what, make) => {
  const answer = await ask(make())
  expectError(answer, 400, 'invalid_dpop_proof')
  expect(answer.headers.get('dpop-nonce')).toMatch(/^[\w-]{22}$/)
})

test('RFC 9449 4.3 point 9: query and fragment of htu are ignored, and another writing of the same address is the same', async () => {
  const upper = endpoint.replace('http://', 'HTTP://')
  for (const htu of [`${endpoint}?a=b`, `${endpoint}#c`, upper]) expect([htu, (await ask(proof({ htu }))).status]).toEqual([htu, 200])
})

test('RFC 9449 5.1: each algorithm of the metadata proves, and binds to its key', async () => {
  const { body } = await at.send('/.well-known/oauth-authorization-server', undefined, {}, 'GET')
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pairs: Record<string, { privateKey: typeof rsa.privateKey; publicKey: typeof rsa.publicKey; hash: string | null; more?: object }> =
    {
      ES256: { ...newKey(), hash: 'sha256', more: { dsaEncoding: 'ieee-p1363' } },
      ES384: { ...generateKeyPairSync('ec', { namedCurve: 'P-384' }), hash: 'sha384', more: { dsaEncoding: 'ieee-p1363' } },
      EdDSA: { ...generateKeyPairSync('ed25519'), hash: null },
      RS256: { ...rsa, hash: 'sha256' },
      PS256: { ...rsa, hash: 'sha256', more: { padding: 6, saltLength: 32 } },
    }
  expect(Object.keys(pairs).sort()).toEqual([...(body.dpop_signing_alg_values_supported as string[])].sort())
  for (const [alg, { privateKey, publicKey, hash, more }] of Object.entries(pairs)) {
    const claims = { jti: crypto.randomUUID(), htm: 'POST', htu: endpoint, iat: nowSeconds(), nonce: at.service.verifier.proofs.nonce() }
    const input = `${b64({ alg, typ: 'dpop+jwt', jwk: publicKey.export({ format: 'jwk' }) })}.${b64(claims)}`
    const signature = sign(hash, Buffer.from(input), { key: privateKey, ...more }).toString('base64url')
    expect([alg, (await ask(`${input}.${signature}`)).body.token_type]).toEqual([alg, 'DPoP'])
  }
})

test('RFC 9449 5.2: a grant that asks for bound tokens gives none without a proof', async () => {
  const bound = await at.service.addGrant(at.workload, { resource: 'bound-only', requireDpop: true })
  const scope = `grant:${bound}`
  expectError(await at.token({ ...form, scope }, at.basic()), 400, 'invalid_dpop_proof')
  expect((await ask(proof(), { scope })).body.token_type).toBe('DPoP')
})

test('RFC 9449 8: without our nonce, with an old or foreign one, the answer is use_dpop_nonce with the one to use; nothing was used up', async () => {
  const client = at.withAssertion(at.assertion(), { scope: `grant:${at.grant}` })
  for (const nonce of [undefined, '', 'another', 7]) {
    const answer = await at.token(client, { dpop: proof({ nonce }) })
    expectError(answer, 400, 'use_dpop_nonce')
    expect(at.service.verifier.proofs.accepts(answer.headers.get('dpop-nonce') ?? '')).toBe(true)
  }
  expect((await at.token(client, { dpop: proof() })).status).toBe(200)
})

test('RFC 9449 8.2: every answer of the token endpoint brings the nonce for the next request, errors included', async () => {
  for (const answer of [
    await at.token(form, at.basic()),
    await at.token({ grant_type: 'nothing' }),
    await at.token('a=1&a=1'),
    await at.token(form),
  ])
    expect(at.service.verifier.proofs.accepts(answer.headers.get('dpop-nonce') ?? '')).toBe(true)
})

test('RFC 9449 11.1: a proof counts once, also when it comes four times at once', async () => {
  const once = proof()
  const answers = await Promise.all([1, 2, 3, 4].map(() => ask(once, { scope: `grant:${at.grant}` })))
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400])
  for (const answer of answers.filter(({ status }) => status === 400)) expectError(answer, 400, 'invalid_dpop_proof')
})
