import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createLocalToken } from '../../src/people/api-tokens.ts'
import { type Browser, request, type TestConsole, testConsole } from './console.ts'

let console: TestConsole
let ada: Browser & { userId: string }
let bo: Browser & { userId: string }
let subject: string

beforeAll(async () => {
  console = await testConsole()
  ada = await console.signedIn('admin')
  bo = await console.signedIn('admin')
  for (const { userId } of [ada, bo]) await console.db.insertInto('passwords').values({ user_id: userId, hash: 'FAKE' }).execute()
})
afterAll(() => console.end())
beforeEach(async () => {
  await sql`delete from second_opinions`.execute(console.db)
  await sql`insert into settings (key, value) values ('second_opinion', 'true') on conflict (key) do update set value = 'true'`.execute(
    console.db,
  )
  subject = (await console.signedIn('viewer')).userId
})

const change = (browser: Browser, opinion?: string, body: object = { name: 'New name' }) =>
  browser.patch(`/api/v1/users/${subject}`, body, opinion === undefined ? {} : { 'keyward-second-opinion': opinion })
const ask = async () => (await change(ada)).body.second_opinion as string
const approve = (browser: Browser, id: string) => browser.post(`/api/v1/second-opinions/${id}/approve`, {})
const nameOf = async () => (await console.db.selectFrom('users').select('name').where('id', '=', subject).executeTakeFirstOrThrow()).name

describe('a dangerous act', () => {
  test('is done only after another admin said yes to it, and that once', async () => {
    const first = await change(ada)
    expect([first.status, first.body.code, first.body.second_opinion]).toEqual([
      409,
      'second-opinion-required',
      expect.stringMatching(/^sop_/),
    ])
    expect(first.body.fix).toContain('Keyward-Second-Opinion')
    const id = first.body.second_opinion
    const early = await change(ada, id)
    expect([early.status, early.body.detail]).toEqual([409, 'Nobody has decided yet'])
    expect(await nameOf()).toBe('Somebody')
    expect((await approve(bo, id)).body).toMatchObject({ state: 'approved', decided_by: { id: bo.userId } })
    expect((await change(ada, id)).status).toBe(200)
    expect(await nameOf()).toBe('New name')
    const again = await change(ada, id)
    expect([again.status, again.body.detail]).toEqual([409, 'That second opinion was used already'])
  })

  test('is one question, however often it is asked', async () => {
    expect(await ask()).toBe(await ask())
  })

  test('is another one with another body, parameter, person or header', async () => {
    const id = await ask()
    await approve(bo, id)
    const other = await change(ada, id, { name: 'Other name' })
    expect([other.status, other.body.detail]).toEqual([409, expect.stringContaining('another request')])
    const { userId } = await console.signedIn('viewer')
    const elsewhere = await ada.patch(`/api/v1/users/${userId}`, { name: 'New name' }, { 'keyward-second-opinion': id })
    expect(elsewhere.status).toBe(409)
    const thief = await console.signedIn('admin')
    const taken = await change(thief, id)
    expect([taken.status, taken.body.detail]).toEqual([409, 'No second opinion of yours has this id'])
    const header = await ada.patch(`/api/v1/users/${subject}`, { name: 'New name' }, { 'keyward-second-opinion': id, 'if-match': '"1"' })
    expect(header.status).toBe(409)
    expect(await nameOf()).toBe('Somebody')
    expect((await change(ada, id)).status).toBe(200)
  })

  test('that fails leaves the yes to be used', async () => {
    const taken = (await console.db.selectFrom('users').select('email').where('id', '=', bo.userId).executeTakeFirstOrThrow()).email
    const id = (await change(ada, undefined, { email: taken })).body.second_opinion
    await approve(bo, id)
    const failed = await change(ada, id, { email: taken })
    expect([failed.status, failed.body.code]).toEqual([409, 'conflict'])
    const shown = await bo.get(`/api/v1/second-opinions/${id}`)
    expect(shown.body.state).toBe('approved')
  })

  test('is done once where the same yes comes twice at a time', async () => {
    const id = await ask()
    await approve(bo, id)
    const answers = await Promise.all([change(ada, id), change(ada, id), change(ada, id)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
  })

  test('waits 30 minutes for a yes, and the yes 30 minutes for the act', async () => {
    const id = await ask()
    await sql`update second_opinions set expires_at = now() where id = ${id}`.execute(console.db)
    const late = await approve(bo, id)
    expect([late.status, late.body.code]).toEqual([409, 'conflict'])
    const next = await ask()
    expect(next).not.toBe(id)
    await approve(bo, next)
    await sql`update second_opinions set expires_at = now() where id = ${next}`.execute(console.db)
    expect((await change(ada, next)).body.detail).toContain('older than 30 minutes')
  })

  test('is refused with the reason that the other gave', async () => {
    const id = await ask()
    expect((await bo.post(`/api/v1/second-opinions/${id}/refuse`, {})).status).toBe(400)
    await bo.post(`/api/v1/second-opinions/${id}/refuse`, { reason: 'not on a Friday' })
    expect((await change(ada, id)).body.detail).toContain('not on a Friday')
  })

  test('does not count the yes of somebody who is no admin any more', async () => {
    const cy = await console.signedIn('admin')
    const id = await ask()
    expect((await approve(cy, id)).status).toBe(200)
    await sql`delete from role_bindings where user_id = ${cy.userId}`.execute(console.db)
    expect((await change(ada, id)).status).toBe(409)
    expect(await nameOf()).toBe('Somebody')
  })

  test('of one’s own account, a decision, and whatever reads, need no second opinion', async () => {
    expect((await ada.post('/api/v1/me/api-tokens', { name: 'mine' })).status).toBe(201)
    expect((await ada.get('/api/v1/users')).status).toBe(200)
  })

  test('goes into the audit log with who said yes', async () => {
    const id = await ask()
    await approve(bo, id)
    const { headers } = await change(ada, id)
    const { rows } = await sql<{ action: string; details: unknown }>`
      select action, details from audit_entries where correlation_id = ${headers.get('keyward-correlation-id')} order by action`.execute(
      console.db,
    )
    expect(rows).toMatchObject([
      { action: 'second_opinion.use', details: { second_opinion: id, approved_by: bo.userId } },
      { action: 'user.update' },
    ])
  })
})

describe('who may decide', () => {
  test('not who asked', async () => {
    const answered = await approve(ada, await ask())
    expect([answered.status, answered.body.code]).toEqual([403, 'forbidden'])
    expect(answered.body.detail).toContain('yourself')
  })

  test.each(['operator', 'auditor', 'viewer'] as const)('not an %s', async (role) => {
    expect((await approve(await console.signedIn(role), await ask())).status).toBe(403)
  })

  test('nobody whom the asker invited, made or changed within the last day', async () => {
    await sql`delete from settings where key = 'second_opinion'`.execute(console.db)
    const made = await ada.post('/api/v1/users', { name: 'Puppet', email: 'puppet@example.com', roles: [{ role: 'admin' }] })
    const invited = await ada.post(`/api/v1/users/${made.body.id}/sign-in-link`)
    const puppet = console.browser()
    await puppet.post('/api/v1/sign-in/link', { token: invited.body.url.split('token=')[1] })
    await sql`insert into settings (key, value) values ('second_opinion', 'true')`.execute(console.db)
    const id = await ask()
    const answered = await approve(puppet, id)
    expect([answered.status, answered.body.code]).toEqual([403, 'forbidden'])
    expect(answered.body.detail).toContain('within the last day')
    expect((await approve(bo, id)).status).toBe(200)
  })

  test('only with a fresh authentication', async () => {
    const stale = await console.signedIn('admin')
    await sql`update sessions set authenticated_at = now() - interval '1 hour' where user_id = ${stale.userId}`.execute(console.db)
    expect((await approve(stale, await ask())).body.code).toBe('fresh-auth-required')
  })
})

test('what is asked is shown in words, with names, and without secrets', async () => {
  const answered = await ada.post('/api/v1/identity-providers', {
    name: 'Example ID',
    issuer: 'https://id.example.com',
    client_id: 'keyward',
    client_secret: 'FAKE-EXAMPLE-secret-of-a-client',
    mappings: [{ group: 'bosses', role: 'admin' }],
  })
  const shown = await bo.get(`/api/v1/second-opinions/${answered.body.second_opinion}`)
  expect(shown.body).toMatchObject({
    action: 'identity_providers.create',
    summary: expect.stringContaining('Add an identity provider'),
    asked_by: { id: ada.userId },
    yours: false,
    details: expect.arrayContaining([
      { name: 'issuer', value: 'https://id.example.com' },
      { name: 'client_secret', value: '(a secret, not shown)' },
      { name: 'mappings 1', value: 'role admin, group bosses' },
    ]),
  })
  const { rows } = await sql`select row_to_json(o)::text as text from second_opinions o`.execute(console.db)
  expect(JSON.stringify(rows) + shown.text).not.toContain('FAKE-EXAMPLE-secret')
  const erase = await ada.post(`/api/v1/users/${subject}/erase`)
  const other = await bo.get(`/api/v1/second-opinions/${erase.body.second_opinion}`)
  expect(other.body.details).toEqual([{ name: 'id', value: `Somebody (${subject})` }])
})

describe('the setting', () => {
  test('is off at first, and can’t be switched on by an admin who is alone', async () => {
    const alone = await testConsole()
    const admin = await alone.signedInAsAdmin()
    expect((await admin.get('/api/v1/settings')).body).toEqual({ second_opinion: false })
    const answered = await admin.patch('/api/v1/settings', { second_opinion: true })
    expect([answered.status, answered.body.code]).toEqual([409, 'conflict'])
    await alone.end()
  })

  test('once on, is switched off with a second opinion alone', async () => {
    const first = await ada.patch('/api/v1/settings', { second_opinion: false })
    expect([first.status, first.body.code]).toEqual([409, 'second-opinion-required'])
    await approve(bo, first.body.second_opinion)
    const second = await ada.patch('/api/v1/settings', { second_opinion: false }, { 'keyward-second-opinion': first.body.second_opinion })
    expect([second.status, second.body]).toEqual([200, { second_opinion: false }])
    expect((await ada.patch('/api/v1/settings', { second_opinion: true })).body).toEqual({ second_opinion: true })
    expect((await change(ada)).status).toBe(409)
  })

  test('lets a local login pass, which the audit log says', async () => {
    const { token } = await console.db.transaction().execute((trx) => createLocalToken(trx, console.adminId))
    const answered = await request(
      console.origin,
      'PATCH',
      `/api/v1/users/${subject}`,
      { name: 'Recovered' },
      { authorization: `Bearer ${token}` },
    )
    expect(answered.status).toBe(200)
    const { rows } = await sql<{ action: string; details: unknown }>`
      select action, details from audit_entries where correlation_id = ${answered.headers.get('keyward-correlation-id')} order by action`.execute(
      console.db,
    )
    expect(rows).toMatchObject([
      { action: 'second_opinion.bypass', details: { method: 'local', route: 'users.update' } },
      { action: 'user.update' },
    ])
  })
})
