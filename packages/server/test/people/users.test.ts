import { meRoutes, sessionRoutes, signInRoutes, userRoutes } from '@keyward/contract/routes/people'
import type { Role } from '@keyward/contract/words'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { newId } from '../../src/observe/ids.ts'
import { type Browser, request, type TestConsole, testConsole } from './console.ts'

const password = 'FAKE example words of a test'
let keyward: TestConsole
let admin: Browser
beforeEach(async () => {
  keyward = await testConsole()
  admin = await keyward.signedInAsAdmin()
})
afterEach(() => keyward.end())

const invite = { name: 'Ada', email: 'ada@example.com', roles: [{ role: 'operator' as Role }] }
const create = async (input: object = invite) => (await admin.post('/api/v1/users', input)).body
const team = async () => {
  const id = newId('owner')
  await keyward.db.insertInto('owners').values({ id, kind: 'team', name: id, contact: 'x' }).execute()
  return id
}

describe('who may', () => {
  const routes = [...Object.values(userRoutes), ...Object.values(sessionRoutes), ...Object.values(meRoutes), ...Object.values(signInRoutes)]

  test('every route of people turns away who is nobody, and who has no role for it', async () => {
    const nobody = keyward.browser()
    const without = await keyward.signedIn()
    let checked = 0
    for (const { method, path, access } of routes) {
      if (access === 'public') continue
      const address = path.replace('{id}', newId('user'))
      const answer = await nobody.send(method, address, method === 'GET' ? undefined : {})
      expect([path, answer.status, answer.body.code]).toEqual([path, 401, 'unauthenticated'])
      checked++
      if (access === 'signed-in') continue
      const refused = await without.send(method, address, method === 'GET' ? undefined : {})
      expect([path, refused.status, refused.body.code]).toEqual([path, 403, 'forbidden'])
    }
    expect(checked).toBeGreaterThan(15)
  })

  test.each<[Role, number, number]>([
    ['admin', 200, 201],
    ['auditor', 200, 403],
    ['operator', 403, 403],
    ['viewer', 403, 403],
  ])('%s: list %i, create %i', async (role, list, made) => {
    const browser = await keyward.signedIn(role)
    expect((await browser.get('/api/v1/users')).status).toBe(list)
    expect((await browser.get('/api/v1/sessions')).status).toBe(list)
    expect((await browser.post('/api/v1/users', invite)).status).toBe(made)
  })

  test('an admin over one team or environment has no say over users: they could make themselves admin over everything', async () => {
    const limited = await keyward.signedIn()
    await keyward.db
      .insertInto('role_bindings')
      .values({ id: newId('roleBinding'), user_id: limited.userId, role: 'admin', environment: 'staging' })
      .execute()
    const { id } = await create()
    const refused = [
      await limited.get('/api/v1/users'),
      await limited.get(`/api/v1/users/${id}`),
      await limited.post('/api/v1/users', { ...invite, email: 'b@example.com', roles: [{ role: 'admin' }] }),
      await limited.patch(`/api/v1/users/${limited.userId}`, { roles: [{ role: 'admin' }] }),
      await limited.post(`/api/v1/users/${id}/sign-in-link`),
      await limited.post(`/api/v1/users/${id}/erase`),
      await limited.get('/api/v1/sessions'),
      await limited.delete(`/api/v1/sessions/${newId('session')}`),
    ]
    expect(refused.map((answer) => answer.body.code)).toEqual(refused.map(() => 'forbidden'))
  })

  test('changes need a fresh authentication, and the refusal is on record', async () => {
    await sql`update sessions set authenticated_at = now() - interval '11 minutes'`.execute(keyward.db)
    expect((await admin.post('/api/v1/users', invite)).body.code).toBe('fresh-auth-required')
    const { rows } =
      await sql`select from audit_entries where decision = 'refused' and code = 'fresh-auth-required' and actor_id = ${keyward.adminId}`.execute(
        keyward.db,
      )
    expect(rows).toHaveLength(1)
  })
})

describe('adding a user', () => {
  test('shows them, and the link that invites them signs them in with their roles', async () => {
    const user = await create()
    expect(user).toMatchObject({
      name: 'Ada',
      email: 'ada@example.com',
      state: 'active',
      roles: [{ role: 'operator' }],
      sign_in: { password: false, passkeys: 0 },
    })
    expect((await admin.get(`/api/v1/users/${user.id}`)).body).toEqual(user)
    const link = await admin.post(`/api/v1/users/${user.id}/sign-in-link`)
    expect(link.status).toBe(201)
    const ada = keyward.browser()
    const me = await ada.post('/api/v1/sign-in/link', { token: link.body.url.split('token=')[1] })
    expect(me.body.user.id).toBe(user.id)
    expect(me.body.allowed).toContain('credential:create')
    expect(me.body.allowed).not.toContain('user:create')
  })

  test('twice with one address, in any case, is a conflict', async () => {
    await create()
    const again = await admin.post('/api/v1/users', { ...invite, email: 'ADA@example.com' })
    expect([again.status, again.body.code]).toEqual([409, 'conflict'])
  })

  test('names each wrong field', async () => {
    const person = newId('owner')
    await keyward.db.insertInto('owners').values({ id: person, kind: 'person', name: 'P', contact: 'x' }).execute()
    const cases: [object, string][] = [
      [{ ...invite, email: 'x' }, '/email'],
      [{ ...invite, roles: [] }, '/roles'],
      [{ ...invite, roles: [{ role: 'root' }] }, '/roles/0/role'],
      [{ ...invite, roles: [{ role: 'admin' }, { role: 'viewer', team: person }] }, '/roles/1/team'],
      [{ ...invite, roles: [{ role: 'viewer', environment: 'nowhere' }] }, '/roles/0/environment'],
      [{ ...invite, owner: await team() }, '/owner'],
      [{ ...invite, built_in: true }, '/built_in'],
    ]
    for (const [input, field] of cases) {
      const answer = await admin.post('/api/v1/users', input)
      expect([answer.status, answer.body.errors?.[0]?.field]).toEqual([400, field])
    }
    expect(
      (
        await admin.post('/api/v1/users', {
          ...invite,
          owner: person,
          roles: [{ role: 'viewer', team: await team(), environment: 'staging' }],
        })
      ).status,
    ).toBe(201)
  })

  test('with an idempotency key makes one', async () => {
    const key = { 'idempotency-key': 'a-key-of-a-test' }
    const [one, two] = [await admin.post('/api/v1/users', invite, key), await admin.post('/api/v1/users', invite, key)]
    expect([one.status, two.status]).toEqual([201, 201])
    expect(two.body.id).toBe(one.body.id)
  })
})

describe('finding users', () => {
  test('by a part of name or address, by state, page by page; what looks like a pattern is text', async () => {
    for (const name of ['Ada', 'Grace', 'Barbara']) await create({ ...invite, name, email: `${name}@example.com` })
    const names = async (query: string) => (await admin.get(`/api/v1/users?${query}`)).body.items.map((user: { name: string }) => user.name)
    expect(await names('q=RAC')).toEqual(['Grace'])
    expect(await names('q=%25')).toEqual([])
    expect(await names('state=disabled')).toEqual([])
    expect(await names('limit=2')).toEqual(['Barbara', 'Grace'])
    const { next_cursor } = (await admin.get('/api/v1/users?limit=2')).body
    expect(await names(`limit=2&cursor=${next_cursor}`)).toEqual(['Ada', 'Administrator'])
    expect((await admin.get(`/api/v1/users/${newId('user')}`)).status).toBe(404)
  })
})

describe('changing a user', () => {
  test('new roles hold at once and end their sessions', async () => {
    const other = await keyward.signedIn('viewer')
    const answer = await admin.patch(`/api/v1/users/${other.userId}`, { roles: [{ role: 'auditor' }] })
    expect(answer.body.roles).toEqual([{ role: 'auditor' }])
    expect((await other.get('/api/v1/me')).status).toBe(401)
  })

  test('disabling ends sessions and API tokens for good; enabling brings neither back', async () => {
    const other = await keyward.signedIn('viewer')
    const { token } = (await other.post('/api/v1/me/api-tokens', { name: 'x' })).body
    const link = (await admin.post(`/api/v1/users/${other.userId}/sign-in-link`)).body.url.split('token=')[1]
    const byToken = () => request(keyward.origin, 'GET', '/api/v1/me', undefined, { authorization: `Bearer ${token}` })
    expect((await byToken()).status).toBe(200)
    expect((await admin.patch(`/api/v1/users/${other.userId}`, { state: 'disabled' })).body.state).toBe('disabled')
    expect([(await other.get('/api/v1/me')).status, (await byToken()).status]).toEqual([401, 401])
    expect((await admin.post(`/api/v1/users/${other.userId}/sign-in-link`)).body.code).toBe('conflict')
    await admin.patch(`/api/v1/users/${other.userId}`, { state: 'active' })
    expect([(await other.get('/api/v1/me')).status, (await byToken()).status]).toEqual([401, 401])
    expect((await keyward.browser().post('/api/v1/sign-in/link', { token: link })).status).toBe(401)
  })

  test('to an address that is taken is a conflict; to nobody is not found', async () => {
    const { id } = await create()
    await create({ ...invite, email: 'grace@example.com' })
    expect((await admin.patch(`/api/v1/users/${id}`, { email: 'GRACE@example.com' })).body.code).toBe('conflict')
    expect((await admin.patch(`/api/v1/users/${id}`, { email: 'ADA@example.com', name: 'Ada L.' })).body).toMatchObject({
      email: 'ADA@example.com',
      name: 'Ada L.',
    })
    expect((await admin.patch(`/api/v1/users/${newId('user')}`, { name: 'x' })).status).toBe(404)
  })
})

describe('an admin is always left', () => {
  const withPassword = async () => {
    const browser = await keyward.signedIn('admin')
    expect((await browser.put('/api/v1/me/password', { password })).status).toBe(204)
    return browser
  }

  test('the last one who can sign in is neither disabled, erased nor demoted', async () => {
    const last = await withPassword()
    const path = `/api/v1/users/${last.userId}`
    const refused = [
      await last.patch(path, { roles: [{ role: 'viewer' }] }),
      await admin.patch(path, { state: 'disabled' }),
      await admin.post(`${path}/erase`),
    ]
    for (const answer of refused) expect([answer.status, answer.body.code]).toEqual([409, 'conflict'])
    expect((await last.get('/api/v1/me')).body.user).toMatchObject({ state: 'active', roles: [{ role: 'admin' }] })
    await withPassword()
    expect((await admin.patch(path, { roles: [{ role: 'viewer' }] })).status).toBe(200)
  })

  test('two who disable each other at once: one stays', async () => {
    const [a, b] = [await withPassword(), await withPassword()]
    const answers = await Promise.all([
      a.patch(`/api/v1/users/${b.userId}`, { state: 'disabled' }),
      b.patch(`/api/v1/users/${a.userId}`, { state: 'disabled' }),
    ])
    expect(answers.map((answer) => answer.status)).toContain(200)
    const active = await keyward.db
      .selectFrom('users')
      .select('id')
      .where('id', 'in', [a.userId, b.userId])
      .where('state', '=', 'active')
      .execute()
    expect(active).toHaveLength(1)
  })

  test('the built-in administrator stays what they are; name and address may change', async () => {
    const path = `/api/v1/users/${keyward.adminId}`
    await withPassword()
    for (const change of [{ state: 'disabled' }, { roles: [{ role: 'viewer' }] }])
      expect((await admin.patch(path, change)).body.code).toBe('conflict')
    expect((await admin.post(`${path}/erase`)).body.code).toBe('conflict')
    expect((await admin.patch(path, { name: 'Root', email: 'root@example.com' })).body).toMatchObject({
      name: 'Root',
      email: 'root@example.com',
    })
  })
})

describe('erasing a user', () => {
  test('leaves nothing personal in any table, and the log still says that somebody acted', async () => {
    const other = await keyward.signedIn('operator')
    await admin.patch(`/api/v1/users/${other.userId}`, { name: 'Erasable Example', email: 'erasable@example.com' })
    await other.put('/api/v1/me/password', { password })
    await other.post('/api/v1/me/api-tokens', { name: 'Erasable token' })
    await keyward.browser().post('/api/v1/sign-in/password', { email: 'erasable@example.com', password })
    const answer = await admin.post(`/api/v1/users/${other.userId}/erase`)
    expect(answer.body).toMatchObject({
      id: other.userId,
      name: 'Erased user',
      email: null,
      state: 'disabled',
      roles: [],
      sign_in: { password: false, passkeys: 0 },
    })
    expect((await other.get('/api/v1/me')).status).toBe(401)
    const tables = await sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public'`.execute(keyward.db)
    for (const { name } of tables.rows) {
      const { rows } = await sql`select t::text as line from ${sql.table(name)} t`.execute(keyward.db)
      expect([name, JSON.stringify(rows).match(/erasable/gi)]).toEqual([name, null])
      if (name === 'audit_personal') expect(JSON.stringify(rows)).not.toContain(other.userId)
    }
    const { rows } = await sql`select from audit_entries where actor_id = ${other.userId}`.execute(keyward.db)
    expect(rows.length).toBeGreaterThan(2)
    expect((await admin.post(`/api/v1/users/${other.userId}/erase`)).status).toBe(200)
  })
})
