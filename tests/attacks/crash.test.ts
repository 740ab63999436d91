import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Estate, makeEstate } from '../support/estate.ts'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { type RawUpstream, sendAndReset, sendRaw, startRawUpstream } from './raw.ts'

/* A crash ends every call of everybody: nobody who can reach the port, and no upstream, may bring the process down. */

const secret = 'sk-FAKE-crash-0123456789abcdef0123456789'
let keyward: KeywardProcess
let upstream: RawUpstream
let estate: Estate
let llm: string
let plain: string

beforeAll(async () => {
  ;[keyward, upstream] = await Promise.all([startKeyward(), startRawUpstream()])
  estate = await makeEstate(keyward, [
    { name: 'openai', provider: 'openai', upstream: upstream.origin, secret },
    { name: 'crm', kind: 'http', upstream: upstream.origin, secret: `${secret}-crm`, authority: ['consume', 'modify'] },
  ])
  llm = await estate.token(await estate.grant('openai'))
  plain = await estate.token(await estate.grant('crm', { scope: { methods: ['GET', 'POST'], paths: ['/anything', '/x'] } }))
}, 60_000)
afterAll(async () => {
  await keyward.kill()
  await upstream.stop()
})

async function expectAlive(what: string): Promise<void> {
  const status = await fetch(`${keyward.origin}/healthz`).then(
    (response) => response.status,
    (error: unknown) => String(error),
  )
  expect(`${what}: ${status} ${keyward.process.exitCode}\n${keyward.process.exitCode === null ? '' : keyward.log().slice(-1500)}`).toBe(
    `${what}: 200 null\n`,
  )
}

test('a client that asks for a tunnel or another protocol and then resets the connection does not end the process', async () => {
  const host = new URL(keyward.origin).host
  const heads = [
    `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    `GET /g/openai/v1/models HTTP/1.1\r\nHost: ${host}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n`,
    'NONSENSE\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: ${host}\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`,
    `POST /oauth2/token HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5000\r\n\r\ngrant`,
    `POST /g/openai/v1/chat/completions HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${llm}\r\nContent-Length: 5000\r\n\r\n{"mod`,
  ]
  for (const head of heads) {
    for (let round = 0; round < 25; round++) await sendAndReset(keyward.origin, head)
    await expectAlive(head.slice(0, 40))
  }
}, 60_000)

test('an upstream whose answer has bytes that no header may have is an error of that call, not the end of the process', async () => {
  const body = '{"object":"x"}'
  const heads: Record<string, string> = {
    utf8: 'HTTP/1.1 200 OK\r\ncontent-type: TYPE\r\nx-name: \xe4\xb8\xad\xe6\x96\x87\r\n',
    latin1: 'HTTP/1.1 200 OK\r\ncontent-type: TYPE\r\nx-name: caf\xe9 \xff\r\n',
    tab: 'HTTP/1.1 200 OK\r\ncontent-type: TYPE\r\nx-name: a\tb\r\n',
    del: 'HTTP/1.1 200 OK\r\ncontent-type: TYPE\r\nx-name: a\x7fb\r\n',
    control: 'HTTP/1.1 200 OK\r\ncontent-type: TYPE\r\nx-name: a\x01b\r\n',
    nul: 'HTTP/1.1 200 OK\r\ncontent-type: TYPE\r\nx-name: a\x00b\r\n',
    bareCr: 'HTTP/1.1 200 OK\r\ncontent-type: TYPE\r\nx-name: a\rb\r\n',
    folded: 'HTTP/1.1 200 OK\r\ncontent-type: TYPE\r\nx-name: a\r\n b\r\n',
    status999: 'HTTP/1.1 999 Odd\r\ncontent-type: TYPE\r\n',
    status099: 'HTTP/1.1 099 Odd\r\ncontent-type: TYPE\r\n',
    status600: 'HTTP/1.1 600 \xff\xfe\r\ncontent-type: TYPE\r\n',
    switching: 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n',
    name: "HTTP/1.1 200 OK\r\ncontent-type: TYPE\r\nx'!#$%&*+-.^_`|~: a\r\n",
    gzip: 'HTTP/1.1 200 OK\r\ncontent-type: TYPE\r\ncontent-encoding: gzip\r\nx-name: \xe4\xb8\xad\r\n',
    trailerName: 'HTTP/1.1 200 OK\r\ncontent-type: TYPE\r\ntrailer: x\r\n',
    typeBytes: 'HTTP/1.1 200 OK\r\ncontent-type: TYPE; a=\xe4\xb8\xad\r\n',
    proto: 'HTTP/1.1 200 OK\r\ncontent-type: TYPE\r\n__proto__: a\r\nconstructor: b\r\n',
    many: `HTTP/1.1 200 OK\r\ncontent-type: TYPE\r\n${'x: y\r\n'.repeat(500)}`,
  }
  for (const [name, head] of Object.entries(heads)) {
    for (const type of ['application/json', 'text/event-stream']) {
      for (const framing of ['length', 'close', 'two']) {
        upstream.answer = (socket) => {
          const text = type === 'application/json' ? body : `data: ${body}\n\n`
          const start = head.replace('TYPE', type)
          if (framing === 'length') socket.end(Buffer.from(`${start}content-length: ${text.length}\r\n\r\n${text}`, 'latin1'))
          else if (framing === 'close') socket.end(Buffer.from(`${start}connection: close\r\n\r\n${text}`, 'latin1'))
          else {
            socket.write(Buffer.from(`${start}connection: close\r\n\r\n`, 'latin1'))
            setTimeout(() => socket.end(text), 15)
          }
        }
        for (const [token, path] of [
          [llm, '/g/openai/v1/chat/completions'],
          [plain, '/g/crm/anything'],
        ] as const) {
          const response = await fetch(`${keyward.origin}${path}`, {
            method: 'POST',
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
            body: JSON.stringify({
              model: 'gpt-4.1-mini',
              stream: type !== 'application/json',
              messages: [{ role: 'user', content: 'x' }],
            }),
            signal: AbortSignal.timeout(5_000),
          }).catch((error: unknown) => error as Error)
          if (response instanceof Response) await response.text().catch(() => '')
          else expect(`${name} ${type} ${framing} ${path}: ${response.name}`).not.toContain('TimeoutError')
        }
        await expectAlive(`${name} ${type} ${framing}`)
      }
    }
  }
}, 120_000)

test('what a client sends as its head never ends the process', async () => {
  const host = new URL(keyward.origin).host
  const bearer = `Authorization: Bearer ${plain}`
  const heads = [
    `GET http://${host}/g/crm/x HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\n\r\n`,
    `GET /g/crm/\xff\xfe HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\n\r\n`,
    `GET /g/crm/x HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\nX-Name: caf\xe9 \xff\r\n\r\n`,
    `GET /g/crm/x HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\nUser-Agent: \xe4\xb8\xad\r\n\r\n`,
    `GET /g/crm/x HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\nTE: trailers\r\nTrailer: a\r\n\r\n`,
    `GET /g/crm/x HTTP/1.0\r\nHost: ${host}\r\n${bearer}\r\n\r\n`,
    `GET /g/crm/x HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\nContent-Length: 3\r\n\r\nabc`,
    `HEAD /g/crm/x HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\nContent-Length: 3\r\n\r\nabc`,
    `GET /g/crm/x HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    `POST /g/crm/x HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n`,
    `POST /g/crm/x HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\nContent-Length: 70000\r\n\r\n${'a'.repeat(100)}`,
    `POST /g/crm/x HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    `POST /g/crm/x HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`,
    `POST /g/crm/x HTTP/1.1\r\nHost: ${host}\r\n${bearer}\r\nExpect: something\r\nContent-Length: 3\r\n\r\nabc`,
    `OPTIONS * HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    `GET //g/crm/x HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: \r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: [::1\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: a b\r\n\r\n`,
    `GET /api/v1/me HTTP/1.1\r\nHost: ${host}\r\nCookie: ${'a=b;'.repeat(5000)}\r\n\r\n`,
    `GET /%ff%00 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    `TRACE / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    `GET http:// HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    `GET /api/v1/credentials?limit=%ff&__proto__=1 HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
  ]
  upstream.answer = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
  for (const head of heads) {
    await sendRaw(keyward.origin, Buffer.from(head, 'latin1'), 300)
    await sendAndReset(keyward.origin, head)
    await expectAlive(head.slice(0, 150))
  }
}, 60_000)
