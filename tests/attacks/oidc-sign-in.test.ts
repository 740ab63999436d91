import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type PeopleProvider, startPeopleProvider } from '@keyward/testkit/people-provider/server'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Answer, type TestConsole, testConsole } from '../../packages/server/test/people/console.ts'
import { addProvider, comeBack, leave, signInBy } from '../../packages/server/test/people/provider-sign-in.ts'

/* What a hostile provider, somebody who lures others, and whoever reads along try on the way in by a provider. */

let console: TestConsole
let provider: PeopleProvider
let id: string
beforeAll(async () => {
  console = await testConsole()
})
afterAll(() => console.end())
beforeEach(async () => {
  provider = await startPeopleProvider()
  provider.persons.set('ada', { sub: 'ada', name: 'Ada Example', groups: ['platform'] })
  provider.persons.set('mallory', { sub: 'mallory', name: 'Mallory', groups: ['platform'] })
  await console.db.deleteFrom('attempt_counters').execute()
  id = (await addProvider(console, provider)).id
  return () => provider.stop()
})

const sessions = async () =>
  Number((await sql<{ n: string }>`select count(*) as n from sessions where method = 'oidc'`.execute(console.db)).rows[0]?.n)

function expectRefused(answered: Answer): void {
  expect([answered.status, answered.body.code]).toEqual([401, 'provider-sign-in-failed'])
  expect(answered.headers.getSetCookie().filter((line) => line.startsWith('keyward_session'))).toEqual([])
}

describe('an answer', () => {
  test('works once: the same again is refused, also at the same time', async () => {
    const browser = console.browser()
    const location = await provider.signIn(await leave(browser, id), 'ada')
    const thief = Object.assign(console.browser(), { cookies: new Map(browser.cookies) })
    const both = await Promise.all([comeBack(browser, id, location), comeBack(thief, id, location)])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401])
    expectRefused(await comeBack(thief, id, location))
  })

  test('of another browser signs nobody in: neither the thief’s, nor the one that is lured to the thief’s answer', async () => {
    const before = await sessions()
    const [mallory, victim] = [console.browser(), console.browser()]
    const lure = await provider.signIn(await leave(mallory, id), 'mallory')
    expectRefused(await comeBack(victim, id, lure))
    await leave(victim, id)
    expectRefused(await comeBack(victim, id, lure))
    expect(await sessions()).toBe(before)
    expect((await comeBack(mallory, id, lure)).status).toBe(200)
  })

  test('of one provider is not taken for another’s', async () => {
    const other = await startPeopleProvider()
    other.persons.set('ada', { sub: 'ada', name: 'Not Ada', groups: ['platform'] })
    const second = (await addProvider(console, other)).id
    const browser = console.browser()
    const location = await other.signIn(await leave(browser, second), 'ada')
    const before = provider.requests.length
    expectRefused(await comeBack(browser, id, location))
    // No code of one provider is ever shown to another.
    expect(provider.requests.length).toBe(before)
    await other.stop()
  })

  test('that names another issuer, or none where one was promised, is refused before the code goes anywhere', async () => {
    for (const issuer of ['https://honest.example', null]) {
      provider.lies.answerIssuer = issuer
      expectRefused(await signInBy(console, provider, id, 'ada'))
    }
    expect(provider.requests).not.toContain('POST /token')
  })

  test('with two states, two codes or none is refused', async () => {
    for (const change of [
      (query: URLSearchParams) => query.append('state', query.get('state') ?? ''),
      (query: URLSearchParams) => query.append('code', 'other'),
      (query: URLSearchParams) => query.delete('code'),
      (query: URLSearchParams) => query.delete('state'),
      (query: URLSearchParams) => query.set('state', `${query.get('state')?.slice(1)}A`),
    ]) {
      const browser = console.browser()
      const location = new URL(await provider.signIn(await leave(browser, id), 'ada'))
      change(location.searchParams)
      expectRefused(await comeBack(browser, id, location.href))
    }
  })

  test('that is older than ten minutes is refused', async () => {
    const browser = console.browser()
    const location = await provider.signIn(await leave(browser, id), 'ada')
    await sql`update provider_logins set expires_at = now()`.execute(console.db)
    expectRefused(await comeBack(browser, id, location))
  })
})

describe('an id_token', () => {
  const now = () => Math.floor(Date.now() / 1_000)
  test.each([
    ['a nonce of another sign-in', { nonce: 'x'.repeat(43) }],
    ['the audience of another client', { aud: 'another-client' }],
    ['several audiences without the authorized party', { aud: ['keyward-console', 'another-client'], azp: 'another-client' }],
    ['another issuer', { iss: 'https://accounts.example.com' }],
    ['an end that is over', { exp: now() - 3_600, iat: now() - 7_200 }],
    ['an empty subject', { sub: '' }],
    ['a subject that is no text', { sub: 42 }],
    ['a subject with control characters', { sub: 'ada\u0000' }],
  ])('with %s is refused', async (_what, claims) => {
    provider.lies.claims = claims
    expectRefused(await signInBy(console, provider, id, 'ada'))
  })

  test.each([
    ['without a nonce', { withoutClaims: ['nonce'] }],
    ['without an audience', { withoutClaims: ['aud'] }],
    ['without an end', { withoutClaims: ['exp'] }],
    ['without a subject', { withoutClaims: ['sub'] }],
    ['signed by a key that is not published', { foreignKey: true }],
    ['without a signature', { unsigned: true }],
  ])('%s is refused', async (_what, lies) => {
    Object.assign(provider.lies, lies)
    expectRefused(await signInBy(console, provider, id, 'ada'))
  })

  test('whose subject the userinfo contradicts is refused', async () => {
    const elsewhere = await startPeopleProvider({ groupsIn: 'userinfo' })
    elsewhere.persons.set('mallory', { sub: 'mallory', name: 'Mallory', groups: ['platform'] })
    elsewhere.lies.userinfoSubject = 'ada'
    const other = (await addProvider(console, elsewhere)).id
    expectRefused(await signInBy(console, elsewhere, other, 'mallory'))
    await elsewhere.stop()
  })
})

describe('an address', () => {
  test('that belongs to a user never makes somebody else that user, verified or not', async () => {
    const { userId } = await console.signedIn('admin')
    const { email } = await console.db.selectFrom('users').select('email').where('id', '=', userId).executeTakeFirstOrThrow()
    provider.persons.set('mallory', { sub: 'mallory', name: 'Mallory', email: email ?? '', email_verified: true, groups: ['platform'] })
    const verified = await signInBy(console, provider, id, 'mallory')
    expectRefused(verified)
    expect(verified.body.detail).toContain('has your address')
    provider.persons.set('mallory', { sub: 'mallory', name: 'Mallory', email: (email ?? '').toUpperCase(), groups: ['platform'] })
    const unverified = await signInBy(console, provider, id, 'mallory')
    expect(unverified.status).toBe(200)
    expect(unverified.body.me.user.id).not.toBe(userId)
    expect(unverified.body.me.user.email).toBeNull()
  })

  test('that a known person’s account changes to is not taken over', async () => {
    const first = await signInBy(console, provider, id, 'ada')
    provider.persons.set('ada', {
      sub: 'ada',
      name: 'Administrator',
      email: 'root@example.com',
      email_verified: true,
      groups: ['platform'],
    })
    const later = await signInBy(console, provider, id, 'ada')
    expect(later.body.me.user).toMatchObject({ id: first.body.me.user.id, name: 'Ada Example', email: null })
  })
})

test('the same subject at another provider is another person', async () => {
  const first = await signInBy(console, provider, id, 'ada')
  const other = await startPeopleProvider()
  other.persons.set('ada', { sub: 'ada', name: 'Ada of elsewhere', groups: ['platform'] })
  const second = await signInBy(console, other, (await addProvider(console, other)).id, 'ada')
  expect(second.body.me.user.id).not.toBe(first.body.me.user.id)
  await other.stop()
})

test('groups that look like ours, or like a mapped one, give nothing', async () => {
  provider.persons.set('mallory', {
    sub: 'mallory',
    name: 'Mallory',
    groups: ['admin', 'Platform', 'platform ', 'platform\u200b', 'рlatform', 'operator', '*', 'platform,admin', '__proto__'],
  })
  const answered = await signInBy(console, provider, id, 'mallory')
  expectRefused(answered)
  provider.lies.claims = { groups: { admin: true, platform: true } }
  expectRefused(await signInBy(console, provider, id, 'mallory'))
  provider.lies.claims = { groups: [['platform'], { name: 'platform' }, null, 1] }
  expectRefused(await signInBy(console, provider, id, 'mallory'))
})

test.each([
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  '/\t/evil.example',
  'javascript:alert(1)',
  '/%2f/../..//evil.example',
  '/../..//evil.example',
  '/sign-in?to=//evil.example',
  '/api/v1/me',
  '/oauth2/authorize?client_id=x',
  'evil',
])('nobody is sent on to %j', async (to) => {
  const answered = await signInBy(console, provider, id, 'ada', { to })
  expect(answered.status).toBe(200)
  const arrived = new URL(answered.body.to, console.origin)
  expect([arrived.origin, arrived.pathname.startsWith('//')]).toEqual([console.origin, false])
  expect(arrived.pathname).not.toMatch(/^\/(api|oauth2|sign-in)/)
})

describe('a provider that', () => {
  let inside: Server
  const reached: string[] = []
  beforeAll(async () => {
    inside = createServer((request, response) => {
      reached.push(`${request.method} ${request.url}`)
      response.setHeader('content-type', 'application/json').end('{}')
    })
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => {
    inside.close()
  })
  const insideOrigin = () => `http://127.0.0.1:${(inside.address() as AddressInfo).port}`

  test('redirects its token endpoint elsewhere is not followed: neither code nor secret goes there', async () => {
    provider.lies.tokenRedirect = `${insideOrigin()}/steal`
    expectRefused(await signInBy(console, provider, id, 'ada'))
    expect(reached).toEqual([])
  })

  test('redirects its discovery elsewhere is not followed', async () => {
    provider.lies.discoveryRedirect = `${insideOrigin()}/elsewhere`
    const answered = await console.browser().post('/api/v1/sign-in/provider', { provider: id })
    expectRefused(answered)
    expect(reached).toEqual([])
  })

  test('names endpoints at private addresses reaches nothing there, where no admin allowed that', async () => {
    await sql`update identity_providers set allow_private = false where id = ${id}`.execute(console.db)
    const answered = await console.browser().post('/api/v1/sign-in/provider', { provider: id })
    expectRefused(answered)
    expect(provider.requests.filter((one) => one.includes('/authorize'))).toEqual([])
  })

  test('names the metadata service of a cloud reaches it not even where private addresses are allowed', async () => {
    provider.lies.discovery = { token_endpoint: 'http://169.254.169.254/latest/meta-data', jwks_uri: 'http://169.254.169.254/keys' }
    expectRefused(await signInBy(console, provider, id, 'ada'))
  })

  test('names a script or another scheme as its sign-in page sends no browser there', async () => {
    for (const authorization_endpoint of [
      'javascript:alert(document.cookie)',
      'data:text/html,x',
      'file:///etc/passwd',
      'not an address',
      7,
    ]) {
      provider.lies.discovery = { authorization_endpoint }
      const answered = await console.browser().post('/api/v1/sign-in/provider', { provider: id })
      expectRefused(answered)
    }
  })

  test('calls itself by another issuer is refused', async () => {
    provider.lies.discovery = { issuer: 'https://accounts.example.com' }
    expectRefused(await console.browser().post('/api/v1/sign-in/provider', { provider: id }))
  })

  test('answers hugely is cut off', async () => {
    provider.lies.tokenPaddingBytes = 8 * 1_048_576
    const answered = await signInBy(console, provider, id, 'ada')
    expectRefused(answered)
    expect(answered.body.detail).toContain('too large')
  })

  test('never answers is given up, and says so', { timeout: 30_000 }, async () => {
    provider.lies.tokenSilence = true
    const answered = await signInBy(console, provider, id, 'ada')
    expectRefused(answered)
    expect(answered.body.detail).toContain('too long')
  })
})

test('what the provider says, its secret and its tokens are in no answer and no audit entry', async () => {
  const browser = console.browser()
  const url = await leave(browser, id)
  const location = new URL(await provider.signIn(url, 'ada'))
  location.searchParams.set('error', '<script>alert(1)</script>')
  location.searchParams.set('error_description', 'call 0800-FAKE-SUPPORT')
  const answered = await comeBack(browser, id, location.href)
  expectRefused(answered)
  const code = location.searchParams.get('code') ?? ''
  const audit = await sql<{ text: string }>`select row_to_json(a)::text as text from audit_entries a`.execute(console.db)
  const all = answered.text + audit.rows.map(({ text }) => text).join('\n')
  for (const word of ['script', 'FAKE-SUPPORT', code, provider.clientSecret ?? '', location.searchParams.get('state') ?? ''])
    expect(all).not.toContain(word)
})

test('departures from one address are bounded', async () => {
  const browser = console.browser()
  const statuses: number[] = []
  for (let count = 0; count < 61; count++) statuses.push((await browser.post('/api/v1/sign-in/provider', { provider: id })).status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(60)
  expect(statuses.at(-1)).toBe(429)
})

test('a page of another site begins and finishes nothing', async () => {
  for (const [path, body] of [
    ['/api/v1/sign-in/provider', { provider: id }],
    ['/api/v1/sign-in/provider/finish', { provider: id, query: 'state=x' }],
  ] as const) {
    const answered = await console.browser().post(path, body, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })
    expect([answered.status, answered.body.code]).toEqual([403, 'csrf-refused'])
  }
})
