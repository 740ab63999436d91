import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connecting, startConnecting } from '../../../../tests/support/connecting.ts'

/* Refresh tokens: each works once, replay ends the family, and everything that a token hangs on ends it at once. */

let at: Connecting
let client: string
beforeAll(async () => {
  at = await startConnecting()
  client = at.publish('editor')
}, 60_000)
afterAll(async () => {
  await at?.stop()
})

const refresh = (token: string, more: Record<string, string> = {}) =>
  at.token({ grant_type: 'refresh_token', client_id: client, refresh_token: token, ...more })

test('OAuth 2.1 4.3.1: a refresh token works once and is followed by another', async () => {
  const first = await at.connect(at.admin, client)
  const second = await refresh(first.refresh)
  expect(second.status).toBe(200)
  expect(second.body.refresh_token).not.toBe(first.refresh)
  expect(await at.call(second.body.access_token)).toBe(200)
  const third = await refresh(second.body.refresh_token)
  expect(third.status).toBe(200)
})

test('RFC 9700 4.14.2: a refresh token that comes again ends its whole family, at once', async () => {
  const first = await at.connect(at.admin, client)
  const second = await refresh(first.refresh)
  expect(await at.call(first.access)).toBe(200)
  const again = await refresh(first.refresh)
  expect([again.status, again.body.error]).toEqual([400, 'invalid_grant'])
  expect(await at.call(first.access)).toBe(401)
  expect(await at.call(second.body.access_token)).toBe(401)
  expect((await refresh(second.body.refresh_token)).body.error).toBe('invalid_grant')
  const entries = await at.keyward.api<{ items: { code: string | null }[] }>('GET', '/api/v1/audit?action=token.mint&decision=refused')
  expect(entries.items.map((entry) => entry.code)).toContain('refresh_replayed')
})

test('RFC 9700 4.14.2: of ten at once with one refresh token, none goes on with a token', async () => {
  const { refresh: token } = await at.connect(at.admin, client)
  const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(token)))
  const won = answers.filter((answer) => answer.status === 200)
  expect(won.length).toBeLessThanOrEqual(1)
  for (const { body } of won) {
    expect(await at.call(body.access_token)).toBe(401)
    expect((await refresh(body.refresh_token)).body.error).toBe('invalid_grant')
  }
})

test('the family of another connection goes on', async () => {
  const [one, other] = [await at.connect(at.admin, client), await at.connect(at.admin, client)]
  await refresh(one.refresh)
  await refresh(one.refresh)
  expect(await at.call(one.access)).toBe(401)
  expect(await at.call(other.access)).toBe(200)
})

test('OAuth 2.1 4.3: a refresh token is for its client, its resource and its grant', async () => {
  const { refresh: token } = await at.connect(at.admin, client)
  const other = at.publish('other')
  expect((await refresh(token, { client_id: other })).body.error).toBe('invalid_grant')
  expect((await refresh(token, { resource: `${at.keyward.issuer}/g/elsewhere` })).body.error).toBe('invalid_target')
  expect((await refresh(token, { scope: 'grant:grt_00000000000000000000000000' })).body.error).toBe('invalid_scope')
  expect((await refresh(`${token.slice(0, -1)}x`)).body.error).toBe('invalid_grant')
  expect((await refresh(token, { resource: `${at.keyward.issuer}/g/crm` })).status).toBe(200)
})

test('a refresh token ends with the consent at the latest, and is stored as a hash alone', async () => {
  const { query, verifier } = at.request(client)
  const code = (await at.consent(at.admin, query, { days: 1 })).get('code') ?? ''
  const { body } = await at.token({
    grant_type: 'authorization_code',
    client_id: client,
    code,
    redirect_uri: query.get('redirect_uri') ?? '',
    code_verifier: verifier,
  })
  const rows = await at.sql(
    "select expires_at <= now() + interval '1 day' as within, token_hash from refresh_tokens order by issued_at desc limit 1",
  )
  expect(rows[0]?.within).toBe(true)
  const { rows: count } = {
    rows: await at.sql("select count(*)::int as count from refresh_tokens where encode(token_hash, 'escape') like $1", [
      `%${body.refresh_token}%`,
    ]),
  }
  expect(count[0]?.count).toBe(0)
  await at.sql("update refresh_tokens set expires_at = now() - interval '1 second' where token_hash = $1", [rows[0]?.token_hash])
  expect((await refresh(body.refresh_token)).body.error).toBe('invalid_grant')
})

test('an access token ends with the consent at the latest', async () => {
  const grant = await at.estate.grant('crm', { scope: { methods: ['GET'], paths: ['/**'] } })
  const { query, verifier } = at.request(client)
  const code = (await at.consent(at.admin, query, { grant })).get('code') ?? ''
  await at.sql("update consents set expires_at = now() + interval '100 seconds' where grant_id = $1", [grant])
  const { body } = await at.token({
    grant_type: 'authorization_code',
    client_id: client,
    code,
    redirect_uri: query.get('redirect_uri') ?? '',
    code_verifier: verifier,
  })
  expect(body.expires_in).toBeGreaterThan(0)
  expect(body.expires_in).toBeLessThanOrEqual(100)
  await at.sql("update consents set expires_at = now() - interval '1 second' where grant_id = $1", [grant])
  expect((await refresh(body.refresh_token)).body.error).toBe('invalid_grant')
})

test('RFC 7009 2.1: a client that gives its refresh token back ends all that came of the code; another client ends nothing', async () => {
  const tokens = await at.connect(at.admin, client)
  const revoke = (form: Record<string, string>) =>
    fetch(`${at.keyward.origin}/oauth2/revoke`, { method: 'POST', body: new URLSearchParams({ token: tokens.refresh, ...form }) })
  expect((await revoke({ client_id: at.publish('other') })).status).toBe(200)
  expect(await at.call(tokens.access)).toBe(200)
  expect((await revoke({ client_id: client, token_type_hint: 'access_token' })).status).toBe(200)
  expect(await at.call(tokens.access)).toBe(401)
  expect((await refresh(tokens.refresh)).body.error).toBe('invalid_grant')
  expect((await revoke({ client_id: client })).status).toBe(200)
  expect(
    (await fetch(`${at.keyward.origin}/oauth2/revoke`, { method: 'POST', body: new URLSearchParams({ token: tokens.refresh }) })).status,
  ).toBe(401)
})

test('RFC 7009 2.1: a public client ends its own access token, and no other', async () => {
  const [mine, other] = [await at.connect(at.admin, client), await at.connect(at.admin, at.publish('other'))]
  const revoke = (token: string) =>
    fetch(`${at.keyward.origin}/oauth2/revoke`, { method: 'POST', body: new URLSearchParams({ token, client_id: client }) })
  await revoke(mine.access)
  await revoke(other.access)
  expect([await at.call(mine.access), await at.call(other.access)]).toEqual([401, 200])
})

test.each<[string, (tokens: { consent: string; person: string; grant: string }) => Promise<unknown>]>([
  [
    'the consent is revoked by an administrator',
    ({ consent }) => at.keyward.api('POST', `/api/v1/consents/${consent}/revoke`, { reason: 'a test' }),
  ],
  ['the grant is revoked', ({ grant }) => at.keyward.api('POST', `/api/v1/grants/${grant}/revoke`, { reason: 'a test' })],
  ['the person is disabled', ({ person }) => at.keyward.api('PATCH', `/api/v1/users/${person}`, { state: 'disabled' })],
  ['the person is erased', ({ person }) => at.keyward.api('POST', `/api/v1/users/${person}/erase`)],
])('everything that a client holds ends at once when %s', async (_name, end) => {
  const grant = await at.estate.grant('crm', { scope: { methods: ['GET'], paths: ['/**'] } })
  const person = await at.addPerson(`person-${Math.random().toString(36).slice(2)}`, [{ role: 'operator' }])
  const { query, verifier } = at.request(client)
  const code = (await at.consent(person, query, { grant })).get('code') ?? ''
  const answered = await at.token({
    grant_type: 'authorization_code',
    client_id: client,
    code,
    redirect_uri: query.get('redirect_uri') ?? '',
    code_verifier: verifier,
  })
  const [row] = await at.sql('select id from consents where grant_id = $1', [grant])
  expect(await at.call(answered.body.access_token)).toBe(200)
  await end({ consent: String(row?.id), person: person.id, grant })
  expect(await at.call(answered.body.access_token)).toBe(401)
  expect((await refresh(answered.body.refresh_token)).body.error).toMatch(/^invalid_(grant|scope)$/)
})

test('a revoked grant can be deleted although people had said yes to it: what hung on it goes with it', async () => {
  const grant = await at.estate.grant('crm', { scope: { methods: ['GET'], paths: ['/**'] } })
  const { query } = at.request(client)
  await at.consent(at.admin, query, { grant })
  await at.keyward.api('POST', `/api/v1/grants/${grant}/revoke`, { reason: 'a test' })
  await at.keyward.api('DELETE', `/api/v1/grants/${grant}`, undefined, { 'if-match': '*' })
  expect(await at.sql('select 1 from consents where grant_id = $1', [grant])).toEqual([])
})

test('a person who was disabled and comes back finds nothing of theirs connected', async () => {
  const person = await at.addPerson('returning', [{ role: 'operator' }])
  const tokens = await at.connect(person, client)
  await at.keyward.api('PATCH', `/api/v1/users/${person.id}`, { state: 'disabled' })
  await at.keyward.api('PATCH', `/api/v1/users/${person.id}`, { state: 'active' })
  expect(await at.call(tokens.access)).toBe(401)
  expect((await refresh(tokens.refresh)).body.error).toBe('invalid_grant')
})

test('a role that was taken away counts at the next refresh', async () => {
  const person = await at.addPerson('demoted', [{ role: 'operator' }])
  const tokens = await at.connect(person, client)
  await at.keyward.api('PATCH', `/api/v1/users/${person.id}`, { roles: [{ role: 'viewer' }] })
  expect((await refresh(tokens.refresh)).body.error).toBe('invalid_grant')
})

test("a person sees and disconnects their own clients, and nobody else's", async () => {
  const [one, other] = [await at.addPerson('one', [{ role: 'operator' }]), await at.addPerson('other', [{ role: 'operator' }])]
  const tokens = await at.connect(one, client)
  const mine = await one.ask('GET', '/api/v1/me/consents')
  expect(mine.body.items).toMatchObject([{ client, client_name: 'Editor editor', workload_name: 'test agent', state: 'active' }])
  const { id } = mine.body.items[0]
  expect((await other.ask('GET', '/api/v1/me/consents')).body.items).toEqual([])
  expect((await other.ask('POST', `/api/v1/me/consents/${id}/revoke`, {})).status).toBe(404)
  expect(await at.call(tokens.access)).toBe(200)
  expect((await one.ask('POST', `/api/v1/me/consents/${id}/revoke`, {})).body.state).toBe('revoked')
  expect(await at.call(tokens.access)).toBe(401)
})
