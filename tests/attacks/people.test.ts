import { allRoutes } from '@keyward/contract/routes'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type KeywardProcess, signInLinkOf, startKeyward } from '../support/keyward.ts'
import { type TestDatabase, testDatabase } from '../support/postgres.ts'

/* What a page of somebody else, a guesser and a vandal try on people's way in, against the whole server. */

let database: TestDatabase
let keyward: KeywardProcess
let cookie: string

beforeAll(async () => {
  database = await testDatabase()
  // The tests say where they come from, as a proxy on this machine would.
  keyward = await startKeyward({ databaseUrl: database.url, env: { KEYWARD_TRUSTED_PROXIES: '127.0.0.1,::1' } })
  const token = signInLinkOf(keyward).split('token=')[1]
  const answered = await post('/api/v1/sign-in/link', { token }, { origin: keyward.origin, 'sec-fetch-site': 'same-origin' })
  expect(answered.status).toBe(200)
  cookie = answered.headers.get('set-cookie')?.split(';')[0] ?? ''
  expect(cookie).toContain('=')
}, 60_000)
afterAll(async () => {
  await keyward.kill()
})

/** Bodies that are well-formed: what is refused is who sends them. */
const wellFormed: Record<string, unknown> = {
  '/api/v1/sign-in/link': { token: 'kwl_FAKE' },
  '/api/v1/sign-in/provider': { provider: 'idp_01k0000000000000000000000f' },
  '/api/v1/sign-in/provider/finish': { provider: 'idp_01k0000000000000000000000f', query: 'state=FAKE' },
  '/api/v1/sign-in/password': { email: 'admin', password: 'FAKE wrong password' },
  '/api/v1/sign-in/passkey': {
    response: {
      id: 'FAKE',
      rawId: 'FAKE',
      type: 'public-key',
      clientExtensionResults: {},
      response: { clientDataJSON: 'FAKE', authenticatorData: 'FAKE', signature: 'FAKE' },
    },
  },
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${keyward.origin}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const ownPage = () => ({ origin: keyward.origin, 'sec-fetch-site': 'same-origin' })

async function auditRows(): Promise<number> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  const { rows } = await client.query('select count(*)::int as n from audit_entries')
  await client.end()
  return rows[0].n
}

describe('a page of another site', () => {
  const signIns = allRoutes().filter((route) => route.access === 'public' && route.method === 'POST' && !route.path.includes('/local'))

  test.each(signIns.map((route) => ({ path: route.path })))('signs nobody in as somebody else: $path', async ({ path }) => {
    for (const headers of [
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'same-site', origin: 'http://localhost:1' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      const answered = await post(path, wellFormed[path] ?? {}, headers as Record<string, string>)
      expect([path, answered.status, ((await answered.json()) as { code: string }).code]).toEqual([path, 403, 'csrf-refused'])
    }
  })

  // What a form or a beacon can send without asking first, and what a lenient server would read as JSON all the same.
  test.each([
    'text/plain',
    'text/plain; charset=utf-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain;application/json',
    'application/json, text/plain',
    'text/json',
    'application/csp-report',
    '',
  ])('changes nothing by a body of the type %j, even where the browser sends the cookie and says that it is ours', async (type) => {
    const before = await (await fetch(`${keyward.origin}/api/v1/owners`, { headers: { cookie, ...ownPage() } })).json()
    const body = '{"kind":"team","name":"forged","contact":"#x"}'
    for (const from of [ownPage(), { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }]) {
      const answered = await post('/api/v1/owners', body, { cookie, ...from, 'content-type': type })
      expect([403, 415]).toContain(answered.status)
    }
    expect(await (await fetch(`${keyward.origin}/api/v1/owners`, { headers: { cookie, ...ownPage() } })).json()).toEqual(before)
  })

  test('frames nothing of ours: every page, answer and error forbids it', async () => {
    for (const path of [
      '/',
      '/credentials',
      '/sign-in',
      '/index.html',
      '/docs/errors/not-found',
      '/docs/errors/x',
      '/x.png',
      '/api/v1/me',
    ]) {
      const { headers } = await fetch(`${keyward.origin}${path}`)
      expect(headers.get('content-security-policy'), path).toContain("frame-ancestors 'none'")
      expect(headers.get('x-content-type-options'), path).toBe('nosniff')
      expect(headers.get('access-control-allow-origin'), path).toBeNull()
    }
  })

  test('learns nothing by asking first: no address answers a preflight', async () => {
    for (const path of ['/api/v1/owners', '/api/v1/sign-in/password', '/oauth2/token', '/g/openai/v1/models', '/', '/metrics']) {
      const { headers } = await fetch(`${keyward.origin}${path}`, {
        method: 'OPTIONS',
        headers: {
          origin: 'https://evil.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization',
        },
      })
      for (const [name] of headers) expect(name, path).not.toMatch(/^access-control-/)
    }
  })
})

describe('a guesser', () => {
  test('is one guesser, however many addresses of one IPv6 network it uses: on links, on passwords and on proofs', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 70; i++) {
      // Written in every way that the address of one network can be.
      const address = [
        `2001:db8:0:7::${i.toString(16)}`,
        `2001:0db8::7:1:2:3:${i.toString(16)}`,
        `2001:DB8:0:7:ffff:0:0:${i.toString(16)}`,
      ][i % 3]
      const from = { ...ownPage(), 'x-forwarded-for': address ?? '' }
      const answered =
        i % 7 !== 0
          ? await post('/api/v1/sign-in/link', { token: `kwl_FAKE${i}` }, from)
          : await post('/api/v1/sign-in/password', { email: `nobody${i}@example.com`, password: 'FAKE wrong' }, from)
      statuses.push(answered.status)
    }
    expect(statuses.slice(0, 60).includes(429)).toBe(false)
    expect(statuses.slice(60).every((status) => status === 429)).toBe(true)
    const neighbour = await post('/api/v1/sign-in/link', { token: 'kwl_FAKE' }, { ...ownPage(), 'x-forwarded-for': '2001:db8:0:8::1' })
    expect(neighbour.status).toBe(401)
  }, 60_000)
})

describe('a vandal without any right', () => {
  test('can not fill the disk with records: a flood at every door leaves a bounded number of them', async () => {
    const before = await auditRows()
    const started = performance.now()
    const host = { 'x-forwarded-for': '203.0.113.9' }
    const doors: (() => Promise<Response>)[] = [
      () => fetch(`${keyward.origin}/g/openai/v1/models`, { headers: host }),
      () => fetch(`${keyward.origin}/g/x/y`, { headers: { ...host, authorization: 'Bearer FAKE.FAKE.FAKE' } }),
      () => fetch(`${keyward.origin}/api/v1/credentials`, { headers: { ...host, authorization: 'Bearer kwu_FAKE' } }),
      () => fetch(`${keyward.origin}/api/v1/me`, { headers: { ...host, cookie: 'keyward_session=FAKE' } }),
      () => post('/api/v1/sign-in/link', { token: 'kwl_FAKE' }, { ...ownPage(), ...host }),
      () => post('/oauth2/token', 'grant_type=client_credentials', { ...host, 'content-type': 'application/x-www-form-urlencoded' }),
      () =>
        post('/oauth2/token', 'grant_type=client_credentials', {
          ...host,
          'content-type': 'application/x-www-form-urlencoded',
          authorization: `Basic ${Buffer.from('wl_FAKE:kwc_FAKE').toString('base64')}`,
        }),
      () => post('/oauth2/revoke', 'token=x', { ...host, 'content-type': 'application/x-www-form-urlencoded' }),
    ]
    const worker = async (index: number) => {
      for (let round = 0; round < 40; round++) {
        const response = await doors[(index + round) % doors.length]?.()
        await response?.arrayBuffer()
      }
    }
    await Promise.all(Array.from({ length: 24 }, (_, index) => worker(index)))
    const seconds = (performance.now() - started) / 1000
    const written = (await auditRows()) - before
    // 960 requests. Of callers without a token 20 records a second and a sum; of one address 60 failed sign-ins in a quarter of an hour and the end of them.
    expect(written).toBeGreaterThan(20)
    expect(written).toBeLessThanOrEqual(61 + 21 * (Math.ceil(seconds) + 1))
  }, 60_000)
})
