import { type PeopleProvider, startPeopleProvider } from '@keyward/testkit/people-provider/server'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../../src/observe/ids.ts'
import { type TestConsole, testConsole } from './console.ts'
import { addProvider, comeBack, leave, signInBy } from './provider-sign-in.ts'

let console: TestConsole
let provider: PeopleProvider
beforeAll(async () => {
  console = await testConsole()
})
afterAll(() => console.end())
beforeEach(async () => {
  provider = await startPeopleProvider()
  provider.persons.set('ada', {
    sub: 'ada',
    name: 'Ada Example',
    email: `ada@${new URL(provider.issuer).port}.example`,
    email_verified: true,
    groups: ['platform'],
  })
  await console.db.deleteFrom('attempt_counters').execute()
  return () => provider.stop()
})

const rolesOf = async (id: string) =>
  (await console.db.selectFrom('role_bindings').select(['role', 'source']).where('user_id', '=', id).orderBy('role').execute()).map(
    ({ role, source }) => `${role}${source === null ? '' : ' by group'}`,
  )
const isLive = async (browser: { get(path: string): Promise<{ status: number }> }) => (await browser.get('/api/v1/me')).status === 200

describe('an identity provider', () => {
  test('is read when it is added: an address with no provider behind it is refused in words', async () => {
    const admin = await console.signedInAsAdmin()
    const refused = await admin.post('/api/v1/identity-providers', {
      name: 'Nobody',
      issuer: 'http://127.0.0.1:9',
      client_id: 'x',
      allow_private: true,
    })
    expect([refused.status, refused.body.errors[0].field]).toEqual([400, '/issuer'])
    expect(refused.body.errors[0].message).toContain('cannot be reached')
  })

  test('at a private address, or without TLS, is refused unless an admin allows that', async () => {
    const admin = await console.signedInAsAdmin()
    const body = { name: 'Private', issuer: provider.issuer, client_id: 'x' }
    const plain = await admin.post('/api/v1/identity-providers', body)
    expect([plain.status, plain.body.errors[0].field]).toEqual([400, '/issuer'])
    const tls = await admin.post('/api/v1/identity-providers', { ...body, issuer: provider.issuer.replace('http:', 'https:') })
    expect(tls.body.errors[0].message).toContain('private or loopback')
    expect(provider.requests).toEqual([])
  })

  test('never says its client secret again, and stores it sealed', async () => {
    const { id, admin } = await addProvider(console, provider)
    const shown = await admin.get(`/api/v1/identity-providers/${id}`)
    expect(shown.body).toMatchObject({ has_client_secret: true, redirect_uri: `${console.origin}/sign-in/callback/${id}` })
    const listed = await admin.get('/api/v1/identity-providers')
    const { rows } = await sql`select row_to_json(p)::text as text from identity_providers p where id = ${id}`.execute(console.db)
    const audit = await sql`select row_to_json(a)::text as text from audit_entries a`.execute(console.db)
    for (const text of [shown.text, listed.text, JSON.stringify(rows), JSON.stringify(audit.rows)])
      expect(text).not.toContain(provider.clientSecret)
  })

  test('is shown to anybody by its name alone, and not once it is disabled', async () => {
    const { id, admin } = await addProvider(console, provider, { name: 'Shown to all' })
    const anybody = await console.browser().get('/api/v1/sign-in/providers')
    expect(anybody.body.items).toContainEqual({ id, name: 'Shown to all' })
    await admin.patch(`/api/v1/identity-providers/${id}`, { state: 'disabled' }, { 'if-match': '*' })
    const after = await console.browser().get('/api/v1/sign-in/providers')
    expect(after.text).not.toContain(id)
  })

  test('that is a public client works by PKCE alone', async () => {
    const open = await startPeopleProvider({ clientSecret: undefined })
    open.persons.set('eve', { sub: 'eve', name: 'Eve Example', groups: ['platform'] })
    const { id } = await addProvider(console, open)
    expect((await signInBy(console, open, id, 'eve')).status).toBe(200)
    await open.stop()
  })

  test('keeps working after its client secret was wrapped under a new key-encryption key', async () => {
    const { id } = await addProvider(console, provider)
    const uri = `file:${console.folder}/next.key`
    const vault = console.people.vault as unknown as { rotateKeyEncryptionKey(uri: string): AsyncGenerator<{ table: string }> }
    const tables: string[] = []
    for await (const { table } of vault.rotateKeyEncryptionKey(uri)) tables.push(table)
    expect(tables).toContain('identity_providers')
    const { rows } = await sql<{ state: string }>`
      select k.state from identity_providers p join encryption_keys k on k.id = p.encryption_key where p.id = ${id}`.execute(console.db)
    expect(rows).toEqual([{ state: 'current' }])
    console.people.vault.forget(id)
    expect((await signInBy(console, provider, id, 'ada')).status).toBe(200)
  })
})

describe('signing in', () => {
  test('makes a user of whoever is in a mapped group, with the roles of their groups, and a session of the method oidc', async () => {
    const { id } = await addProvider(console, provider)
    const answered = await signInBy(console, provider, id, 'ada', { to: '/credentials?q=x' })
    expect([answered.status, answered.body.to, answered.body.linked]).toEqual([200, '/credentials?q=x', false])
    expect(answered.body.me).toMatchObject({
      user: { name: 'Ada Example', roles: [{ role: 'operator', source: id }] },
      session: { method: 'oidc', fresh: true },
      needs_sign_in_method: false,
    })
    expect(await isLive(answered.browser)).toBe(true)
    const again = await signInBy(console, provider, id, 'ada')
    expect(again.body.me.user.id).toBe(answered.body.me.user.id)
  })

  test('goes by code, PKCE with S256, state and nonce, to an address of this provider alone', async () => {
    const { id } = await addProvider(console, provider)
    const url = new URL(await leave(console.browser(), id))
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: `${console.origin}/sign-in/callback/${id}`,
      scope: 'openid email profile',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    })
    expect(url.href).not.toContain(provider.clientSecret)
  })

  test('finds groups in the userinfo where the id_token has none, and inside of other claims', async () => {
    const elsewhere = await startPeopleProvider({ groupsIn: 'userinfo' })
    elsewhere.persons.set('bo', { sub: 'bo', name: 'Bo', groups: ['platform'] })
    const { id } = await addProvider(console, elsewhere)
    expect((await signInBy(console, elsewhere, id, 'bo')).status).toBe(200)
    const other = await addProvider(console, provider, {
      groups_claim: 'realm_access.roles',
      mappings: [{ group: 'auditors', role: 'auditor' }],
    })
    provider.lies.claims = { realm_access: { roles: ['auditors'] } }
    const answered = await signInBy(console, provider, other.id, 'ada')
    expect(answered.body.me.user.roles).toEqual([{ role: 'auditor', source: other.id }])
    await elsewhere.stop()
  })

  test('gives roles over a team and an environment, and none where the team is gone', async () => {
    const team = newId('owner')
    await console.db.insertInto('owners').values({ id: team, kind: 'team', name: team, contact: '#x' }).execute()
    await sql`insert into environments (name) values ('staging') on conflict do nothing`.execute(console.db)
    const { id } = await addProvider(console, provider, {
      mappings: [
        { group: 'platform', role: 'viewer', team, environment: 'staging' },
        { group: 'platform', role: 'auditor' },
      ],
    })
    const answered = await signInBy(console, provider, id, 'ada')
    expect(answered.body.me.user.roles).toContainEqual({ role: 'viewer', team, environment: 'staging', source: id })
    await sql`delete from role_bindings where team = ${team}`.execute(console.db)
    await sql`delete from owners where id = ${team}`.execute(console.db)
    const later = await signInBy(console, provider, id, 'ada')
    expect(later.body.me.user.roles).toEqual([{ role: 'auditor', source: id }])
  })

  test('does not count as fresh where the provider does not say when it asked, or asked long ago', async () => {
    const { id } = await addProvider(console, provider)
    provider.lies.withoutClaims = ['auth_time']
    expect((await signInBy(console, provider, id, 'ada')).body.me.session.fresh).toBe(false)
    provider.lies.withoutClaims = []
    provider.lies.claims = { auth_time: Math.floor(Date.now() / 1_000) - 3_600 }
    expect((await signInBy(console, provider, id, 'ada')).body.me.session.fresh).toBe(false)
  })

  test('again asks the provider to ask, and refuses an answer that is old or does not say when', async () => {
    const { id } = await addProvider(console, provider)
    const url = new URL(await leave(console.browser(), id, { again: true }))
    expect([url.searchParams.get('prompt'), url.searchParams.get('max_age')]).toEqual(['login', '600'])
    expect((await signInBy(console, provider, id, 'ada', { again: true })).body.me.session.fresh).toBe(true)
    provider.lies.withoutClaims = ['auth_time']
    expect((await signInBy(console, provider, id, 'ada', { again: true })).status).toBe(401)
    provider.lies.withoutClaims = []
    provider.lies.claims = { auth_time: Math.floor(Date.now() / 1_000) - 3_600 }
    expect((await signInBy(console, provider, id, 'ada', { again: true })).status).toBe(401)
  })

  test('goes on after the provider changed its keys', async () => {
    const { id } = await addProvider(console, provider)
    expect((await signInBy(console, provider, id, 'ada')).status).toBe(200)
    provider.rotateKeys()
    expect((await signInBy(console, provider, id, 'ada')).status).toBe(200)
  })

  test('that was called off at the provider says so', async () => {
    const { id } = await addProvider(console, provider)
    const answered = await signInBy(console, provider, id, '')
    expect([answered.status, answered.body.code]).toEqual([401, 'provider-sign-in-failed'])
    expect(answered.body.detail).toContain('said no')
    expect(answered.body.correlation_id).toMatch(/^req_/)
  })

  test('of somebody whom nobody added is refused where the provider makes no users', async () => {
    const { id } = await addProvider(console, provider, { create_users: false })
    const answered = await signInBy(console, provider, id, 'ada')
    expect([answered.status, answered.body.code]).toEqual([401, 'provider-sign-in-failed'])
    expect(answered.body.detail).toContain('ask an administrator')
  })

  test('keeps group names and the provider’s own id of a person out of the audit log', async () => {
    const { id } = await addProvider(console, provider, { mappings: [{ group: 'works-council', role: 'viewer' }] })
    provider.persons.set('subject-of-zoe', { sub: 'subject-of-zoe', name: 'Zoe', groups: ['works-council', 'illness-support'] })
    const answered = await signInBy(console, provider, id, 'subject-of-zoe')
    const { rows } = await sql<{ text: string }>`select row_to_json(a)::text as text from audit_entries a`.execute(console.db)
    const made = rows.filter(({ text }) => text.includes('user.create') && text.includes(answered.body.me.user.id))
    expect(made).toHaveLength(1)
    expect(made[0]?.text).toContain('"role": "viewer"')
    const all = rows.map(({ text }) => text).join('\n')
    for (const word of ['works-council', 'illness-support', 'subject-of-zoe']) expect(all).not.toContain(word)
  })
})

describe('roles from groups', () => {
  test('follow the groups at each sign-in, leave what an admin gave, and end sessions made for old roles', async () => {
    const { id } = await addProvider(console, provider, {
      mappings: [
        { group: 'platform', role: 'operator' },
        { group: 'audit', role: 'auditor' },
      ],
    })
    const first = await signInBy(console, provider, id, 'ada')
    const user = first.body.me.user.id
    await console.db
      .insertInto('role_bindings')
      .values({ id: newId('roleBinding'), user_id: user, role: 'viewer' })
      .execute()
    provider.persons.set('ada', { sub: 'ada', name: 'Ada', groups: ['audit'] })
    const second = await signInBy(console, provider, id, 'ada')
    expect(second.status).toBe(200)
    expect(await rolesOf(user)).toEqual(['auditor by group', 'viewer'])
    expect(await isLive(first.browser)).toBe(false)
    expect(await isLive(second.browser)).toBe(true)
    const third = await signInBy(console, provider, id, 'ada')
    expect([await isLive(second.browser), await isLive(third.browser)]).toEqual([true, true])
  })

  test('are left alone where an admin changes the others', async () => {
    const { id, admin } = await addProvider(console, provider)
    const user = (await signInBy(console, provider, id, 'ada')).body.me.user.id
    expect((await admin.patch(`/api/v1/users/${user}`, { roles: [{ role: 'viewer' }] })).status).toBe(200)
    expect(await rolesOf(user)).toEqual(['operator by group', 'viewer'])
  })

  test('that all went refuse the sign-in in words, take the roles away, and end what was open', async () => {
    const { id } = await addProvider(console, provider)
    const first = await signInBy(console, provider, id, 'ada')
    provider.persons.set('ada', { sub: 'ada', name: 'Ada', groups: [] })
    const second = await signInBy(console, provider, id, 'ada')
    expect(second.status).toBe(401)
    expect(second.body.detail).toContain('None of your groups')
    expect(await rolesOf(first.body.me.user.id)).toEqual([])
    expect(await isLive(first.browser)).toBe(false)
  })

  test('that were left out because they are too many are said to be', async () => {
    const { id } = await addProvider(console, provider)
    provider.persons.set('many', { sub: 'many', name: 'Many' })
    provider.lies.claims = { _claim_names: { groups: 'src1' } }
    expect((await signInBy(console, provider, id, 'many')).body.detail).toContain('too many')
  })

  test('go with the mapping that gave them, and their sessions too', async () => {
    const { id, admin } = await addProvider(console, provider)
    const first = await signInBy(console, provider, id, 'ada')
    await admin.patch(`/api/v1/identity-providers/${id}`, { mappings: [{ group: 'platform', role: 'viewer' }] }, { 'if-match': '*' })
    expect(await rolesOf(first.body.me.user.id)).toEqual([])
    expect(await isLive(first.browser)).toBe(false)
    expect((await signInBy(console, provider, id, 'ada')).body.me.user.roles).toEqual([{ role: 'viewer', source: id }])
  })

  test('never leave an installation without an admin who can sign in', async () => {
    const { id } = await addProvider(console, provider, { mappings: [{ group: 'bosses', role: 'admin' }] })
    provider.persons.set('boss', { sub: 'boss', name: 'Boss', groups: ['bosses'] })
    const first = await signInBy(console, provider, id, 'boss')
    const user = first.body.me.user.id
    await console.db.insertInto('passwords').values({ user_id: user, hash: 'FAKE' }).execute()
    provider.persons.set('boss', { sub: 'boss', name: 'Boss', groups: [] })
    const refused = await signInBy(console, provider, id, 'boss')
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict'])
    expect(await rolesOf(user)).toEqual(['admin by group'])
    const admin = await console.signedInAsAdmin()
    const deleted = await admin.delete(`/api/v1/identity-providers/${id}`, { 'if-match': '*' })
    expect([deleted.status, deleted.body.code]).toEqual([409, 'conflict'])
    await console.db.deleteFrom('passwords').where('user_id', '=', user).execute()
  })
})

describe('a provider that is disabled or deleted', () => {
  test('loses the sessions that it began and the roles that it gave; other sessions stay', async () => {
    const { id, admin } = await addProvider(console, provider)
    const first = await signInBy(console, provider, id, 'ada')
    const user = first.body.me.user.id
    const disabled = await admin.patch(`/api/v1/identity-providers/${id}`, { state: 'disabled' }, { 'if-match': '*' })
    expect(disabled.status).toBe(200)
    expect([await isLive(first.browser), await isLive(admin), await rolesOf(user)]).toEqual([false, true, []])
    await admin.patch(`/api/v1/identity-providers/${id}`, { state: 'active' }, { 'if-match': '*' })
    const back = await signInBy(console, provider, id, 'ada')
    expect(await rolesOf(user)).toEqual(['operator by group'])
    expect((await admin.delete(`/api/v1/identity-providers/${id}`, { 'if-match': '*' })).status).toBe(204)
    expect([await isLive(back.browser), await rolesOf(user)]).toEqual([false, []])
    expect((await admin.get(`/api/v1/users/${user}`)).status).toBe(200)
  })

  test('lets nobody in who was on the way', async () => {
    const { id, admin } = await addProvider(console, provider)
    const browser = console.browser()
    const location = await provider.signIn(await leave(browser, id), 'ada')
    await admin.patch(`/api/v1/identity-providers/${id}`, { state: 'disabled' }, { 'if-match': '*' })
    const answered = await comeBack(browser, id, location)
    expect([answered.status, answered.body.code]).toEqual([401, 'provider-sign-in-failed'])
    expect(answered.body.detail).toContain('disabled')
  })
})

describe('connecting', () => {
  test('a provider to one’s own account needs a fresh session, and signs in as that user from then on', async () => {
    const { id } = await addProvider(console, provider, { create_users: false })
    const me = await console.signedIn('viewer')
    const left = await me.post('/api/v1/me/provider-links', { provider: id, to: '/account' })
    const answered = await comeBack(me, id, await provider.signIn(left.body.url, 'ada'))
    expect([answered.status, answered.body.linked, answered.body.to]).toEqual([200, true, '/account'])
    const links = await me.get('/api/v1/me/provider-links')
    expect(links.body.items).toMatchObject([{ provider: { id }, subject: 'ada' }])
    const signedIn = await signInBy(console, provider, id, 'ada')
    expect(signedIn.body.me.user.id).toBe(me.userId)
    expect(await rolesOf(me.userId)).toEqual(['operator by group', 'viewer'])
    await sql`update sessions set authenticated_at = now() - interval '1 hour' where user_id = ${me.userId}`.execute(console.db)
    const stale = await signedIn.browser.post('/api/v1/me/provider-links', { provider: id })
    expect([stale.status, stale.body.code]).toEqual([403, 'fresh-auth-required'])
  })

  test('an account of the provider that is somebody else’s is refused', async () => {
    const { id } = await addProvider(console, provider)
    await signInBy(console, provider, id, 'ada')
    const me = await console.signedIn('viewer')
    const left = await me.post('/api/v1/me/provider-links', { provider: id })
    const answered = await comeBack(me, id, await provider.signIn(left.body.url, 'ada'))
    expect([answered.status, answered.body.code]).toEqual([409, 'conflict'])
  })

  test('is finished only by who began it', async () => {
    const { id } = await addProvider(console, provider)
    const me = await console.signedIn('viewer')
    const left = await me.post('/api/v1/me/provider-links', { provider: id })
    const location = await provider.signIn(left.body.url, 'ada')
    const other = await console.signedIn('admin')
    for (const [name, value] of other.cookies) me.cookies.set(name, value)
    const answered = await comeBack(me, id, location)
    expect([answered.status, answered.body.code]).toEqual([401, 'provider-sign-in-failed'])
    expect((await other.get('/api/v1/me/provider-links')).body.items).toEqual([])
  })

  test('an admin connects a user by the provider’s id of them, and disconnects them', async () => {
    const { id, admin } = await addProvider(console, provider, { create_users: false })
    const { userId } = await console.signedIn('viewer')
    const made = await admin.post(`/api/v1/users/${userId}/provider-links`, { provider: id, subject: 'ada' })
    expect(made.status).toBe(201)
    const signedIn = await signInBy(console, provider, id, 'ada')
    expect(signedIn.body.me.user.id).toBe(userId)
    expect((await admin.delete(`/api/v1/users/${userId}/provider-links/${id}`)).status).toBe(204)
    expect([await isLive(signedIn.browser), await rolesOf(userId)]).toEqual([false, ['viewer']])
    expect((await signInBy(console, provider, id, 'ada')).status).toBe(401)
  })

  test('one’s only way in can’t be disconnected by oneself', async () => {
    const { id } = await addProvider(console, provider)
    const { browser } = await signInBy(console, provider, id, 'ada')
    const answered = await browser.delete(`/api/v1/me/provider-links/${id}`)
    expect([answered.status, answered.body.code]).toEqual([409, 'conflict'])
    expect(await isLive(browser)).toBe(true)
  })
})

test('a user who is disabled stays disabled, whatever the provider says', async () => {
  const { id, admin } = await addProvider(console, provider)
  const first = await signInBy(console, provider, id, 'ada')
  await admin.patch(`/api/v1/users/${first.body.me.user.id}`, { state: 'disabled' })
  const answered = await signInBy(console, provider, id, 'ada')
  expect([answered.status, answered.body.code]).toEqual([401, 'provider-sign-in-failed'])
  expect(answered.body.detail).toContain('disabled')
})

test('the built-in administrator who connects a provider keeps the role that no group gives or takes', async () => {
  const { id, admin } = await addProvider(console, provider, { mappings: [] })
  const left = await admin.post('/api/v1/me/provider-links', { provider: id })
  expect((await comeBack(admin, id, await provider.signIn(left.body.url, 'ada'))).status).toBe(200)
  const answered = await signInBy(console, provider, id, 'ada')
  expect(answered.body.me.user.id).toBe(console.adminId)
  expect(await rolesOf(console.adminId)).toEqual(['admin'])
  await admin.delete(`/api/v1/identity-providers/${id}`, { 'if-match': '*' })
})
