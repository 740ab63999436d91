import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Estate, makeEstate } from '../support/estate.ts'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { testDatabase } from '../support/postgres.ts'
import { parseAnswer } from './answer.ts'
import { type RawUpstream, sendRaw, startRawUpstream } from './raw.ts'

/*
 * An upstream that was taken over, or was never what it said: whatever it sends costs one call, bounded in time and bytes, and says nothing to
 * a browser or a cache in our name.
 */

const secret = 'sk-FAKE-hostile-0123456789abcdef01234567'
const mebibyte = 1_048_576
let keyward: KeywardProcess
let upstream: RawUpstream
let estate: Estate
let host: string
let llm: string
let plain: string

beforeAll(async () => {
  const database = await testDatabase()
  ;[keyward, upstream] = await Promise.all([startKeyward({ databaseUrl: database.url }), startRawUpstream()])
  const limits = { first_byte_seconds: 2, call_seconds: 4, response_bytes: mebibyte }
  estate = await makeEstate(keyward, [
    { name: 'openai', provider: 'openai', upstream: upstream.origin, secret, limits },
    { name: 'crm', kind: 'http', upstream: upstream.origin, secret: `${secret}-crm`, limits },
  ])
  host = new URL(keyward.origin).host
  llm = await estate.token(await estate.grant('openai'))
  plain = await estate.token(await estate.grant('crm', { scope: { methods: ['GET', 'HEAD', 'POST'], paths: ['/**'] } }))
}, 60_000)
afterAll(async () => {
  await keyward.kill()
  await upstream.stop()
})
/** Nothing is left running, and the process stands. */
afterEach(async () => {
  expect(keyward.process.exitCode).toBeNull()
  expect((await fetch(`${keyward.origin}/readyz`)).status).toBe(200)
})

const chatBody = (stream: boolean) => JSON.stringify({ model: 'gpt-4.1-mini', stream, messages: [{ role: 'user', content: 'x' }] })

/** What came back from one call, as text; empty where the connection was broken off at once. */
async function call(resource: 'openai' | 'crm', { stream = false, method = 'POST' } = {}): Promise<string> {
  const body = method === 'POST' ? chatBody(stream) : ''
  const path = resource === 'openai' ? '/g/openai/v1/chat/completions' : '/g/crm/x'
  const token = resource === 'openai' ? llm : plain
  const length = method === 'POST' ? `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n` : ''
  return await sendRaw(
    keyward.origin,
    `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n${length}\r\n${body}`,
    10_000,
  )
}

/** Writes as fast as it is taken, until the other side has had enough. */
function flood(socket: Socket, piece: string | Buffer): void {
  const write = () => {
    while (!socket.destroyed && socket.write(piece));
  }
  socket.on('drain', write)
  write()
}

function residentBytes(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${keyward.pid}/status`, 'utf8'))?.[1]) * 1024
}

const head = (type: string, more = '') => `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n${more}\r\n`
const chunked = 'transfer-encoding: chunked\r\n'

const floods: Record<string, (socket: Socket) => void> = {
  'a head without end': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n')
    flood(socket, 'x-more: and more\r\n'.repeat(100))
  },
  'one header without end': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nx-long: ')
    flood(socket, 'a'.repeat(10_000))
  },
  'interim answers without end': (socket) => flood(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n'.repeat(50)),
  'status lines without end': (socket) => flood(socket, 'HTTP/1.1 '.repeat(100)),
  'nothing, ever': () => undefined,
  'a chunk extension without end': (socket) => {
    socket.write(head('application/json', chunked))
    socket.write('1;x=')
    flood(socket, 'a'.repeat(10_000))
  },
  'chunks with long extensions': (socket) => {
    socket.write(head('application/json', chunked))
    flood(socket, `1;x=${'a'.repeat(5_000)}\r\na\r\n`)
  },
  'trailers without end': (socket) => {
    socket.write(`${head('application/json', chunked)}2\r\n{}\r\n0\r\n`)
    flood(socket, 'x-trailer: and more\r\n'.repeat(100))
  },
  'a body without end': (socket) => {
    socket.write(head('application/json', chunked))
    flood(socket, `2000\r\n${'{'.repeat(0x2000)}\r\n`)
  },
  'comment lines without end': (socket) => {
    socket.write(head('text/event-stream', chunked))
    flood(socket, `1000\r\n${':\n'.repeat(0x800)}\r\n`)
  },
  'one event without end, a byte at a time': (socket) => {
    socket.write(head('text/event-stream', chunked))
    flood(socket, '1\r\nx\r\n'.repeat(1_000))
  },
  'a body that is ten thousand times its size': (socket) => {
    const bomb = gzipSync(Buffer.alloc(64 * mebibyte))
    socket.write(head('application/json', `content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n`))
    socket.end(bomb)
  },
  'the same as events': (socket) => {
    const bomb = gzipSync(Buffer.alloc(64 * mebibyte, 'data: x\n\n'))
    socket.write(head('text/event-stream', `content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n`))
    socket.end(bomb)
  },
  'another protocol': (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
  'a body that is longer than it said, and stays open': (socket) =>
    socket.write(`${head('application/json', 'content-length: 4\r\n')}{}{}{"more":"${'x'.repeat(100_000)}"}`),
  'a body that is shorter than it said, and stays open': (socket) =>
    socket.write(`${head('application/json', 'content-length: 400\r\n')}{}`),
}

test.each(Object.entries(floods))(
  'an upstream that sends %s costs one call, within its time and bytes',
  async (name, answer) => {
    upstream.answer = answer
    const before = residentBytes()
    const stream = /event|comment/.test(name)
    for (const text of await Promise.all([call('openai', { stream }), call('crm')])) {
      // 1 MiB of body at most, however it was framed: six bytes of framing each where it came a byte at a time.
      expect(text.length).toBeLessThan(8 * mebibyte)
      const answered = parseAnswer(text)
      if (answered !== undefined) expect([200, 502, 504], text.slice(0, 300)).toContain(answered.status)
      // An answer that is not whole can't be taken for a whole one: it is broken off, or a stream says so.
      if (answered?.status === 200 && !/longer|trailers/.test(name) && answered.headers.get('content-type') === 'application/json')
        expect(text.endsWith('0\r\n\r\n') || answered.body.length === Number(answered.headers.get('content-length'))).toBe(false)
    }
    expect(residentBytes() - before).toBeLessThan(150 * mebibyte)
  },
  40_000,
)

test('an answer that comes a byte at a time arrives as it is, streamed or not', async () => {
  const dribble = (socket: Socket, text: string) => {
    let at = 0
    const step = () => {
      if (at < text.length) socket.write(text.slice(at, ++at), () => setImmediate(step))
      else socket.end()
    }
    step()
  }
  const body = JSON.stringify({ id: 'x', choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } })
  upstream.answer = (socket) => {
    socket.setNoDelay(true)
    dribble(socket, `${head('application/json', `content-length: ${body.length}\r\n`)}${body}`)
  }
  expect(parseAnswer(await call('openai'))).toMatchObject({ status: 200, body })
  const events = `data: ${body}\n\ndata: [DONE]\n\n`
  upstream.answer = (socket) => dribble(socket, `${head('text/event-stream', 'connection: close\r\n')}${events}`)
  expect(parseAnswer(await call('openai', { stream: true }))).toMatchObject({ status: 200, body: 'data: [DONE]\n\n' })
})

test('to HEAD, and with 204 and 304, no body comes back, whatever the upstream adds', async () => {
  for (const [method, status] of [
    ['HEAD', '200 OK'],
    ['GET', '204 No Content'],
    ['GET', '304 Not Modified'],
  ] as const) {
    upstream.answer = (socket) => socket.end(`HTTP/1.1 ${status}\r\ncontent-type: text/plain\r\ncontent-length: 6\r\n\r\nPOISON`)
    const text = await call('crm', { method })
    expect(text).not.toContain('POISON')
    upstream.answer = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nclean')
    expect(parseAnswer(await call('crm', { method: 'GET' }))?.body, `${method} ${status}`).toBe('clean')
  }
})

test('nothing that an upstream says to a browser or a cache is said in our name', async () => {
  const said = {
    'set-cookie': 'session=stolen; Path=/',
    'set-cookie2': 'a=b',
    'strict-transport-security': 'max-age=63072000; includeSubDomains; preload',
    'public-key-pins': 'pin-sha256="x"; max-age=1000',
    'clear-site-data': '"*"',
    'access-control-allow-origin': '*',
    'access-control-allow-credentials': 'true',
    'access-control-allow-private-network': 'true',
    'alt-svc': 'h3=":443"',
    'service-worker-allowed': '/',
    'content-security-policy': "default-src * 'unsafe-inline'",
    'x-frame-options': 'ALLOWALL',
    'cross-origin-resource-policy': 'cross-origin',
    'cross-origin-opener-policy': 'unsafe-none',
    'cross-origin-embedder-policy': 'unsafe-none',
    'referrer-policy': 'unsafe-url',
    'permissions-policy': 'camera=*',
    'timing-allow-origin': '*',
    nel: '{"report_to":"x","max_age":1}',
    'report-to': '{"group":"x"}',
    'reporting-endpoints': 'x="https://evil.example"',
    refresh: '0; url=https://evil.example',
    location: 'https://evil.example',
    'content-location': 'https://evil.example',
    link: '<https://evil.example>; rel=preload',
    sourcemap: 'https://evil.example',
    'speculation-rules': '"/rules.json"',
    'use-as-dictionary': 'match="/*"',
    'accept-ch': 'Sec-CH-UA-Full-Version',
    'www-authenticate': 'Basic realm="type your password"',
    'x-accel-redirect': '/etc/passwd',
    'x-sendfile': '/etc/passwd',
    expires: 'Thu, 01 Jan 2099 00:00:00 GMT',
    age: '0',
    pragma: 'cache',
    'surrogate-control': 'max-age=99999',
    'cdn-cache-control': 'max-age=99999',
    'keyward-error': 'none',
    'keyward-call-id': 'call_other',
    'openai-organization': 'org-of-the-owner',
    server: 'evil/1',
    via: '1.1 internal-host',
  }
  const lines = Object.entries(said).map(([name, value]) => `${name}: ${value}\r\n`)
  for (const stream of [false, true]) {
    const body = stream ? 'data: [DONE]\n\n' : '{}'
    upstream.answer = (socket) =>
      socket.end(
        `${head(stream ? 'text/event-stream' : 'text/html', `cache-control: public, max-age=31536000, immutable\r\n${lines.join('')}content-length: ${body.length}\r\nconnection: close\r\n`)}${body}`,
      )
    const answered = parseAnswer(await call('openai', { stream }))
    expect(answered?.status).toBe(200)
    for (const [name, value] of Object.entries(said)) expect(answered?.headers.get(name), name).not.toBe(value)
    expect(Object.fromEntries(answered?.headers ?? [])).toMatchObject({
      'cache-control': stream ? 'no-cache, no-transform' : 'private, no-cache',
      'content-security-policy': "sandbox; default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'keyward-call-id': expect.stringMatching(/^call_[0-9a-z]{26}$/),
    })
  }
})
