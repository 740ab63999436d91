import { allRoutes } from '@keyward/contract/routes'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Estate, makeEstate } from '../support/estate.ts'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { testDatabase } from '../support/postgres.ts'
import { type Answer, parseAnswer } from './answer.ts'
import { type RawUpstream, sendRaw, startRawUpstream } from './raw.ts'

/*
 * Garbage to every address: what answers is a problem document or the protocol's own error, without a word about how we are made, and nothing
 * of it is an error in our log. The control API's own shapes are in packages/server/test/http/garbage.test.ts.
 */

const seed = 20_261_123
const secret = 'sk-FAKE-garbage-0123456789abcdef01234567'
let keyward: KeywardProcess
let upstream: RawUpstream
let estate: Estate
let host: string
const tokens: Record<string, string> = {}

beforeAll(async () => {
  const database = await testDatabase()
  ;[keyward, upstream] = await Promise.all([startKeyward({ databaseUrl: database.url }), startRawUpstream()])
  upstream.answer = (socket) =>
    socket.end(
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\nconnection: close\r\n\r\n{"upstream":"x"}'.slice(0, -1),
    )
  estate = await makeEstate(keyward, [
    { name: 'openai', provider: 'openai', upstream: upstream.origin, secret },
    { name: 'anthropic', provider: 'anthropic', upstream: upstream.origin, secret: `${secret}-anthropic` },
    { name: 'crm', kind: 'http', upstream: upstream.origin, secret: `${secret}-crm`, authority: ['consume', 'modify'] },
  ])
  const everything = { scope: { methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], paths: ['/**'] } }
  for (const [name, more] of [
    ['openai', {}],
    ['anthropic', {}],
    ['crm', everything],
  ] as const) {
    const grant = await estate.grant(name, more)
    if (name !== 'crm') await estate.budget({ grant }, '1000000.00')
    tokens[name] = await estate.token(grant)
  }
  host = new URL(keyward.origin).host
}, 60_000)
afterAll(async () => {
  await keyward.kill()
  await upstream.stop()
})
/** What went wrong inside is in the log as an error. */
afterEach(() => {
  expect(keyward.process.exitCode).toBeNull()
  expect(errorsOf(keyward.log())).toEqual([])
})

function errorsOf(log: string): string[] {
  return log.split('\n').filter((line) => /"level":(?:"(?:error|fatal)"|[5-9]\d)/.test(line))
}

const oursTold = /node_modules|\bat [\w.<>]+ \(|\.ts:\d|\bselect \w+ from |violates|[A-Za-z]*Error: |\/packages\/|ECONN|undefined/

interface Sent {
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
}

async function send({ method, target, headers, body }: Sent): Promise<Answer | undefined> {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const length = method === 'GET' && body.length === 0 ? '' : `Content-Length: ${body.length}\r\n`
  const head = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${lines}${length}\r\n`
  // A busy machine can make the node deaf for a moment, and then it refuses, as it should: it is asked again.
  for (let tries = 0; ; tries++) {
    const text = await sendRaw(keyward.origin, Buffer.concat([Buffer.from(head, 'latin1'), body]), 5_000)
    const answer = text === '' ? undefined : parseAnswer(text)
    if (answer?.status !== 503 || tries >= deafTriesMax || !/node_deaf|cannot be heard|still reading what was revoked/.test(text))
      return answer
    await untilReady()
  }
}

const deafTriesMax = 10

async function untilReady(): Promise<void> {
  const deadline = performance.now() + 10_000
  while (performance.now() < deadline) if ((await fetch(`${keyward.origin}/readyz`)).status === 200) return
}

/** No failure of ours, nothing told that is ours. */
function expectCalm(answer: Answer | undefined, sent: unknown): asserts answer is Answer {
  const what = () => `${JSON.stringify(sent).slice(0, 800)} -> ${JSON.stringify(answer).slice(0, 800)}`
  if (answer === undefined) throw new Error(`no answer: ${what()}`)
  expect(answer.status, what()).toBeGreaterThanOrEqual(200)
  // Not ours to refuse: 502 and 504 are the upstream's; 505 is the HTTP version's.
  expect([500, 501, 503], what()).not.toContain(answer.status)
  if (!/html/.test(answer.headers.get('content-type') ?? '')) expect(answer.body, what()).not.toMatch(oursTold)
}

// What can stand in a head; what can't is in the test of broken heads.
const headerText = fc.string({
  unit: fc
    .integer({ min: 0x20, max: 0xff })
    .filter((code) => code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
  maxLength: 60,
})
const headerName = fc.oneof(
  fc.constantFrom(
    ...['Authorization', 'X-Api-Key', 'Api-Key', 'DPoP', 'Cookie', 'Content-Type', 'Content-Encoding', 'Accept', 'Origin', 'Range'],
    ...['Sec-Fetch-Dest', 'Sec-Fetch-Site', 'Via', 'Forwarded', 'X-Forwarded-For', 'If-Match', 'Idempotency-Key', 'Anthropic-Beta'],
    ...['Anthropic-Version', 'X-Stainless-Lang', 'Upgrade', 'TE', 'Trailer', 'Keep-Alive', '__proto__', 'constructor', 'User-Agent'],
  ),
  fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,20}$/),
)
const header = fc.tuple(
  headerName.filter((name) => !/^(?:host|content-length|transfer-encoding|connection|expect)$/i.test(name)),
  headerText,
)
const nasty = fc.constantFrom(
  ...['\u0000', '\ud800', '__proto__', "'; drop table grants; --", '%s%n', '../../etc/passwd', '-1', '1e999', 'a'.repeat(3_000), '\u202e'],
)
const json = fc.oneof(fc.jsonValue({ maxDepth: 4 }), nasty, fc.double(), fc.constant(null), fc.array(nasty, { maxLength: 3 }))
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
const path = fc
  .array(
    fc.oneof(fc.stringMatching(/^[!-~]{1,12}$/), fc.constantFrom('..', '.', '%00', '%2e%2e', '%ff', '%', ';', '\\', 'v1', '*', '\xe4')),
    {
      maxLength: 4,
    },
  )
  .map((parts) => parts.join('/').replaceAll(/[ #]/g, ''))
const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'QUERY', 'PROPFIND')

/** A body that a vendor takes, with one member or message of it turned into something else. */
function mutated(good: Record<string, unknown>, names: readonly string[]): fc.Arbitrary<Buffer> {
  const text = (value: unknown) => Buffer.from(JSON.stringify(value))
  return fc.oneof(
    bytes,
    json.map(text),
    fc.tuple(fc.constantFrom(...names), json).map(([name, value]) => text({ ...good, [name]: value })),
    fc
      .tuple(fc.constantFrom(...names), fc.integer({ min: 40, max: 2_000 }))
      .map(([name, depth]) =>
        Buffer.from(JSON.stringify({ ...good, [name]: 'DEEP' }).replace('"DEEP"', '['.repeat(depth) + ']'.repeat(depth))),
      ),
    fc.tuple(fc.nat(200), fc.nat(255)).map(([at, byte]) => {
      const body = text(good)
      body[at % body.length] = byte
      return body
    }),
    fc.nat(200).map((at) => text(good).subarray(0, at % 100)),
  )
}

const messages = [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }]
const members = ['model', 'messages', 'max_tokens', 'max_completion_tokens', 'n', 'stream', 'stream_options', 'tools', 'input', 'prompt']
const more = ['system', 'metadata', 'response_format', 'max_output_tokens', 'modalities', 'thinking', 'store', 'requests', 'models', 'x']
/** Bodies that pass, by operation. */
const llmCalls: Record<'openai' | 'anthropic', Record<string, Record<string, unknown>>> = {
  openai: {
    'chat/completions': { model: 'gpt-4.1-mini', max_tokens: 5, messages },
    completions: { model: 'gpt-3.5-turbo-instruct', max_tokens: 5, prompt: 'hi' },
    responses: { model: 'gpt-4.1-mini', max_output_tokens: 50, input: 'hi', store: false },
    embeddings: { model: 'text-embedding-3-small', input: 'hi' },
    moderations: { model: 'omni-moderation-latest', input: 'hi' },
    batches: { input_file_id: 'file-1', endpoint: '/v1/responses', completion_window: '24h' },
    'images/generations': { model: 'gpt-image-1', prompt: 'x' },
  },
  anthropic: {
    messages: { model: 'claude-haiku-4-5', max_tokens: 5, messages },
    'messages/count_tokens': { model: 'claude-haiku-4-5', messages },
    'messages/batches': { requests: [{ custom_id: 'a', params: { model: 'claude-haiku-4-5', max_tokens: 5, messages } }] },
    complete: { model: 'claude-haiku-4-5', max_tokens_to_sample: 5, prompt: 'hi' },
  },
}

test.each(['openai', 'anthropic'] as const)(
  '%s: whatever is sent, the answer is the upstream’s or an error in the vendor’s own shape',
  async (name) => {
    const bodies = Object.entries(llmCalls[name]).map(([rest, good]) =>
      mutated(good, [...members, ...more]).map((body) => ({ target: `/g/${name}/v1/${rest}`, body })),
    )
    const elsewhere = fc.record({ target: path.map((rest) => `/g/${name}/v1/${rest}`), body: bytes })
    const call = fc
      .tuple(
        fc.oneof({ weight: 9, arbitrary: fc.constant('POST') }, { weight: 1, arbitrary: method }),
        fc.oneof({ weight: 9, arbitrary: fc.oneof(...bodies) }, { weight: 1, arbitrary: elsewhere }),
        fc.array(header, { maxLength: 2 }),
      )
      .map(([one, what, headers]) => ({ method: one, headers, ...what }))
    let passed = 0
    await fc.assert(
      fc.asyncProperty(call, async (sent) => {
        const own = [['Authorization', `Bearer ${tokens[name]}`] as const, ['Content-Type', 'application/json'] as const]
        const answer = await send({ ...sent, headers: [...own, ...sent.headers] })
        expectCalm(answer, { ...sent, body: sent.body.toString('latin1') })
        const code = answer.headers.get('keyward-error')
        if (answer.status === 200) passed += 1
        if (code === undefined) return
        expect(answer.headers.get('keyward-call-id')).toMatch(/^call_/)
        if (sent.method === 'HEAD') return
        const body = JSON.parse(answer.body) as { error?: { message?: unknown; type?: unknown; code?: unknown } }
        // Until the token is known nothing tells what a name stands for: then the shape is that of the request.
        if (name === 'anthropic' && 'type' in body && body.type === 'error')
          expect(body).toMatchObject({ error: { type: expect.any(String) } })
        expect(body, JSON.stringify(sent)).toMatchObject({ error: { message: expect.any(String), type: expect.any(String), code } })
      }),
      { numRuns: 500, seed },
    )
    // It would prove nothing if none of it got through.
    expect(passed).toBeGreaterThan(10)
  },
  60_000,
)

test('plain HTTP: any method, address, header and body is passed on or answered with a problem', async () => {
  const call = fc.record({ method, target: path.map((rest) => `/g/crm/${rest}`), headers: fc.array(header, { maxLength: 4 }), body: bytes })
  let passed = 0
  await fc.assert(
    fc.asyncProperty(call, fc.boolean(), async (sent, authorised) => {
      const own = authorised ? [['Authorization', `Bearer ${tokens.crm}`] as const] : []
      const answer = await send({ ...sent, headers: [...own, ...sent.headers] })
      expectCalm(answer, { ...sent, body: sent.body.toString('latin1') })
      if (answer.status === 200) passed += 1
      if (answer.status === 200 || sent.method === 'HEAD' || answer.body === '') return
      const body = JSON.parse(answer.body) as Record<string, unknown>
      if ('error' in body) expect(body).toMatchObject({ error: { code: answer.headers.get('keyward-error') } })
      else {
        expect(answer.headers.get('content-type')).toBe('application/problem+json')
        expect(body).toMatchObject({ status: answer.status, title: expect.any(String) })
      }
    }),
    { numRuns: 500, seed },
  )
  expect(passed).toBeGreaterThan(10)
}, 60_000)

test('the token service: any form, type, authorization and proof gets an OAuth error (RFC 6749, section 5.2)', async () => {
  const names = fc.constantFrom(
    'grant_type',
    'scope',
    'resource',
    'client_id',
    'client_secret',
    'client_assertion',
    'token',
    'x',
    '__proto__',
  )
  const jwt = fc
    .tuple(json, json, fc.base64String({ maxLength: 90 }))
    .map(([head, payload, signature]) =>
      [...[head, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')), signature].join('.'),
    )
  const value = fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 30 }), jwt, fc.constantFrom('client_credentials', estate.workload))
  const form = fc.array(fc.tuple(names, value), { maxLength: 6 }).map((pairs) => {
    const whole: [string, string][] = [
      ['grant_type', 'client_credentials'],
      ['token', 'x'],
      ['client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'],
      ...pairs.map(([name, text]): [string, string] => [name, text.toWellFormed()]),
    ]
    return Buffer.from(new URLSearchParams(Object.fromEntries(whole)).toString())
  })
  const basic = fc.tuple(value, value).map(([id, password]) => `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}`)
  const authorization = fc.oneof(
    basic,
    jwt.map((text) => `Bearer ${text}`),
    headerText,
    fc.constant('Bearer kwu_x'),
  )
  const call = fc.record({
    target: fc.constantFrom('/oauth2/token', '/oauth2/introspect', '/oauth2/revoke'),
    method: fc.oneof({ weight: 6, arbitrary: fc.constant('POST') }, { weight: 1, arbitrary: method }),
    type: fc.oneof({ weight: 5, arbitrary: fc.constant('application/x-www-form-urlencoded') }, { weight: 1, arbitrary: headerText }),
    headers: fc.array(
      fc.oneof(
        header,
        authorization.map((text) => ['Authorization', text] as const),
        jwt.map((text) => ['DPoP', text] as const),
      ),
      {
        maxLength: 3,
      },
    ),
    body: fc.oneof({ weight: 4, arbitrary: form }, { weight: 1, arbitrary: bytes }),
  })
  await fc.assert(
    fc.asyncProperty(call, async ({ type, ...sent }) => {
      const answer = await send({ ...sent, headers: [['Content-Type', type], ...sent.headers] })
      expectCalm(answer, { ...sent, type, body: sent.body.toString('latin1') })
      expect(answer.status, JSON.stringify(sent)).toBeGreaterThanOrEqual(400)
      if (sent.method === 'HEAD') return
      expect(JSON.parse(answer.body), JSON.stringify(sent)).toMatchObject({
        error: expect.any(String),
        error_description: expect.any(String),
      })
      expect(answer.headers.get('cache-control')).toBe('no-store')
    }),
    { numRuns: 500, seed },
  )
}, 60_000)

test('everything else: pages, files, metadata, health and the way in, by any method, with any header and query', async () => {
  const open = allRoutes().filter((route) => route.access === 'public')
  expect(open.length).toBeGreaterThan(3)
  const known = [
    ...['/', '/index.html', '/assets/x.js', '/favicon.ico', '/.well-known/oauth-authorization-server', '/.well-known/', '/.well-known/x'],
    ...['/oauth2/jwks', '/oauth2/', '/oauth2/authorize', '/docs/errors/not-found', '/docs/errors/__proto__', '/healthz', '/readyz'],
    ...['/metrics', '/api/openapi.json', '/api', '/api/', '/api/v1', '/g', '/g/', '/hooks/x', '/.env', '/.git/config'],
    ...open.map((route) => route.path),
  ]
  const call = fc.record({
    method,
    target: fc
      .tuple(
        fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: path.map((rest) => `/${rest}`) }),
        fc.oneof(fc.constant(''), path),
      )
      .map(([address, query]) => (query === '' ? address : `${address}?${query}`)),
    headers: fc.array(header, { maxLength: 4 }),
    body: fc.oneof(
      bytes,
      json.map((value) => Buffer.from(JSON.stringify(value))),
    ),
  })
  await fc.assert(
    fc.asyncProperty(call, async (sent) => {
      const answer = await send({ ...sent, headers: sent.headers })
      expectCalm(answer, { ...sent, body: sent.body.toString('latin1') })
      if (sent.target.startsWith('/api') && answer.status >= 400 && answer.body !== '')
        expect(JSON.parse(answer.body), JSON.stringify(sent)).toMatchObject({ status: answer.status, code: expect.any(String) })
    }),
    { numRuns: 600, seed },
  )
}, 60_000)

test('a head with bytes changed, put in or taken out anywhere is answered or dropped, and the next caller is served', async () => {
  const whole = (name: string) =>
    Buffer.from(
      `POST /g/${name}/v1/x?y=1 HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${tokens.crm}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
    )
  const change = fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'put', 'take'))
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('crm', 'openai'), fc.array(change, { minLength: 1, maxLength: 4 }), async (name, changes) => {
      let sent: Buffer = whole(name)
      for (const [where, byte, how] of changes) {
        // The token is most of it, and the least interesting.
        const place = where % 3 === 0 ? where % sent.length : where % 60
        const rest = sent.subarray(how === 'put' ? place : place + 1)
        sent = Buffer.concat([sent.subarray(0, place), how === 'take' ? Buffer.alloc(0) : Buffer.from([byte]), rest])
      }
      const text = await sendRaw(keyward.origin, sent, 150)
      if (text !== '') expect(parseAnswer(text)?.status ?? 400, JSON.stringify(sent.toString('latin1'))).not.toBe(500)
    }),
    { numRuns: 400, seed },
  )
  expect((await fetch(`${keyward.origin}/readyz`)).status).toBe(200)
}, 60_000)
