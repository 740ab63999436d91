import { connect } from 'node:net'
import { allRoutes } from '@keyward/contract/routes'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Answered, type ApiServer, startApi } from './api-server.ts'
import { routeCases } from './route-cases.ts'
import { maker } from './things.ts'

let api: ApiServer
let token: string
beforeAll(async () => {
  api = await startApi()
})
// A fresh one each time: some routes end the token that asks.
beforeEach(async () => {
  token = await api.tokenOf('admin')
})
afterAll(() => api.stop())

/** A problem document or an answer: never a failure of ours, never anything that tells how we are made. */
function expectCalm(answered: Answered, what: unknown): void {
  const where = JSON.stringify(what).slice(0, 600)
  expect(answered.status, `${where} -> ${answered.text}`).toBeLessThan(500)
  expect(answered.text, where).not.toMatch(/node_modules|at [\w.<>]+ \(|\.ts:\d|select |insert |violates|Error:/i)
  if (answered.status >= 400) {
    expect(answered.headers.get('content-type'), where).toBe('application/problem+json')
    expect(answered.body).toMatchObject({ status: answered.status, code: expect.any(String), fix: expect.any(String) })
  }
}

const nasty = fc.oneof(
  fc.constantFrom(
    '\u0000',
    '\ud800',
    "'; drop table owners; --",
    '%s%n',
    '../../etc/passwd',
    '\u202e',
    'a'.repeat(5_000),
    '__proto__',
    '-1',
    '1e400',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
)
const anything = fc.oneof(nasty, fc.jsonValue({ maxDepth: 3 }), fc.double(), fc.bigInt().map(String), fc.constant(null))
/** Runs a route; enough to find what a shape gets wrong, few enough for every build. */
const runs = 12

describe('garbage', () => {
  test.each(allRoutes().map((route) => ({ name: route.id, route })))(
    '$name: any body, query and parameter is answered calmly',
    async ({ route }) => {
      const good = await routeCases[route.id]?.(maker(api, token), api)
      const members = route.body && 'shape' in route.body ? Object.keys(route.body.shape as object) : []
      const body = fc.oneof(
        anything,
        fc.record(Object.fromEntries(members.map((name) => [name, anything])), { requiredKeys: [] }),
        // A body that is right but for one member: it gets past the schema's first rules.
        fc
          .tuple(fc.constantFrom(...(members.length > 0 ? members : ['x'])), anything)
          .map(([name, value]) => ({ ...(good?.body as object), [name]: value })),
      )
      const query = fc.dictionary(fc.constantFrom(...Object.keys(route.query?.shape ?? { x: 1 }), 'limit', 'cursor', 'q'), nasty, {
        maxKeys: 3,
      })
      const params = fc.array(nasty, { minLength: 3, maxLength: 3 })
      await fc.assert(
        fc.asyncProperty(body, query, params, fc.boolean(), async (oneBody, oneQuery, oneParams, keepParams) => {
          let index = 0
          const path = route.path.replaceAll(/\{([a-z_]+)\}/g, (_, name: string) => {
            const known = keepParams ? good?.params?.[name] : undefined
            return known ?? (encodeURIComponent(oneParams[index++]?.toWellFormed() ?? 'x') || 'x')
          })
          const search = new URLSearchParams(Object.entries(oneQuery).map(([name, value]) => [name, value])).toString()
          const asked = {
            token,
            headers: { 'if-match': '*' },
            ...(route.method === 'GET' ? {} : { body: JSON.stringify(oneBody) ?? 'null' }),
          }
          const answered = await api.ask(route.method, `${path}${search === '' ? '' : `?${search}`}`, asked)
          expectCalm(answered, { route: route.id, path, search, body: oneBody })
        }),
        { numRuns: runs, seed: 20_261_123 },
      )
    },
  )
})

describe('a body that is no good JSON', () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, contentType = 'application/json') =>
    fetch(`${api.origin}/api/v1/owners`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': contentType },
      body,
    }).then(async (response) => ({ status: response.status, body: (await response.json()) as Record<string, unknown> }))

  test('is refused with invalid-json when it is cut, repeats a member, or is nested too deeply', async () => {
    for (const text of [
      '{"kind":"team"',
      '{"kind":"team","name":"a","name":"b","contact":"#team"}',
      '{"kind":"team","n\\u0061me":"a","name":"b","contact":"#team"}',
      '['.repeat(100_000),
      `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`,
    ]) {
      expect(await post(text)).toMatchObject({ status: 400, body: { code: 'invalid-json' } })
    }
  })

  test('is refused when it is not UTF-8, and never quoted back', async () => {
    const answered = await post(new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]))
    expect(answered).toMatchObject({ status: 400, body: { code: 'invalid-json', detail: 'The body is not UTF-8' } })
    const secret = await post('{"secret": "sk-FAKE-EXAMPLE-0123456789" oops')
    expect(JSON.stringify(secret.body)).not.toContain('FAKE')
  })

  test('names the member that holds what text cannot hold', async () => {
    const answered = await post('{"kind":"team","name":"a","contact":"x\\u0000y"}')
    expect(answered).toMatchObject({ status: 400, body: { code: 'invalid-request', errors: [{ field: '/contact' }] } })
  })

  test('is refused by its content type', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', 'multipart/form-data']) {
      expect(await post('{}', type)).toMatchObject({ status: 415, body: { code: 'unsupported-media-type' } })
    }
  })

  test('is refused when it is larger than a mebibyte, declared or streamed', async () => {
    expect(await post(JSON.stringify({ name: 'x'.repeat(1_100_000) }))).toMatchObject({ status: 413, body: { code: 'body-too-large' } })
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(65_536).fill(0x20))
      },
    })
    const response = await fetch(`${api.origin}/api/v1/owners`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: stream,
      duplex: 'half',
    } as RequestInit).catch(() => undefined)
    // The answer may overtake the upload, or the connection end with it; the server must still stand.
    if (response) expect(response.status).toBe(413)
    expect((await api.ask('GET', '/api/v1/me', { token })).status).toBe(200)
  })
})

describe('a request that is no good HTTP', () => {
  test('is refused and leaves the server standing', async () => {
    const host = new URL(api.origin).host
    for (const raw of [
      `POST /api/v1/owners HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/me HTTP/1.1\r\n\r\n`,
      `GET /api/v1/owners HTTP/1.1\r\nHost: ${host}\r\nHost: evil.example\r\n\r\n`,
      `GET /api/v1/owners HTTP/1.1\r\nHost: ${host}\r\nX: a\nb\r\n\r\n`,
      '\u0000\u0001\u0002\r\n\r\n',
    ]) {
      expect(await rawAnswer(raw)).not.toMatch(/HTTP\/1\.1 (?:2|5)\d\d/)
    }
    expect((await api.ask('GET', '/api/v1/me', { token })).status).toBe(200)
  })

  test('a host name that is not ours is answered 421 before anything is looked at (DNS rebinding)', async () => {
    const answer = await rawAnswer('GET /api/v1/me HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 421 /)
    expect(answer).toContain('"code":"misdirected"')
  })
})

function rawAnswer(text: string): Promise<string> {
  const { hostname, port } = new URL(api.origin)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text))
    let answer = ''
    socket.setTimeout(2_000, () => socket.destroy())
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNRESET' ? resolve(answer) : reject(error)))
  })
}
