import { hash, type KeyPairKeyObjectResult, randomUUID } from 'node:crypto'
import type { Fake } from '@keyward/testkit/fake/server'
import { fakeHttpApiKey, startFakeHttpApi } from '@keyward/testkit/http-api/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startKeyward, type TestKeyward } from '../gateway/keyward.ts'
import { type Chain, chain } from '../gateway/operator.ts'
import { type RawAnswer, raw } from '../gateway/raw.ts'
import { dpopProof } from './proofs.ts'
import { newKey } from './standards-service.ts'

/*
 * RFC 6750 and RFC 9449 (sections 7, 9) at the gateway, with tokens of the whole server. Certificates (RFC 8705): tests/attacks/certificates.test.ts;
 * what a 403 says: gateway/challenge.test.ts.
 */

let keyward: TestKeyward
let crm: Fake
let http: Chain
let secret: string
const key = newKey()
beforeAll(async () => {
  ;[keyward, crm] = await Promise.all([startKeyward(), startFakeHttpApi()])
  http = await chain(keyward.operator, {
    upstream: crm.origin,
    secret: fakeHttpApiKey,
    kind: 'http',
    provider: 'crm',
    authority: ['consume', 'modify'],
    scope: { methods: ['GET'], paths: ['/echo'] },
  })
  const identity = await keyward.operator.ask('POST', `/workloads/${http.workload}/identities`, { method: 'client_secret_basic' })
  secret = String(identity.client_secret)
})
afterAll(async () => {
  await keyward?.stop()
  await crm?.stop()
})

const call = (headers: Record<string, string | string[]>, path = '/echo') => raw(`${http.base}${path}`, { headers })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const challenge = ({ headers }: RawAnswer) => headers['www-authenticate'] ?? ''
const code = ({ status, headers }: RawAnswer) => [status, headers['keyward-error']]

async function boundToken(): Promise<string> {
  const url = `${keyward.origin}/oauth2/token`
  const authorization = `Basic ${Buffer.from(`${http.workload}:${secret}`).toString('base64')}`
  const ask = (nonce?: string | null) =>
    fetch(url, {
      method: 'POST',
      headers: { authorization, dpop: dpopProof.make(key, 'POST', url, nonce === undefined ? {} : { nonce }) },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
  const answer = await ask((await ask()).headers.get('dpop-nonce'))
  return String(((await answer.json()) as Record<string, unknown>).access_token)
}

/** A proof for a call with that token, by the nonce of the last answer. */
const proofFor = (token: string, nonce: unknown, more: Record<string, unknown> = {}, by: KeyPairKeyObjectResult = key) =>
  dpopProof.make(by, 'GET', `${http.base}/echo`, { ath: hash('sha256', token, 'base64url'), nonce, jti: randomUUID(), ...more })
const nonceOf = async (token: string) =>
  (await call({ authorization: `DPoP ${token}`, dpop: proofFor(token, 'none') })).headers['dpop-nonce']

test('RFC 6750 2.1: a token in the Authorization header goes through, whatever the case of its scheme', async () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) expect((await call({ authorization: `${scheme} ${http.token}` })).status).toBe(200)
})

test('RFC 6750 3: without credentials the challenge has no error', async () => {
  for (const headers of [{}, { authorization: 'Bearer' }, { authorization: 'Bearer ' }] as Record<string, string>[]) {
    const answer = await call(headers)
    expect(code(answer)).toEqual([401, 'token_missing'])
    expect(challenge(answer)).toMatch(/^Bearer realm="keyward", resource_metadata="[^"]+", DPoP algs="[^"]+", resource_metadata="[^"]+"$/)
  }
})

test('RFC 6750 3.1: more than one way, or one token too many, is an invalid_request with status 400, and nothing of it goes on', async () => {
  const sent = crm.log.entries.length
  const other = await keyward.operator.mint(http.grant)
  const twice: [Record<string, string | string[]>, string][] = [
    [bearer(http.token), `/echo?access_token=${http.token}`],
    [{ authorization: [`Bearer ${http.token}`, `Bearer ${http.token}`] }, '/echo'],
    [{ ...bearer(http.token), 'x-api-key': other }, '/echo'],
    [{ 'x-api-key': other, 'api-key': http.token }, '/echo'],
    [{ ...bearer(http.token), 'x-debug': http.token }, '/echo'],
  ]
  for (const [headers, path] of twice) {
    const answer = await call(headers, path)
    expect(code(answer)).toEqual([400, 'token_ambiguous'])
    expect(challenge(answer)).toContain('error="invalid_request"')
    expect(JSON.stringify(answer)).not.toContain(http.token)
  }
  expect(crm.log.entries.length).toBe(sent)
})

test('RFC 6750 3.1: malformed, changed, ended by revocation, or no token of ours: invalid_token with status 401', async () => {
  const revoked = await keyward.operator.mint(http.grant)
  const id = String(JSON.parse(Buffer.from(revoked.split('.')[1] ?? '', 'base64url').toString()).jti)
  await keyward.operator.ask('POST', `/tokens/${id}/revoke`, { reason: 'a test' })
  for (const token of ['x', 'a b', `${http.token.slice(0, -2)}AA`, revoked, `kwu_${'F'.repeat(49)}`]) {
    const answer = await call(bearer(token))
    expect([token.slice(0, 4), answer.status]).toEqual([token.slice(0, 4), 401])
    expect(challenge(answer)).toContain('error="invalid_token"')
    expect(answer.headers['cache-control']).toBe('no-store')
  }
})

test('RFC 6750 3.1: beyond the scope is insufficient_scope with status 403', async () => {
  const answer = await call(bearer(http.token), '/tenants')
  expect(code(answer)).toEqual([403, 'path_not_allowed'])
  expect(challenge(answer)).toContain('error="insufficient_scope"')
})

test('RFC 6750 3: what a challenge says keeps to the characters of a quoted string, for every refusal', async () => {
  const answers = [
    await call({}),
    await call(bearer('x')),
    await call(bearer(http.token), '/tenants'),
    await call({ authorization: 'DPoP x' }),
  ]
  for (const answer of answers) {
    expect(challenge(answer)).not.toBe('')
    for (const [, text = ''] of challenge(answer).matchAll(/error_description="([^"]*)"/g))
      expect(text).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  }
})

test('RFC 9449 7.1: a bound token goes through with a proof for this call by its key, and every answer (8.2) brings the next nonce', async () => {
  const token = await boundToken()
  let nonce = await nonceOf(token)
  for (let times = 0; times < 3; times++) {
    const answer = await call({ authorization: `DPoP ${token}`, dpop: proofFor(token, nonce) })
    expect(answer.status).toBe(200)
    nonce = answer.headers['dpop-nonce'] ?? nonce
  }
})

test('RFC 9449 7.2: a bound token as Bearer is refused, with a proof and without; an unbound one as DPoP is, too', async () => {
  const token = await boundToken()
  const sent = crm.log.entries.length
  const nonce = await nonceOf(token)
  for (const headers of [bearer(token), { ...bearer(token), dpop: proofFor(token, nonce) }, { 'x-api-key': token }] as Record<
    string,
    string
  >[]) {
    const answer = await call(headers)
    expect(answer.status).toBe(401)
    expect(challenge(answer)).toMatch(/^DPoP algs="[^"]*ES256[^"]*", error="invalid_dpop_proof"/)
  }
  const unbound = await call({ authorization: `DPoP ${http.token}`, dpop: proofFor(http.token, nonce) })
  expect(code(unbound)).toEqual([401, 'token_invalid'])
  expect(challenge(unbound)).toMatch(/^DPoP algs="[^"]+", error="invalid_token"/)
  expect(crm.log.entries.length).toBe(sent)
})

test('RFC 9449 9: without our nonce a call is a use_dpop_nonce with status 401, and the nonce to use', async () => {
  const token = await boundToken()
  for (const nonce of [undefined, 'another']) {
    const answer = await call({ authorization: `DPoP ${token}`, dpop: proofFor(token, nonce) })
    expect(code(answer)).toEqual([401, 'proof_nonce_required'])
    expect(challenge(answer)).toMatch(/^DPoP error="use_dpop_nonce", .*algs="ES256/)
    expect(answer.headers['dpop-nonce']).toMatch(/^[\w-]{22}$/)
  }
})

test('RFC 9449 4.3 point 12 and 7.1: a proof for another token, by another key, for another call, or a second time is refused', async () => {
  const token = await boundToken()
  const nonce = await nonceOf(token)
  const used = proofFor(token, nonce)
  expect((await call({ authorization: `DPoP ${token}`, dpop: used })).status).toBe(200)
  const refused: (string | string[])[] = [
    used,
    proofFor(token, nonce, { ath: undefined }),
    proofFor(token, nonce, { ath: hash('sha256', http.token, 'base64url') }),
    proofFor(token, nonce, {}, newKey()),
    proofFor(token, nonce, { htm: 'POST' }),
    proofFor(token, nonce, { htu: `${http.base}/other` }),
    [proofFor(token, nonce), proofFor(token, nonce)],
    'x',
  ]
  for (const dpop of refused) {
    const answer = await call({ authorization: `DPoP ${token}`, dpop })
    expect([dpop === used, ...code(answer)]).toEqual([dpop === used, 401, 'proof_invalid'])
    expect(challenge(answer)).toMatch(/DPoP.*error="invalid_dpop_proof"/)
  }
})
