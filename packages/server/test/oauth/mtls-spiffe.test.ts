import { Authority, derOf, thumbprintOf } from '@keyward/testkit/certificates'
import { startFakeIssuer } from '@keyward/testkit/issuers/issuer'
import { FakeSpiffe, startFakeSpiffe } from '@keyward/testkit/issuers/known'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { federationEstate } from './federation-estate.ts'
import { addIssuer, ask, askWith, certificateHeaders, workloadWith } from './mtls-service.ts'
import { startTokenService, type TokenService } from './token-service.ts'

let service: TokenService
let estate: ReturnType<typeof federationEstate>
let spire: FakeSpiffe
let workload: string
let stranger: string

beforeAll(async () => {
  ;[service, spire] = await Promise.all([startTokenService(), startFakeSpiffe('acme.example')])
  estate = federationEstate(service)
  const issuer = await estate.issuer({ issuer: spire.trustDomain, kind: 'spiffe', keysFrom: { type: 'bundle', keys: spire.jwks } })
  ;({ workload } = await estate.workload(issuer, { method: 'spiffe_jwt', spiffe_id: 'spiffe://acme.example/ns/prod/agent' }))
  stranger = (await estate.workload(issuer, { method: 'spiffe_jwt', spiffe_id: 'spiffe://acme.example/ns/prod/other' })).workload
})
afterAll(async () => {
  await Promise.all([service?.stop(), spire?.stop()])
})

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'
const withSvid = (client_assertion: string, more: Record<string, string> = {}) => ({
  grant_type: 'client_credentials',
  client_assertion_type: assertionType,
  client_assertion,
  ...more,
})
const invalidClient = { status: 401, body: { error: 'invalid_client' } }

describe('OAuth SPIFFE client authentication: spiffe_jwt', () => {
  it('a JWT-SVID authenticates its workload, at each endpoint, with a certificate beside it as the binding', async () => {
    const cert = new Authority().issue({ commonName: 'x' }).cert
    const svid = () => spire.svid('/ns/prod/agent', service.issuer)
    const answer = await ask(service, '/oauth2/token', withSvid(svid(), { client_id: workload }), certificateHeaders(cert))
    expect(answer).toMatchObject({ status: 200, body: { assurance: 'key_bound' } })
    const token = String(answer.body.access_token)
    expect(decodeJwt(token)).toMatchObject({ sub: workload, cnf: { 'x5t#S256': thumbprintOf(cert) } })
    const about = { token, client_assertion_type: assertionType, client_assertion: svid() }
    expect((await ask(service, '/oauth2/introspect', about)).body).toMatchObject({ active: true, client_id: workload })
  })

  it('one of another workload, for another audience, of another trust domain, or no SVID at all authenticates nobody', async () => {
    const elsewhere = await startFakeSpiffe('acme.example')
    const oidc = await startFakeIssuer()
    try {
      const issuer = await estate.issuer({ issuer: oidc.issuer })
      await estate.workload(issuer, { claims: { sub: 'agent-7' } })
      const refused = [
        withSvid(spire.svid('/ns/prod/agent', service.issuer), { client_id: stranger }),
        withSvid(spire.svid('/ns/prod/agent', 'https://elsewhere.example')),
        withSvid(spire.svid('/ns/prod/agent/below', service.issuer)),
        withSvid(elsewhere.svid('/ns/prod/agent', service.issuer)),
        withSvid(oidc.token({ sub: 'agent-7', aud: service.issuer })),
        withSvid('no.jwt.here'),
      ]
      for (const form of refused) expect(await ask(service, '/oauth2/token', form)).toMatchObject(invalidClient)
    } finally {
      await Promise.all([elsewhere.stop(), oidc.stop()])
    }
  })

  it('RFC 6749 2.3: beside a secret it is a second method', async () => {
    const headers = { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` }
    const form = withSvid(spire.svid('/ns/prod/agent', service.issuer))
    expect(await ask(service, '/oauth2/token', form, headers)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })
})

/** A bundle endpoint that has an authority for certificates, too. */
class WithAuthority extends FakeSpiffe {
  authority = new Authority('SPIRE')

  override get jwks(): Record<string, unknown>[] {
    return [...super.jwks, { kty: 'EC', use: 'x509-svid', x5c: [derOf(this.authority.cert).toString('base64')] }]
  }
}

describe('a SPIFFE bundle endpoint', () => {
  it('vouches for X509-SVIDs by the authorities that it names now, and by those of before no more', async () => {
    const fake = new WithAuthority('fetched.example', 300)
    await fake.start()
    try {
      const keysFrom = { type: 'bundle_url', url: fake.keysUri } as const
      const issuer = await estate.issuer({ issuer: 'fetched.example', kind: 'spiffe', keysFrom, allowPrivate: true })
      const id = 'spiffe://fetched.example/ns/prod/agent'
      const proved = await workloadWith(service, 'fetched', { method: 'spiffe_x509', issuer, spiffe_id: id })
      const before = fake.authority.issue({ commonName: '', subject: [], uris: [id] }).cert
      expect((await askWith(service, proved.workload, before)).status).toBe(200)
      fake.authority = new Authority('SPIRE')
      estate.changed()
      expect(await askWith(service, proved.workload, before)).toMatchObject(invalidClient)
      const after = fake.authority.issue({ commonName: '', subject: [], uris: [id] }).cert
      expect((await askWith(service, proved.workload, after)).status).toBe(200)
    } finally {
      await fake.stop()
    }
  })
})

describe('a SPIFFE bundle without an authority for certificates', () => {
  it('vouches for no X509-SVID, and neither does one that cannot be fetched', async () => {
    const trust = new Authority('SPIRE')
    const id = 'spiffe://none.example/ns/prod/agent'
    const { cert } = trust.issue({ commonName: '', subject: [], uris: [id] })
    const none = await addIssuer(service, 'spiffe', { type: 'bundle', keys: [{ kty: 'EC', use: 'jwt-svid' }] }, { issuer: 'none.example' })
    const away = await addIssuer(service, 'spiffe', { type: 'bundle_url', url: 'https://127.0.0.1:1/bundle' }, { issuer: 'away.example' })
    const first = await workloadWith(service, 'no authority', { method: 'spiffe_x509', issuer: none, spiffe_id: id })
    const elsewhere = 'spiffe://away.example/ns/prod/agent'
    const second = await workloadWith(service, 'away', { method: 'spiffe_x509', issuer: away, spiffe_id: elsewhere })
    const other = trust.issue({ commonName: '', subject: [], uris: [elsewhere] }).cert
    expect(await askWith(service, first.workload, cert, [trust.cert])).toMatchObject(invalidClient)
    expect(await askWith(service, second.workload, other, [trust.cert])).toMatchObject(invalidClient)
  })
})
