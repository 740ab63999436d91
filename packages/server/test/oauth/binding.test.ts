import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { Authority, thumbprintOf } from '@keyward/testkit/certificates'
import { createRemoteJWKSet, decodeJwt, type JWK, jwtVerify, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { thumbprintOf as keyThumbprintOf } from '../../src/oauth/dpop.ts'
import { addIssuer, addRule, ask, askWith, certificateHeaders, workloadWith } from './mtls-service.ts'
import { startTokenService, type TokenService } from './token-service.ts'

let service: TokenService
const authority = new Authority()
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const cert = authority.issue({ commonName: 'x', dnsNames: ['agent.acme.example'] }).cert
let workload: string
let grant: string
let issuer: string

beforeAll(async () => {
  service = await startTokenService()
  issuer = await addIssuer(service, 'x509', { type: 'certificates', pem: authority.cert })
  ;({ workload, grant } = await workloadWith(service, 'agent', { method: 'tls_client_auth', issuer, san_dns: 'agent.acme.example' }))
  const jwk = key.publicKey.export({ format: 'jwk' }) as { kty: 'EC' }
  await addRule(service, workload, { method: 'private_key_jwt', jwk })
})
afterAll(() => service.stop())

async function proof(claims: Record<string, unknown> = {}, signer: { privateKey: KeyObject; publicKey: KeyObject } = key): Promise<string> {
  return await new SignJWT({ htm: 'POST', htu: `${service.issuer}/oauth2/token`, jti: crypto.randomUUID(), ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: signer.publicKey.export({ format: 'jwk' }) as JWK })
    .setIssuedAt()
    .sign(signer.privateKey)
}

async function assertion(): Promise<Record<string, string>> {
  const jwt = await new SignJWT()
    .setProtectedHeader({ alg: 'ES256', typ: 'client-authentication+jwt' })
    .setIssuer(workload)
    .setSubject(workload)
    .setAudience(service.issuer)
    .setJti(crypto.randomUUID())
    .setExpirationTime('60s')
    .sign(key.privateKey)
  return { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: jwt }
}

const form = async (more: Record<string, string> = {}) => ({
  grant_type: 'client_credentials',
  scope: `grant:${grant}`,
  ...(await assertion()),
  ...more,
})

describe('what a token is bound to', () => {
  it('RFC 8705 3: a certificate beside any other method binds the token, and is no second method', async () => {
    const answer = await ask(service, '/oauth2/token', await form(), certificateHeaders(cert))
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer', assurance: 'key_bound' } })
    expect(decodeJwt(String(answer.body.access_token)).cnf).toEqual({ 'x5t#S256': thumbprintOf(cert) })
  })

  it('RFC 9449 5: a proof comes before a certificate', async () => {
    const headers = { ...certificateHeaders(cert), dpop: await proof({ nonce: service.verifier.proofs.nonce() }) }
    const answer = await ask(service, '/oauth2/token', await form(), headers)
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'DPoP' } })
    const jkt = keyThumbprintOf(key.publicKey.export({ format: 'jwk' }) as Record<string, unknown>)
    expect(decodeJwt(String(answer.body.access_token)).cnf).toEqual({ jkt })
  })

  it('a grant that asks for a certificate mints with one alone, and one that asks for a proof takes no certificate in its place', async () => {
    const mtls = await service.addGrant(workload, { resource: 'mtls-only' })
    await service.db.updateTable('grants').set({ require_mtls: true }).where('id', '=', mtls).execute()
    const dpop = await service.addGrant(workload, { resource: 'dpop-only', requireDpop: true })
    const [forMtls, forDpop] = [{ scope: `grant:${mtls}` }, { scope: `grant:${dpop}` }]
    expect(await ask(service, '/oauth2/token', await form(forMtls))).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    const withProof = { dpop: await proof({ nonce: service.verifier.proofs.nonce() }) }
    expect(await ask(service, '/oauth2/token', await form(forMtls), withProof)).toMatchObject({ status: 400 })
    expect((await askWith(service, workload, cert, [], forMtls)).status).toBe(200)
    expect(await askWith(service, workload, cert, [], forDpop)).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } })
  })

  it('a grant with a minimum assurance mints nothing weaker', async () => {
    const bound = await service.addGrant(workload, { resource: 'bound' })
    await service.db.updateTable('grants').set({ minimum_assurance: 'key_bound' }).where('id', '=', bound).execute()
    const wish = { scope: `grant:${bound}` }
    expect(await ask(service, '/oauth2/token', await form(wish))).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } })
    expect((await ask(service, '/oauth2/token', await form(wish), certificateHeaders(cert))).status).toBe(200)
  })
})

describe('RFC 9449 8: the nonce of the token endpoint', () => {
  it('a proof without it is asked for again before anything is used up: the same assertion counts with the next', async () => {
    const once = await form()
    const first = await ask(service, '/oauth2/token', once, { dpop: await proof() })
    expect(first).toMatchObject({ status: 400, body: { error: 'use_dpop_nonce' } })
    const nonce = first.headers.get('dpop-nonce')
    expect(nonce).toMatch(/^[\w-]{22}$/)
    expect(await ask(service, '/oauth2/token', once, { dpop: await proof({ nonce }) })).toMatchObject({ status: 200 })
  })

  it('every answer of the token endpoint carries one, and each counts at the gateway of this node too', async () => {
    const answers = [
      await ask(service, '/oauth2/token', await form()),
      await ask(service, '/oauth2/token', { grant_type: 'password' }),
      await ask(service, '/oauth2/token', { grant_type: 'client_credentials' }),
    ]
    for (const { headers } of answers) expect(service.verifier.proofs.accepts(headers.get('dpop-nonce') ?? '')).toBe(true)
  })

  it('11.1: a proof counts once, and at one node: another node wants its own nonce', async () => {
    const other = await startTokenService()
    try {
      const used = await proof({ nonce: service.verifier.proofs.nonce() })
      expect(await ask(service, '/oauth2/token', await form(), { dpop: used })).toMatchObject({ status: 200 })
      expect(await ask(service, '/oauth2/token', await form(), { dpop: used })).toMatchObject({
        status: 400,
        body: { error: 'invalid_dpop_proof' },
      })
      const elsewhere = await proof({ nonce: service.verifier.proofs.nonce(), htu: `${other.issuer}/oauth2/token` })
      const answer = await ask(other, '/oauth2/token', { grant_type: 'client_credentials' }, { dpop: elsewhere })
      expect(answer).toMatchObject({ status: 400, body: { error: 'use_dpop_nonce' } })
      expect(answer.headers.get('dpop-nonce')).not.toBe(service.verifier.proofs.nonce())
    } finally {
      await other.stop()
    }
  })

  it.each<[string, (endpoint: string) => string]>([
    ['another path', (endpoint) => endpoint.replace('token', 'revoke')],
    ['another host', (endpoint) => endpoint.replace('127.0.0.1', '127.0.0.2')],
    ['a user name', (endpoint) => endpoint.replace('http://', 'http://evil.example@')],
    ['a backslash', (endpoint) => endpoint.replace('/oauth2', '\\oauth2')],
    ['a line break within', (endpoint) => endpoint.replace('oauth2', 'oau\nth2')],
    ['a blank around it', (endpoint) => ` ${endpoint}`],
    ['a slash at its end', (endpoint) => `${endpoint}/`],
    ['another case of its path', (endpoint) => endpoint.replace('token', 'Token')],
    ['no scheme', (endpoint) => endpoint.replace('http:', '')],
  ])('4.3 point 9: an htu with %s is refused', async (_what, change) => {
    const htu = change(`${service.issuer}/oauth2/token`)
    const dpop = await proof({ nonce: service.verifier.proofs.nonce(), htu })
    expect(await ask(service, '/oauth2/token', await form(), { dpop })).toMatchObject({
      status: 400,
      body: { error: 'invalid_dpop_proof' },
    })
  })
})

describe('introspection', () => {
  const introspect = async (token: string, headers: Record<string, string> = {}) =>
    await ask(service, '/oauth2/introspect', { token, ...(await assertion()) }, headers)

  it('RFC 7662 2.2: says what the token is for, by whom, bound to what, and no username', async () => {
    const token = String((await askWith(service, workload, cert, [], { scope: `grant:${grant}` })).body.access_token)
    const { body } = await introspect(token)
    expect(body).toMatchObject({
      active: true,
      client_id: workload,
      sub: workload,
      token_type: 'Bearer',
      cnf: { 'x5t#S256': thumbprintOf(cert) },
      assurance: 'key_bound',
      authorization_details: [{ type: 'llm', locations: [`${service.issuer}/g/openai`], identifier: grant, models: ['*'] }],
    })
    expect(body).not.toHaveProperty('username')
    expect(body).not.toHaveProperty('act')
  })

  it('RFC 7662 4: who holds a token that was handed on may ask about it, and so may whose authority it is; nobody else', async () => {
    const helper = await service.addWorkload('helper')
    await service.db
      .updateTable('grants')
      .set({ delegates: [helper] })
      .where('id', '=', grant)
      .execute()
    const other = await workloadWith(service, 'other', { method: 'tls_client_auth', issuer, san_dns: 'other.acme.example' })
    await addRule(service, helper, { method: 'tls_client_auth', issuer, san_dns: 'helper.acme.example' })
    const certs = (name: string) => authority.issue({ commonName: 'x', dnsNames: [`${name}.acme.example`] }).cert
    const subject = String((await ask(service, '/oauth2/token', await form())).body.access_token)
    const exchange = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subject,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    }
    const token = String((await askWith(service, helper, certs('helper'), [], exchange)).body.access_token)
    const about = { active: true, client_id: helper, sub: workload, act: { sub: helper } }
    expect((await introspect(token)).body).toMatchObject(about)
    const asked = async (name: string, id: string) =>
      (await ask(service, '/oauth2/introspect', { token, client_id: id }, certificateHeaders(certs(name)))).body
    expect(await asked('helper', helper)).toMatchObject(about)
    expect(await asked('other', other.workload)).toEqual({ active: false })
    await service.db.updateTable('workloads').set({ state: 'revoked' }).where('id', '=', helper).execute()
    expect((await introspect(token)).body, 'a holder that was revoked holds nothing').toEqual({ active: false })
  })

  it('RFC 9701 5: the signed answer is for the one who asked, and is taken for no other kind of token', async () => {
    const token = String((await ask(service, '/oauth2/token', await form())).body.access_token)
    const type = 'application/token-introspection+jwt'
    const { headers, body } = await introspect(token, { accept: type })
    expect(headers.get('content-type')).toBe(type)
    expect(headers.get('cache-control')).toBe('no-store')
    const keys = createRemoteJWKSet(new URL(`${service.issuer}/oauth2/jwks`))
    const { payload } = await jwtVerify(String(body.text), keys, {
      issuer: service.issuer,
      audience: workload,
      typ: 'token-introspection+jwt',
    })
    expect(payload.token_introspection).toMatchObject({ active: true, sub: workload, jti: decodeJwt(token).jti })
    expect(payload).not.toHaveProperty('sub')
    expect(payload).not.toHaveProperty('exp')
    expect(() => service.verifier.verify(String(body.text))).toThrow('not an access token')
    const dead = await introspect('no.such.token', { accept: `${type}, application/json;q=0.5` })
    expect(decodeJwt(String(dead.body.text)).token_introspection).toEqual({ active: false })
    for (const accept of ['application/json', '*/*', `application/json, ${type};q=0.1`, `${type};q=0`])
      expect((await introspect(token, { accept })).body.active, accept).toBe(true)
    service.personTokens.add('Bearer kwu_FAKE')
    const person = await ask(service, '/oauth2/introspect', { token }, { authorization: 'Bearer kwu_FAKE', accept: type })
    expect(decodeJwt(String(person.body.text)).aud).toBe('usr_reader')
  })
})
