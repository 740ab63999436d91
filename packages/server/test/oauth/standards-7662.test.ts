import { randomBytes } from 'node:crypto'
import { formatSecret } from '@keyward/contract/secret-format'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  accessTokenType,
  assertionType,
  exchangeGrant,
  expectError,
  nowSeconds,
  type Standards,
  startStandards,
} from './standards-service.ts'

/* RFC 7662: what a token is worth, told to those who may know. The signed answer (RFC 9701) is in binding.test.ts and introspection-jwt.test.ts. */

let at: Standards
let stranger: string
const idOf = (token: string) => String(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti)
beforeAll(async () => {
  at = await startStandards()
  stranger = await at.other('introspecting stranger')
})
afterAll(() => at?.stop())

test('RFC 7662 2.1: whoever asks has to authenticate; a public client’s name is not enough, and the token is needed', async () => {
  const token = await at.mint()
  expectError(await at.post('/oauth2/introspect', { token }), 401, 'invalid_client')
  expectError(await at.post('/oauth2/introspect', { token, client_id: 'keyward-cli' }), 401, 'invalid_client')
  expectError(await at.post('/oauth2/introspect', { token, client_id: at.workload }), 401, 'invalid_client')
  expectError(await at.post('/oauth2/introspect', {}, at.basic()), 400, 'invalid_request')
  // A token does not authenticate who asks about it.
  expectError(await at.post('/oauth2/introspect', { token }, { authorization: `Bearer ${token}` }), 401, 'invalid_client')
})

test('RFC 7662 2.3: a person’s API token that may not read tokens is told so as RFC 6750 has it', async () => {
  const answer = await at.post('/oauth2/introspect', { token: 'x' }, { authorization: 'Bearer kwu_FAKE' })
  expectError(answer, 401, 'invalid_client')
  expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="keyward", error="invalid_token"')
})

test('RFC 7662 2.2: a live token is described by the claims that it has; times are numbers of seconds', async () => {
  for (const token_type_hint of ['access_token', 'refresh_token', 'unheard_of']) {
    const answer = await at.post('/oauth2/introspect', { token: await at.mint(), token_type_hint }, at.basic())
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.body).toMatchObject({
      active: true,
      scope: `grant:${at.grant}`,
      client_id: at.workload,
      sub: at.workload,
      token_type: 'Bearer',
      aud: `${at.service.issuer}/g/openai`,
      iss: at.service.issuer,
      jti: expect.stringMatching(/^tok_/),
    })
    expect(Number(answer.body.exp) - Number(answer.body.iat)).toBe(600)
    expect(Math.abs(Number(answer.body.iat) - nowSeconds())).toBeLessThan(30)
  }
})

test('RFC 7662 2.2: what is not a live token of the asker’s is {"active":false} and not a byte more, for each reason', async () => {
  const [revoked, alive] = [await at.mint(), await at.mint()]
  await at.post('/oauth2/revoke', { token: revoked }, at.basic())
  const same: [string, string, Record<string, string>][] = [
    ['revoked', revoked, at.basic()],
    ['another’s', alive, at.basic(stranger)],
    ['none', 'x', at.basic()],
    ['changed', `${alive.slice(0, -2)}AA`, at.basic()],
    ['a refresh token, which no resource takes', formatSecret('refreshToken', randomBytes(32)), at.basic()],
    ['a client assertion', at.assertion(), at.basic()],
  ]
  for (const [why, token, headers] of same) {
    const answer = await at.introspect(token, headers)
    expect([why, answer.status, answer.text]).toEqual([why, 200, '{"active":false}'])
  }
  at.service.skew(601_000)
  try {
    expect((await at.introspect(alive)).text).toBe('{"active":false}')
  } finally {
    at.service.skew(0)
  }
})

test('RFC 7662 2.2: a token is worth nothing at once when what it hangs on ends in the database, before this node hears of it', async () => {
  const { db } = at.service
  const token = await at.mint()
  const { identity_id: identity } = await db
    .selectFrom('tokens')
    .select('identity_id')
    .where('id', '=', idOf(token))
    .executeTakeFirstOrThrow()
  // Who asks authenticates by another way than the one that ends.
  const assertion = () => ({ client_assertion_type: assertionType, client_assertion: at.assertion() })
  const told = async () => (await at.post('/oauth2/introspect', { token, ...assertion() })).text
  const grant = (state: 'active' | 'revoked') => db.updateTable('grants').set({ state }).where('id', '=', at.grant).execute()
  const proof = (revoked_at: Date | null) => db.updateTable('workload_identities').set({ revoked_at }).where('id', '=', identity).execute()
  await grant('revoked')
  expect(await told()).toBe('{"active":false}')
  await grant('active')
  await proof(new Date())
  expect(await told()).toBe('{"active":false}')
  await proof(null)
  expect(await told()).toContain('"active":true')
})

test('RFC 7662 4: the answer is for the one who asks: the holder and the owner of the authority see it, with who acts; others see nothing', async () => {
  const helper = await at.other('introspecting helper')
  await at.service.db
    .updateTable('grants')
    .set({ delegates: [helper] })
    .where('id', '=', at.grant)
    .execute()
  const form = { grant_type: exchangeGrant, subject_token: await at.mint(), subject_token_type: accessTokenType }
  const token = String((await at.token(form, at.basic(helper))).body.access_token)
  for (const id of [helper, at.workload])
    expect((await at.introspect(token, at.basic(id))).body).toMatchObject({ active: true, sub: at.workload, act: { sub: helper } })
  expect((await at.introspect(token, at.basic(stranger))).text).toBe('{"active":false}')
  // The one that it came from is not the helper's to ask about, though it held it in its hands.
  expect((await at.introspect(form.subject_token, at.basic(helper))).text).toBe('{"active":false}')
})
