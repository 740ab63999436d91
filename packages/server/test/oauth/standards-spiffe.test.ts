import { type FakeSpiffe, startFakeSpiffe } from '@keyward/testkit/issuers/known'
import { SigningKey, signingAlgs } from '@keyward/testkit/issuers/signing-key'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { federationEstate } from './federation-estate.ts'
import { ask } from './mtls-service.ts'
import { startTokenService, type TokenService } from './token-service.ts'

/* JWT-SVIDs as the SPIFFE standard has them. X509-SVIDs: mtls.test.ts. What an attacker makes of either: tests/attacks/federation.test.ts. */

let service: TokenService
let estate: ReturnType<typeof federationEstate>
let spire: FakeSpiffe
let issuer: string
beforeAll(async () => {
  ;[service, spire] = await Promise.all([startTokenService(), startFakeSpiffe('acme.example')])
  estate = federationEstate(service)
  issuer = await estate.issuer({ issuer: 'acme.example', kind: 'spiffe', keysFrom: { type: 'bundle_url', url: spire.keysUri } })
  await estate.workload(issuer, { method: 'spiffe_jwt', spiffe_id: 'spiffe://acme.example/ns/prod/agent' })
})
afterAll(async () => {
  await Promise.all([service?.stop(), spire?.stop()])
})

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'
/** By both of its ways in: as a grant, and as the proof of a client. */
async function statuses(svid: string): Promise<number[]> {
  const form = { grant_type: 'client_credentials', client_assertion_type: assertionType, client_assertion: svid }
  return [(await estate.bearer(svid)).status, (await ask(service, '/oauth2/token', form)).status]
}
const svid = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
  spire.svid('/ns/prod/agent', service.issuer, claims, header)

test('SPIFFE JWT-SVID 2 and 3: sub, aud and exp are enough: without iss and jti it counts, and again, with typ JWT, JOSE or none', async () => {
  const plain = svid()
  for (let times = 0; times < 2; times++) expect(await statuses(plain)).toEqual([200, 200])
  for (const typ of ['JWT', 'JOSE', undefined]) expect([typ, await statuses(svid({}, { typ }))]).toEqual([typ, [200, 200]])
})

test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
  ['no exp', { exp: undefined }, {}],
  ['no aud', { aud: undefined }, {}],
  ['an aud that is not ours', { aud: ['https://elsewhere.example'] }, {}],
  ['no sub', { sub: undefined }, {}],
  ['a sub that is no SPIFFE ID', { sub: 'agent' }, {}],
  ['a sub of another trust domain', { sub: 'spiffe://other.example/ns/prod/agent' }, {}],
  ['the trust domain itself as its sub', { sub: 'spiffe://acme.example' }, {}],
  ['another typ', {}, { typ: 'at+jwt' }],
  ['a typ in small letters', {}, { typ: 'jose' }],
  ['a header beside alg, kid and typ', {}, { cty: 'JWT' }],
])('SPIFFE JWT-SVID 2 and 3: one with %s is refused by both ways in', async (_what, claims, header) => {
  expect(await statuses(svid(claims, header))).toEqual([400, 401])
})

test('SPIFFE JWT-SVID 2.1: RS, ES and PS with 256, 384 and 512 count, EdDSA does not', async () => {
  for (const alg of signingAlgs) {
    spire.rotate({ alg })
    estate.changed()
    expect([alg, await statuses(svid())]).toEqual([alg, alg === 'EdDSA' ? [400, 401] : [200, 200]])
  }
  spire.rotate({ alg: 'ES256' })
  estate.changed()
})

test('SPIFFE bundle 4: a key of the trust domain that is not for JWT-SVIDs, and one that is in no bundle, vouch for nobody', async () => {
  expect(
    await statuses(
      new SigningKey({ alg: 'ES256' }).sign({
        sub: 'spiffe://acme.example/ns/prod/agent',
        aud: service.issuer,
        exp: Math.floor(Date.now() / 1000) + 300,
      }),
    ),
  ).toEqual([400, 401])
  for (const use of ['x509-svid', 'sig']) {
    spire.rotate({ alg: 'ES256', use }, { keepOld: false })
    estate.changed()
    const [grant, client] = await statuses(svid())
    expect([use, Number(grant) >= 400, Number(client) >= 400]).toEqual([use, true, true])
  }
})
