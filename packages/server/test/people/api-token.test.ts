import { limits } from '@keyward/contract/limits'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newSecretString } from '../../src/observe/secret-string.ts'
import { type Browser, problem, request, type TestConsole, testConsole } from './console.ts'

let keyward: TestConsole
beforeAll(async () => {
  keyward = await testConsole()
})
afterAll(() => keyward.end())

const withToken = (token: string, method = 'GET', path = '/api/v1/me', body?: unknown) =>
  request(keyward.origin, method, path, body, { authorization: `Bearer ${token}` })
const create = async (browser: Browser, input: object = { name: 'CI' }) => (await browser.post('/api/v1/me/api-tokens', input)).body

describe('an API token', () => {
  test('is shown once, with its hint; what is stored is a digest', async () => {
    const browser = await keyward.signedIn('operator')
    const made = await create(browser)
    expect(made.token).toMatch(/^kwu_[0-9A-Za-z]{49}$/)
    expect(made.hint).toBe(`kwu_••••${made.token.slice(-4)}`)
    const listed = (await browser.get('/api/v1/me/api-tokens')).body.items
    expect(listed).toMatchObject([{ id: made.id, kind: 'personal', last_used_at: null, revoked_at: null }])
    expect(listed[0]).not.toHaveProperty('token')
    const { rows } = await sql`select t::text as line from api_tokens t`.execute(keyward.db)
    expect(JSON.stringify(rows)).not.toContain(made.token.slice(4, 40))
  })

  test('lives 90 days unless asked otherwise, never more than a year', async () => {
    const browser = await keyward.signedIn('operator')
    const daysOf = (made: { expires_at: string }) => Math.round((Date.parse(made.expires_at) - Date.now()) / 86_400_000)
    expect(daysOf(await create(browser))).toBe(limits.apiTokenDaysDefault)
    expect(daysOf(await create(browser, { name: 'x', days: 7 }))).toBe(7)
    const tooLong = await browser.post('/api/v1/me/api-tokens', { name: 'x', days: limits.apiTokenDaysMax + 1 })
    expect([tooLong.status, tooLong.body.errors[0].field]).toEqual([400, '/days'])
  })

  test('acts for its person with the roles that they have now, and is marked as used', async () => {
    const browser = await keyward.signedIn('auditor')
    const { token, id } = await create(browser)
    expect((await withToken(token, 'GET', '/api/v1/users')).status).toBe(200)
    const { last_used_at: used } = await keyward.db
      .selectFrom('api_tokens')
      .select('last_used_at')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    expect(used).not.toBeNull()
    await keyward.db.updateTable('role_bindings').set({ role: 'viewer' }).where('user_id', '=', browser.userId).execute()
    expect((await withToken(token, 'GET', '/api/v1/users')).body.code).toBe('forbidden')
  })

  test('does nothing dangerous: not even for an admin, not even when it is new', async () => {
    const admin = await keyward.signedInAsAdmin()
    const { token } = await create(admin)
    const dangerous: [string, string, unknown][] = [
      ['POST', '/api/v1/users', { name: 'x', email: 'x@example.com', roles: [{ role: 'admin' }] }],
      ['PATCH', `/api/v1/users/${keyward.adminId}`, { name: 'x' }],
      ['POST', `/api/v1/users/${keyward.adminId}/sign-in-link`, undefined],
      ['POST', '/api/v1/me/api-tokens', { name: 'x' }],
      ['PUT', '/api/v1/me/password', { password: 'FAKE example words' }],
    ]
    for (const [method, path, body] of dangerous) {
      const answer = await withToken(token, method, path, body)
      expect([path, answer.status, answer.body.code]).toEqual([path, 403, 'fresh-auth-required'])
      expect(answer.body.detail).toMatch(/API token/)
    }
  })

  test.each([
    ['revoked', sql`revoked_at = now()`],
    ['expired', sql`expires_at = now() - interval '1 second'`],
  ])('%s is refused', async (_name, change) => {
    const { token, id } = await create(await keyward.signedIn('viewer'))
    await sql`update api_tokens set ${change} where id = ${id}`.execute(keyward.db)
    expect((await withToken(token)).status).toBe(401)
  })

  test('is ended by its person, at once; not by another, not twice', async () => {
    const [browser, stranger] = [await keyward.signedIn('viewer'), await keyward.signedIn('viewer')]
    const { token, id } = await create(browser)
    expect((await stranger.delete(`/api/v1/me/api-tokens/${id}`)).status).toBe(404)
    expect((await withToken(token)).status).toBe(200)
    expect((await browser.delete(`/api/v1/me/api-tokens/${id}`)).status).toBe(204)
    expect((await withToken(token)).status).toBe(401)
    expect((await browser.delete(`/api/v1/me/api-tokens/${id}`)).status).toBe(404)
  })

  test('malformed, mistyped, of another kind or in another scheme is refused, and never repeated', async () => {
    const { token } = await create(await keyward.signedIn('viewer'))
    const last = token.endsWith('0') ? '1' : '0'
    const wrong = [
      '',
      'Bearer',
      `Bearer ${token.slice(0, -1)}${last}`,
      `Bearer ${token}x`,
      `Bearer kws${token.slice(3)}`,
      `Basic ${token}`,
      token,
    ]
    for (const authorization of wrong) {
      const answer = await request(keyward.origin, 'GET', '/api/v1/me', undefined, { authorization })
      expect([authorization, answer.status]).toEqual([authorization, 401])
      expect(answer.headers.get('www-authenticate')).toContain('Bearer')
      expect(answer.text).not.toContain(token.slice(4, 30))
    }
  })

  test('in the header counts, not the cookie beside it; a wrong one does not fall back to the cookie', async () => {
    const [admin, viewer] = [await keyward.signedInAsAdmin(), await keyward.signedIn('viewer')]
    const { token } = await create(viewer)
    expect((await admin.get('/api/v1/me', { authorization: `Bearer ${token}` })).body.user.id).toBe(viewer.userId)
    expect((await admin.get('/api/v1/me', { authorization: 'Bearer FAKE' })).status).toBe(401)
  })

  test('unknown and ended look alike', async () => {
    const { token, id } = await create(await keyward.signedIn('viewer'))
    await sql`update api_tokens set revoked_at = now() where id = ${id}`.execute(keyward.db)
    expect(problem(await withToken(newSecretString('apiToken').text))).toEqual(problem(await withToken(token)))
  })

  test('lists page by page, newest first', async () => {
    const browser = await keyward.signedIn('viewer')
    for (const name of ['a', 'b', 'c']) await create(browser, { name })
    const first = (await browser.get('/api/v1/me/api-tokens?limit=2')).body
    const second = (await browser.get(`/api/v1/me/api-tokens?limit=2&cursor=${first.next_cursor}`)).body
    expect([...first.items, ...second.items].map((one: { name: string }) => one.name)).toEqual(['c', 'b', 'a'])
    expect(second.next_cursor).toBeNull()
    expect((await browser.get('/api/v1/me/api-tokens?cursor=FAKE')).body.code).toBe('invalid-cursor')
  })
})
