import { limits } from '@keyward/contract/limits'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { issueSignInLink } from '../../src/people/sign-in-links.ts'
import { type Browser, request, type TestConsole, testConsole } from './console.ts'

let keyward: TestConsole
beforeAll(async () => {
  keyward = await testConsole()
})
afterAll(() => keyward.end())

const cookieOf = (browser: Browser) => browser.cookies.get('keyward_session') ?? ''
const sessionOf = async (browser: Browser) => (await browser.get('/api/v1/me')).body.session.id as string

describe('the session cookie', () => {
  test('is for HTTP alone, this site alone, and as long as the session', async () => {
    const browser = await keyward.signedInAsAdmin()
    expect(browser.lastSetCookie).toMatch(/^keyward_session=kws_[0-9A-Za-z]{49}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/)
  })

  test('under TLS has the __Host- prefix and is Secure; the plain name is not believed there', async () => {
    const secure = await testConsole({ origin: 'https://keyward.example.com' })
    try {
      const { url } = await issueSignInLink(secure.people, secure.db, secure.adminId, 'invite')
      expect(url).toMatch(/^https:\/\/keyward\.example\.com\/#\/sign-in\?token=/)
      const headers = { origin: 'https://keyward.example.com', 'sec-fetch-site': 'same-origin' }
      const answer = await request(secure.origin, 'POST', '/api/v1/sign-in/link', { token: url.split('token=')[1] }, headers)
      const cookie = answer.headers.get('set-cookie') ?? ''
      expect(cookie).toMatch(/^__Host-keyward_session=kws_\w+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/)
      const token = cookie.split(';')[0]?.split('=')[1]
      expect(
        (await request(secure.origin, 'GET', '/api/v1/me', undefined, { ...headers, cookie: `__Host-keyward_session=${token}` })).status,
      ).toBe(200)
      expect(
        (await request(secure.origin, 'GET', '/api/v1/me', undefined, { ...headers, cookie: `keyward_session=${token}` })).status,
      ).toBe(401)
    } finally {
      await secure.end()
    }
  })

  test('holds what is stored as a digest only', async () => {
    const browser = await keyward.signedInAsAdmin()
    const { rows } = await sql`select s::text as line from sessions s`.execute(keyward.db)
    expect(JSON.stringify(rows)).not.toContain(cookieOf(browser).slice(4, 40))
  })

  test('given twice is believed neither time: somebody else has set one', async () => {
    const browser = await keyward.signedInAsAdmin()
    const cookie = `keyward_session=${cookieOf(browser)}; keyward_session=${cookieOf(await keyward.signedIn('viewer'))}`
    expect((await browser.get('/api/v1/me', { cookie })).status).toBe(401)
  })
})

describe('signing in', () => {
  test('never takes over a session that the browser brought: it gets a new one, and that one ends', async () => {
    const attacker = await keyward.signedIn('viewer')
    const victim = keyward.browser()
    victim.cookies.set('keyward_session', cookieOf(attacker))
    const { url } = await issueSignInLink(keyward.people, keyward.db, keyward.adminId, 'invite')
    expect((await victim.post('/api/v1/sign-in/link', { token: url.split('token=')[1] })).status).toBe(200)
    expect(cookieOf(victim)).not.toBe(cookieOf(attacker))
    expect((await attacker.get('/api/v1/me')).status).toBe(401)
    expect((await victim.get('/api/v1/me')).body.user.id).toBe(keyward.adminId)
  })

  test('is on record with method and person, the address apart where it can be erased', async () => {
    const browser = await keyward.signedIn('viewer')
    const { rows } = await sql<{
      details: unknown
      ip: string
    }>`select e.details, p.ip from audit_entries e join audit_personal p using (seq)
      where e.action = 'session.start' and e.actor_id = ${browser.userId} and p.user_id = ${browser.userId}`.execute(keyward.db)
    expect(rows).toEqual([{ details: { method: 'link' }, ip: '127.0.0.1' }])
  })
})

describe('a session ends', () => {
  test('when its person signs out, at once, and the cookie goes', async () => {
    const browser = await keyward.signedIn('viewer')
    const cookie = `keyward_session=${cookieOf(browser)}`
    const out = await browser.post('/api/v1/sign-out')
    expect(out.status).toBe(204)
    expect(browser.lastSetCookie).toMatch(/^keyward_session=; Path=\/; Max-Age=0;/)
    expect((await browser.get('/api/v1/me', { cookie })).status).toBe(401)
  })

  test.each([
    ['after twelve hours', sql`expires_at = now() - interval '1 second'`],
    ['when idle', sql`last_seen_at = now() - make_interval(mins => ${limits.sessionIdleMinutesMax}, secs => 1)`],
  ])('%s', async (_when, change) => {
    const browser = await keyward.signedIn('viewer')
    const id = await sessionOf(browser)
    await sql`update sessions set ${change} where id = ${id}`.execute(keyward.db)
    expect((await browser.get('/api/v1/me')).status).toBe(401)
  })

  test('when its user is disabled, without any change to the session', async () => {
    const browser = await keyward.signedIn('viewer')
    await keyward.db.updateTable('users').set({ state: 'disabled' }).where('id', '=', browser.userId).execute()
    expect((await browser.get('/api/v1/me')).status).toBe(401)
  })

  test('when its person ends it elsewhere; nobody ends a session of somebody else this way', async () => {
    const here = await keyward.signedIn('viewer')
    const stranger = await keyward.signedIn('viewer')
    const id = await sessionOf(here)
    expect((await stranger.delete(`/api/v1/me/sessions/${id}`)).status).toBe(404)
    expect((await here.get('/api/v1/me/sessions')).body.items).toMatchObject([{ id, current: true, method: 'link' }])
    expect((await here.delete(`/api/v1/me/sessions/${id}`)).status).toBe(204)
    expect((await here.get('/api/v1/me')).status).toBe(401)
  })

  test('when an admin ends it; they see everybody’s, and ending it twice is not found', async () => {
    const [admin, viewer] = [await keyward.signedInAsAdmin(), await keyward.signedIn('viewer')]
    const id = await sessionOf(viewer)
    const listed = await admin.get(`/api/v1/sessions?user=${viewer.userId}`)
    expect(listed.body.items.map((one: { id: string }) => one.id)).toEqual([id])
    expect((await admin.delete(`/api/v1/sessions/${id}`)).status).toBe(204)
    expect((await viewer.get('/api/v1/me')).status).toBe(401)
    expect((await admin.delete(`/api/v1/sessions/${id}`)).status).toBe(404)
    expect((await admin.get(`/api/v1/sessions?user=${viewer.userId}`)).body.items).toEqual([])
  })
})

test('a session is marked as seen at most once a minute', async () => {
  const browser = await keyward.signedIn('viewer')
  const id = await sessionOf(browser)
  const seen = async () =>
    (await keyward.db.selectFrom('sessions').select('last_seen_at').where('id', '=', id).executeTakeFirstOrThrow()).last_seen_at.getTime()
  const before = await seen()
  await browser.get('/api/v1/me')
  expect(await seen()).toBe(before)
  await sql`update sessions set last_seen_at = now() - interval '61 seconds' where id = ${id}`.execute(keyward.db)
  const stale = await seen()
  await browser.get('/api/v1/me')
  expect(await seen()).toBeGreaterThan(stale + 60_000)
})

describe('a request with the cookie is refused', () => {
  const refused: [string, Record<string, string>][] = [
    ['from another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['from another port of this host, which gets Strict cookies', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:1' }],
    ['whose origin is another, whatever the rest says', { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:1' }],
    ['from a sandboxed page', { 'sec-fetch-site': '-', origin: 'null' }],
    ['that does not say where it is from', { 'sec-fetch-site': '-', origin: '-' }],
  ]
  test.each(refused)('%s', async (_name, headers) => {
    const browser = await keyward.signedInAsAdmin()
    const before = await browser.get('/api/v1/me/api-tokens')
    const answer = await browser.post('/api/v1/me/api-tokens', { name: 'x' }, headers)
    expect(answer.status).toBe(403)
    expect(answer.body.code).toBe('csrf-refused')
    expect((await browser.get('/api/v1/me/api-tokens')).body).toEqual(before.body)
  })

  test('also where it only reads', async () => {
    const browser = await keyward.signedInAsAdmin()
    expect((await browser.get('/api/v1/me', { 'sec-fetch-site': 'cross-site' })).body.code).toBe('csrf-refused')
    expect((await browser.get('/api/v1/me', { 'sec-fetch-site': 'same-site' })).body.code).toBe('csrf-refused')
  })

  test('whose body is a form', async () => {
    const browser = await keyward.signedInAsAdmin()
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      expect((await browser.post('/api/v1/me/api-tokens', { name: 'x' }, { 'content-type': type })).status).toBe(415)
    }
  })

  test('but not by a browser without fetch metadata that names our origin', async () => {
    const browser = await keyward.signedInAsAdmin()
    expect((await browser.post('/api/v1/me/api-tokens', { name: 'x' }, { 'sec-fetch-site': '-' })).status).toBe(201)
  })
})
