import { type FakeIssuer, startFakeIssuer } from '@keyward/testkit/issuers/issuer'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { federationEstate } from './federation-estate.ts'
import { accessTokenType, exchangeGrant, expectError, jwtType, type Standards, startStandards } from './standards-service.ts'

/* RFC 8693: what is asked, answered and refused. What a chain may and may not become is in token-exchange.test.ts. */

let at: Standards
let helper: string
let issuer: FakeIssuer
beforeAll(async () => {
  at = await startStandards()
  helper = await at.other('exchanging helper')
  await at.service.db
    .updateTable('grants')
    .set({ delegates: [helper] })
    .where('id', '=', at.grant)
    .execute()
  issuer = await startFakeIssuer()
  const estate = federationEstate(at.service)
  await estate.rule(at.workload, await estate.issuer({ issuer: issuer.issuer }), { claims: { sub: 'agent' } })
})
afterAll(async () => {
  await at?.stop()
  await issuer?.stop()
})

const exchange = async (more: Record<string, string | undefined> = {}, headers = at.basic(helper)) => {
  const form = { grant_type: exchangeGrant, subject_token: await at.mint(), subject_token_type: accessTokenType, ...more }
  return await at.token(JSON.parse(JSON.stringify(form)) as Record<string, string>, headers)
}
const foreign = () => issuer.token({ sub: 'agent', aud: at.service.issuer })

test('RFC 8693 2.2.1: the answer says what was issued, of which type, for how long and with which scope; nothing keeps it; no refresh token', async () => {
  const answers = [
    await exchange(),
    await exchange({ requested_token_type: accessTokenType }),
    await exchange({ requested_token_type: jwtType }),
    await exchange({ subject_token: foreign(), subject_token_type: jwtType }, at.basic()),
    await exchange({ subject_token: foreign(), subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' }, at.basic()),
  ]
  for (const answer of answers) {
    expect(answer.body).toMatchObject({
      access_token: expect.any(String),
      issued_token_type: accessTokenType,
      token_type: 'Bearer',
      expires_in: expect.any(Number),
      scope: `grant:${at.grant}`,
    })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.body).not.toHaveProperty('refresh_token')
  }
})

test('RFC 8693 2.1: resource and audience may come several times, as long as they mean the one resource of the token', async () => {
  const resource = `${at.service.issuer}/g/openai`
  const form = new URLSearchParams({ grant_type: exchangeGrant, subject_token: await at.mint(), subject_token_type: accessTokenType })
  for (const [name, value] of [
    ['resource', resource],
    ['resource', `${resource}/v1`],
    ['audience', resource],
    ['audience', at.service.issuer],
  ] as const)
    form.append(name, value)
  expect((await at.token(form.toString(), at.basic(helper))).status).toBe(200)
  form.append('resource', `${at.service.issuer}/g/anthropic`)
  expectError(await at.token(form.toString(), at.basic(helper)), 400, 'invalid_target')
})

test.each<[string, Record<string, string | undefined>, string]>([
  ['no subject_token', { subject_token: undefined }, 'invalid_request'],
  ['no subject_token_type', { subject_token_type: undefined }, 'invalid_request'],
  ['a subject_token that is none', { subject_token: 'x' }, 'invalid_request'],
  ['a type that nobody knows', { subject_token_type: 'urn:example:x' }, 'invalid_request'],
  ['a refresh token as its subject', { subject_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, 'invalid_request'],
  ['a SAML assertion as its subject', { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, 'invalid_request'],
  ['our own token said to be another’s', { subject_token_type: jwtType }, 'invalid_request'],
  ['an actor_token without its type', { actor_token: 'x' }, 'invalid_request'],
  ['an actor_token_type without a token', { actor_token_type: accessTokenType }, 'invalid_request'],
  ['an actor_token that is none', { actor_token: 'x', actor_token_type: accessTokenType }, 'invalid_request'],
  ['an actor_token of an unknown type', { actor_token: 'x', actor_token_type: jwtType }, 'invalid_request'],
  ['a refresh token wanted', { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, 'invalid_request'],
  ['an ID-JAG wanted', { requested_token_type: 'urn:ietf:params:oauth:token-type:id-jag' }, 'invalid_request'],
  ['an audience that is nobody here', { audience: 'https://elsewhere.example' }, 'invalid_target'],
  ['a resource of another server', { resource: 'https://elsewhere.example/g/openai' }, 'invalid_target'],
  ['a resource beside that of the token', { resource: 'ISSUER/g/anthropic' }, 'invalid_target'],
  ['a scope that is none', { scope: 'read' }, 'invalid_scope'],
  ['another grant', { scope: 'grant:grt_00000000000000000000000000' }, 'invalid_scope'],
])('RFC 8693 2.2.2: %s', async (_what, change, error) => {
  const resource = change.resource?.replace('ISSUER', at.service.issuer)
  expectError(await exchange({ ...change, ...(resource === undefined ? {} : { resource }) }), 400, error)
})

test('RFC 8693 2.2.2: a subject token that has ended, was revoked or changed is an invalid_request, never an invalid_grant', async () => {
  const [ended, revoked] = [await at.mint(), await at.mint()]
  await at.post('/oauth2/revoke', { token: revoked }, at.basic())
  expectError(await exchange({ subject_token: revoked }), 400, 'invalid_request')
  expectError(await exchange({ subject_token: `${ended.slice(0, -2)}AA` }), 400, 'invalid_request')
  const expired = issuer.token({ sub: 'agent', aud: at.service.issuer }, { exp: Math.floor(Date.now() / 1000) - 120 })
  expectError(await exchange({ subject_token: expired, subject_token_type: jwtType }, at.basic()), 400, 'invalid_request')
  at.service.skew(601_000)
  try {
    expectError(await exchange({ subject_token: ended }), 400, 'invalid_request')
  } finally {
    at.service.skew(0)
  }
})

test('RFC 8693 2.1: who acts is who authenticates: nobody hands on a token of ours without that, nor in another’s name', async () => {
  expectError(await exchange({}, {} as ReturnType<typeof at.basic>), 401, 'invalid_client')
  const stranger = await at.other('exchanging stranger')
  expectError(await exchange({}, at.basic(stranger)), 400, 'unauthorized_client')
  const helpers = String((await exchange()).body.access_token)
  expectError(await exchange({ actor_token: helpers, actor_token_type: accessTokenType }, at.basic(stranger)), 400, 'invalid_request')
  expect((await exchange({ actor_token: helpers, actor_token_type: accessTokenType })).status).toBe(200)
})

test('RFC 8693 4.1, 4.2, 4.3: act is an object with sub, prior actors are nested, scope and client_id are those of the new token', async () => {
  const first = String((await exchange()).body.access_token)
  expect(decodeJwt(first)).toMatchObject({ sub: at.workload, act: { sub: helper }, client_id: helper, scope: `grant:${at.grant}` })
  const second = await exchange({ subject_token: first }, at.basic())
  const claims = decodeJwt(String(second.body.access_token))
  expect(claims).toMatchObject({ sub: at.workload, act: { sub: at.workload, act: { sub: helper } }, client_id: at.workload })
  // A prior actor is history: what was the helper's to ask about the first is not its to ask about the second.
  expect((await at.introspect(String(second.body.access_token), at.basic(helper))).body).toEqual({ active: false })
})

test('RFC 8693 1: a token never lives longer than the one that it comes from', async () => {
  const parent = await at.mint()
  at.service.skew(120_000)
  try {
    const { body } = await exchange({ subject_token: parent })
    const [from, to] = [Number(decodeJwt(parent).exp), Number(decodeJwt(String(body.access_token)).exp)]
    expect(to).toBeLessThanOrEqual(from)
    expect(to).toBeGreaterThan(from - 30)
    expect(Number(body.expires_in)).toBeLessThanOrEqual(480)
  } finally {
    at.service.skew(0)
  }
})
