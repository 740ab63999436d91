import { type FakeIssuer, startFakeIssuer } from '@keyward/testkit/issuers/issuer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { federationEstate } from './federation-estate.ts'
import {
  assertionType,
  b64,
  bearerGrant,
  type Change,
  exchangeGrant,
  expectError,
  jwtType,
  newKey,
  nowSeconds,
  type Standards,
  startStandards,
} from './standards-service.ts'

/* RFC 7523 (7521, rfc7523bis): a signed assertion as a client's proof, and a token of an issuer as a grant. */

let at: Standards
let issuer: FakeIssuer
let federated: string
let elsewhere: string
beforeAll(async () => {
  at = await startStandards()
  issuer = await startFakeIssuer()
  const estate = federationEstate(at.service)
  const id = await estate.issuer({ issuer: issuer.issuer })
  await at.service.addGrant(at.workload, { resource: 'other' })
  federated = at.workload
  await estate.rule(federated, id, { claims: { sub: 'agent' } })
  elsewhere = await at.other('somebody else')
})
afterAll(async () => {
  await at?.stop()
  await issuer?.stop()
})

const scope = () => ({ scope: `grant:${at.grant}` })
const ask = (change: Change = {}, more: Record<string, string> = {}) =>
  at.token(at.withAssertion(at.assertion(change), { ...scope(), ...more }))
const bearer = (more: Record<string, string> = {}, headers: Record<string, string> = {}) =>
  at.token({ grant_type: bearerGrant, assertion: issuer.token({ sub: 'agent', aud: at.service.issuer }), ...scope(), ...more }, headers)

test('RFC 7523 2.2: an assertion authenticates its client, with its client_id or without, by each typ that it may have', async () => {
  for (const header of [
    {},
    { typ: 'JWT' },
    { typ: 'jwt' },
    { typ: 'client-authentication+jwt' },
    { typ: 'application/client-authentication+jwt' },
  ])
    expect((await ask({ header })).status).toBe(200)
  expect((await ask({}, { client_id: at.workload })).status).toBe(200)
  expectError(await ask({}, { client_id: elsewhere }), 401, 'invalid_client')
  expect((await ask({ claims: { aud: [at.service.issuer] } })).status).toBe(200)
})

test.each<[string, (issuer: string) => Change]>([
  ['no iss', () => ({ claims: { iss: undefined } })],
  ['no sub', () => ({ claims: { sub: undefined } })],
  ['an iss that is not its sub', (issuer) => ({ claims: { iss: issuer } })],
  ['a sub that nobody has', () => ({ claims: { iss: 'wl_00000000000000000000000000', sub: 'wl_00000000000000000000000000' } })],
  ['no aud', () => ({ claims: { aud: undefined } })],
  ['the token endpoint as its aud (rfc7523bis)', (issuer) => ({ claims: { aud: `${issuer}/oauth2/token` } })],
  ['a slash behind the issuer', (issuer) => ({ claims: { aud: `${issuer}/` } })],
  ['a second audience', (issuer) => ({ claims: { aud: [issuer, 'https://elsewhere.example'] } })],
  ['the issuer twice', (issuer) => ({ claims: { aud: [issuer, issuer] } })],
  ['a list in a list', (issuer) => ({ claims: { aud: [[issuer]] } })],
  ['no exp', () => ({ claims: { exp: undefined } })],
  ['an exp that is text', () => ({ claims: { exp: String(nowSeconds() + 60) } })],
  ['an exp that has passed', () => ({ claims: { exp: nowSeconds() - 61 } })],
  ['an exp in an hour', () => ({ claims: { exp: nowSeconds() + 3_600 } })],
  ['an nbf to come', () => ({ claims: { nbf: nowSeconds() + 120 } })],
  ['an nbf that is text', () => ({ claims: { nbf: '0' } })],
  ['an iat to come', () => ({ claims: { iat: nowSeconds() + 120 } })],
  ['no jti', () => ({ claims: { jti: undefined } })],
  ['an empty jti', () => ({ claims: { jti: '' } })],
  ['a jti that is a number', () => ({ claims: { jti: 7 } })],
  ['a foreign key', () => ({ key: newKey().privateKey })],
  ['the typ of an access token', () => ({ header: { typ: 'at+jwt' } })],
  ['the typ of an access token, spelt out', () => ({ header: { typ: 'application/at+jwt' } })],
  ['the typ of a proof', () => ({ header: { typ: 'dpop+jwt' } })],
  ['the typ of a security event', () => ({ header: { typ: 'secevent+jwt' } })],
  ['the typ of a token for another server', () => ({ header: { typ: 'oauth-id-jag+jwt' } })],
  ['a typ that is a number', () => ({ header: { typ: 7 } })],
  ['a typ that is null', () => ({ header: { typ: null } })],
])('RFC 7523 3: an assertion with %s is an invalid_client, at each endpoint', async (_what, change) => {
  const make = () => at.assertion(change(at.service.issuer))
  expectError(await at.token(at.withAssertion(make(), scope())), 401, 'invalid_client')
  const client = { client_assertion_type: assertionType, client_assertion: make() }
  expectError(await at.post('/oauth2/introspect', { token: 'x', ...client }), 401, 'invalid_client')
  expectError(await at.post('/oauth2/revoke', { token: 'x', ...client, client_assertion: make() }), 401, 'invalid_client')
})

test('RFC 7523 3: an assertion counts once, at whichever endpoint, also where its jti is another client’s too', async () => {
  const client_assertion = at.assertion({ claims: { jti: 'only-once' } })
  const client = { client_assertion_type: assertionType, client_assertion }
  expect((await at.token(at.withAssertion(client_assertion, scope()))).status).toBe(200)
  expectError(await at.token(at.withAssertion(client_assertion, scope())), 401, 'invalid_client')
  expectError(await at.post('/oauth2/introspect', { token: 'x', ...client }), 401, 'invalid_client')
  const again = at.assertion({ claims: { jti: 'only-once', iat: nowSeconds() - 1 } })
  expectError(await at.token(at.withAssertion(again, scope())), 401, 'invalid_client')
})

test('RFC 7523 2.1: a token of an issuer is a grant, with a scope or a resource, and no client_id is needed', async () => {
  expect(await bearer()).toMatchObject({ status: 200, body: { token_type: 'Bearer', scope: `grant:${at.grant}` } })
  const assertion = issuer.token({ sub: 'agent', aud: at.service.issuer })
  const byResource = await at.token({ grant_type: bearerGrant, assertion, resource: `${at.service.issuer}/g/openai` })
  expect(byResource.body.scope).toBe(`grant:${at.grant}`)
  expect(byResource.body).not.toHaveProperty('refresh_token')
  expectError(await at.token({ grant_type: bearerGrant }), 400, 'invalid_request')
  expectError(await bearer({ scope: 'grant:grt_00000000000000000000000000' }), 400, 'invalid_scope')
})

test('RFC 7523 3.1: a token that does not count is an invalid_grant, and never an invalid_client', async () => {
  const now = nowSeconds()
  const claims: Record<string, unknown>[] = [
    { sub: 'nobody' },
    { aud: 'x' },
    { exp: now - 120 },
    { exp: undefined },
    { iss: 'https://x.example' },
  ]
  for (const change of claims) {
    const assertion = issuer.token({ sub: 'agent', aud: at.service.issuer, ...change })
    expectError(await at.token({ grant_type: bearerGrant, assertion, ...scope() }), 400, 'invalid_grant')
  }
  for (const assertion of ['x', `${b64({ alg: 'none' })}.${b64({ sub: 'agent' })}.`, at.assertion()])
    expectError(await at.token({ grant_type: bearerGrant, assertion, ...scope() }), 400, 'invalid_grant')
})

test('RFC 7523 3.1: where client credentials come along they are validated, and have to be those of the token’s workload', async () => {
  const assertion = (change: Change = {}) => ({ client_assertion_type: assertionType, client_assertion: at.assertion(change) })
  expect((await bearer({}, at.basic())).status).toBe(200)
  expect((await bearer(assertion())).status).toBe(200)
  expectError(await bearer({}, at.basic(at.workload, 'wrong')), 401, 'invalid_client')
  expectError(await bearer({}, at.basic(elsewhere)), 400, 'invalid_grant')
  expectError(await bearer(assertion({ key: newKey().privateKey })), 401, 'invalid_client')
  expectError(await bearer({ client_id: at.workload, client_secret: at.secret }), 401, 'invalid_client')
  const exchange = {
    grant_type: exchangeGrant,
    subject_token: issuer.token({ sub: 'agent', aud: at.service.issuer }),
    subject_token_type: jwtType,
    ...scope(),
  }
  expect((await at.token(exchange, at.basic())).status).toBe(200)
  expectError(await at.token(exchange, at.basic(at.workload, 'wrong')), 401, 'invalid_client')
  expectError(await at.token(exchange, at.basic(elsewhere)), 400, 'invalid_request')
})

test('RFC 7523 3: a token’s aud may be the issuer, with a slash, or the token endpoint (MCP), and nothing that only looks so', async () => {
  const asking = (aud: unknown) =>
    at.token({ grant_type: bearerGrant, assertion: issuer.token({ sub: 'agent', aud }), ...scope() }).then(({ status }) => status)
  const ours = at.service.issuer
  for (const aud of [ours, `${ours}/`, `${ours}/oauth2/token`, [ours], ['x', ours]]) expect([aud, await asking(aud)]).toEqual([aud, 200])
  for (const aud of [`${ours}/oauth2`, `${ours}/oauth2/token/`, `${ours}/g/openai`, ours.replace('http:', 'https:'), [], { 0: ours }])
    expect([aud, await asking(aud)]).toEqual([aud, 400])
})
