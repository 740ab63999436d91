import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { fakeAnthropicKey, startFakeAnthropic } from '@keyward/testkit/anthropic/server'
import { type Behaviour, behaviourHeader, type EchoForm } from '@keyward/testkit/fake/behaviour'
import { encodeAs } from '@keyward/testkit/fake/echo'
import { readRequestLog } from '@keyward/testkit/fake/log'
import type { Fake } from '@keyward/testkit/fake/server'
import { fakeHttpApiKey, startFakeHttpApi } from '@keyward/testkit/http-api/server'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

let fake: Fake
const folder = mkdtempSync(join(tmpdir(), 'kw-testkit-'))
const logFile = join(folder, 'requests.jsonl')

beforeAll(async () => {
  fake = await startFakeOpenai({ logFile, control: true })
})
beforeEach(() => {
  fake.behaviours.healthy()
  fake.log.clear()
})
afterAll(async () => {
  await fake.stop()
  rmSync(folder, { recursive: true })
})

function ask(fields: object = {}, init: RequestInit = {}): Promise<Response> {
  return fetch(`${fake.origin}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${fakeOpenaiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello there' }], ...fields }),
    ...init,
  })
}

/** One request over a bare socket; everything that came back until the connection ended or `enough` says so. */
async function raw(
  enough: (text: string) => boolean = () => false,
  fields: object = {},
  origin = fake.origin,
): Promise<{ text: string; chunks: Buffer[]; error: string | null }> {
  const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello there' }], ...fields })
  const socket = connect(Number(new URL(origin).port), '127.0.0.1')
  const chunks: Buffer[] = []
  let error: string | null = null
  socket.on('error', (failure: NodeJS.ErrnoException) => {
    error = failure.code ?? failure.message
  })
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    if (enough(Buffer.concat(chunks).toString('latin1'))) socket.destroy()
  })
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: fake\r\nauthorization: Bearer ${fakeOpenaiKey}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  await once(socket, 'close').catch(() => {})
  return { text: Buffer.concat(chunks).toString('latin1'), chunks, error }
}

describe('a fake can be made to fail in each way that a real upstream does', () => {
  test('it dies before the head, or after so many bytes, by end or by reset; the log says that the fake cut it', async () => {
    fake.behaviours.always({ destroyAfterBytes: 0 })
    await expect(ask()).rejects.toThrow('fetch failed')
    fake.behaviours.always({ destroyAfterBytes: 100 })
    const response = await ask({ stream: true })
    await expect(response.text()).rejects.toThrow('terminated')
    fake.behaviours.always({ destroyAfterBytes: 100, reset: true })
    const died = await raw(undefined, { stream: true })
    expect(died.error).toBe('ECONNRESET')
    await fake.log.until((entries) => entries.length === 3 && entries.every((entry) => entry.outcome === 'cut'))
    expect(fake.log.entries.map((entry) => entry.bytesSent)).toEqual([0, 100, 100])
  })

  test('it never answers, or goes silent after the head; a client that leaves is logged as aborted', async () => {
    for (const behaviour of [
      { hang: 'before_head' },
      { hang: 'after_head' },
      { stallAfterBytes: 50 },
      { requestBody: 'stall' },
    ] satisfies Behaviour[]) {
      fake.log.clear()
      fake.behaviours.always(behaviour)
      const leave = new AbortController()
      const asked = ask({ stream: true }, { signal: leave.signal }).then((response) => response.text())
      const outcome = expect(asked).rejects.toThrow()
      await fake.log.until((entries) => entries.length === 1)
      leave.abort()
      await outcome
      const [entry] = await fake.log.until((entries) => entries[0]?.outcome === 'aborted')
      expect(entry?.outcome).toBe('aborted')
    }
  })

  test('it goes silent after some bytes, the connection open', async () => {
    fake.behaviours.always({ stallAfterBytes: 50 })
    const { text } = await raw((seen) => (seen.split('\r\n\r\n')[1] ?? '').length >= '32\r\n'.length + 50, { stream: true })
    expect(text).toContain('\r\n\r\n32\r\ndata: {')
    const [entry] = await fake.log.until((entries) => entries[0]?.outcome === 'aborted')
    expect(entry?.bytesSent).toBe(50)
  })

  test('it answers before it has read the request, or never reads it: the sender feels back-pressure', async () => {
    const upload = async (behaviour: Behaviour): Promise<Socket> => {
      fake.behaviours.always(behaviour)
      const socket = connect(fake.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(`POST /v1/files HTTP/1.1\r\nhost: fake\r\nauthorization: Bearer ${fakeOpenaiKey}\r\ncontent-length: 100000000\r\n\r\n`)
      await fake.log.until((entries) => entries.length === 1)
      return socket
    }
    const early = await upload({ requestBody: 'ignore' })
    const [answer] = (await once(early, 'data')) as [Buffer]
    expect(answer.toString()).toContain('HTTP/1.1 400')
    early.destroy()
    fake.log.clear()
    const stalled = await upload({ requestBody: 'stall' })
    const chunk = Buffer.alloc(1024 * 1024)
    let sent = 0
    while (sent < 64 && stalled.write(chunk)) sent += 1
    expect(stalled.writableNeedDrain).toBe(true)
    stalled.destroy()
  })

  test('truncated JSON under honest framing, a wrong length, garbage after the end', async () => {
    fake.behaviours.always({ truncateAfterBytes: 40 })
    const short = await ask()
    expect(short.headers.get('content-length')).toBe('40')
    await expect(short.json()).rejects.toThrow(SyntaxError)
    fake.behaviours.always({ contentLengthDelta: 5, connectionClose: true })
    await expect(ask().then((response) => response.text())).rejects.toThrow('terminated')
    fake.behaviours.always({ trailingGarbage: '}garbage' })
    expect((await (await ask()).text()).endsWith('}}garbage')).toBe(true)
  })

  test('each nth request is refused, on one path alone', async () => {
    fake.behaviours.when({ path: '/v1/chat', everyNth: 3, behaviour: { fault: 'rate_limited', retryAfterSeconds: 7 } })
    const statuses: number[] = []
    for (let number = 0; number < 6; number += 1) statuses.push((await ask()).status)
    expect(statuses).toEqual([200, 200, 429, 200, 200, 429])
    expect((await fetch(`${fake.origin}/v1/models`, { headers: { authorization: `Bearer ${fakeOpenaiKey}` } })).status).toBe(200)
  })

  test('delays: the first byte and each later one wait', async () => {
    fake.behaviours.always({ firstByteDelayMs: 40, pieceBytes: 200, pieceDelayMs: 5 })
    const started = performance.now()
    await (await ask({ stream: true })).text()
    expect(performance.now() - started).toBeGreaterThan(40)
  })

  test('redirects to another origin and sets cookies', async () => {
    fake.behaviours.always({ redirectTo: 'http://127.0.0.1:1/steal', setCookie: 'sid=1; Path=/' })
    const response = await ask({}, { redirect: 'manual' })
    expect(response.status).toBe(307)
    expect(response.headers.get('location')).toBe('http://127.0.0.1:1/steal')
    expect(response.headers.getSetCookie()).toEqual(['sid=1; Path=/'])
  })

  test.each([
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
    ['deflate', inflateSync],
  ] as const)('%s, of JSON and of a stream that stays live', async (encoding, decode) => {
    fake.behaviours.always({ encoding })
    const plain = await raw((text) => text.endsWith('0\r\n\r\n'))
    expect(JSON.parse(decode(unchunked(plain.chunks)).toString())).toMatchObject({ object: 'chat.completion' })
    const stream = await raw((text) => text.endsWith('0\r\n\r\n'), { stream: true })
    expect(decode(unchunked(stream.chunks)).toString().endsWith('data: [DONE]\n\n')).toBe(true)
    const events = await ask({ stream: true })
    expect((await events.text()).endsWith('data: [DONE]\n\n')).toBe(true)
  })

  test('HTTP/1.0, informational answers, raw bytes, trailers', async () => {
    fake.behaviours.always({ httpVersion: '1.0' })
    const old = await raw()
    expect(old.text.startsWith('HTTP/1.0 200')).toBe(true)
    expect(JSON.parse(old.text.split('\r\n\r\n')[1] ?? '')).toMatchObject({ object: 'chat.completion' })
    fake.behaviours.always({ informational: [100, 102, 103] })
    const early = await raw((text) => text.includes('chat.completion'))
    expect([...early.text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).toEqual(['100', '102', '103', '200'])
    fake.behaviours.always({ raw: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok' })
    await expect(ask()).rejects.toThrow('fetch failed')
    fake.behaviours.always({ trailers: { 'x-late': 'yes' } })
    expect((await raw((text) => text.includes('x-late: yes'))).text).toContain('x-late: yes')
  })

  test('huge bodies and heads are really sent', async () => {
    fake.behaviours.always({ padBytes: 5_000_000 })
    expect((await (await ask()).text()).length).toBeGreaterThan(5_000_000)
    const stream = await (await ask({ stream: true })).text()
    expect(stream.length).toBeGreaterThan(5_000_000)
    fake.behaviours.always({ hugeHeaderBytes: 100_000 })
    await expect(ask()).rejects.toThrow('fetch failed')
  })

  test('usage is left out, or lies, in JSON and in the stream', async () => {
    fake.behaviours.always({ noUsage: true })
    expect(await (await ask()).json()).not.toHaveProperty('usage')
    expect(await (await ask({ stream: true, stream_options: { include_usage: true } })).text()).not.toContain('usage')
    fake.behaviours.always({ usageReported: { completion_tokens: -5 } })
    expect(await (await ask()).json()).toMatchObject({ usage: { completion_tokens: -5 } })
    expect(fake.log.entries.at(-1)?.usage).toMatchObject({ completion_tokens: 6 })
  })

  test('pieces lie over the borders of words and of usage', async () => {
    fake.behaviours.always({ pieceBytes: 7 })
    const whole = await (await ask({ stream: true, stream_options: { include_usage: true } })).text()
    expect(whole).toContain('"prompt_tokens":')
    const { text } = await raw((seen) => seen.endsWith('0\r\n\r\n'), { stream: true })
    expect(text).toContain('\r\n7\r\n')
  })

  test("one request's own header steers it alone", async () => {
    const headers = {
      authorization: `Bearer ${fakeOpenaiKey}`,
      [behaviourHeader]: JSON.stringify({ fault: 'unavailable' } satisfies Behaviour),
    }
    expect((await ask({}, { headers })).status).toBe(503)
    expect((await ask()).status).toBe(200)
  })
})

describe('a fake gives its credential away when told to', () => {
  test.each(['body', 'base64', 'base64url', 'base64_shifted', 'percent', 'hex', 'json_escaped'] satisfies EchoForm[])(
    '%s, in JSON and in a stream',
    async (form) => {
      fake.behaviours.always({ echo: [form] })
      expect(await (await ask()).text()).toContain(encodeAs(form, fakeOpenaiKey))
      expect(await (await ask({ stream: true })).text()).toContain(encodeAs(form, fakeOpenaiKey))
    },
  )

  test('split: over two writes, so that neither holds it', async () => {
    fake.behaviours.always({ echo: ['split'], pieceDelayMs: 5 })
    const { text } = await raw((seen) => seen.endsWith('0\r\n\r\n'), { stream: true })
    expect(text).not.toContain(fakeOpenaiKey)
    expect(unchunked([Buffer.from(text, 'latin1')]).toString()).toContain(fakeOpenaiKey)
  })

  test('two_deltas: half in each of two events', async () => {
    fake.behaviours.always({ echo: ['two_deltas'] })
    const text = await (await ask({ stream: true })).text()
    expect(text).not.toContain(fakeOpenaiKey)
    const said = [...text.matchAll(/"content":"([^"]*)"/g)].map((match) => match[1]).join('')
    expect(said).toContain(fakeOpenaiKey)
  })

  test('in headers, cookie, location, status message, trailer and error', async () => {
    fake.behaviours.always({ echo: ['header', 'cookie', 'location', 'status_message', 'trailer'] })
    const { text } = await raw((seen) => seen.includes('x-debug-key'))
    expect(text).toContain(`HTTP/1.1 200 ${fakeOpenaiKey}`)
    expect(text).toContain(`x-debug-authorization: Bearer ${fakeOpenaiKey}`)
    expect(text).toContain(`session=${fakeOpenaiKey}`)
    expect(text).toContain(`?key=${fakeOpenaiKey}`)
    expect(text).toContain(`x-debug-key: ${fakeOpenaiKey}`)
    fake.behaviours.always({ echo: ['error'] })
    expect(await (await ask()).json()).toMatchObject({ error: { message: `Cannot serve a request made with ${fakeOpenaiKey}.` } })
  })

  test('the Anthropic and the plain fake do so too', async () => {
    const anthropic = await startFakeAnthropic()
    anthropic.behaviours.always({ echo: ['body'] })
    const answer = await fetch(`${anthropic.origin}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': fakeAnthropicKey, 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model: 'claude-haiku-4-5', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }),
    })
    expect(await answer.text()).toContain(fakeAnthropicKey)
    await anthropic.stop()
    const crm = await startFakeHttpApi({ keyHeader: 'X-CRM-Key' })
    crm.behaviours.always({ echo: ['body'] })
    expect(await (await fetch(`${crm.origin}/echo`, { headers: { 'x-crm-key': fakeHttpApiKey } })).text()).toContain(fakeHttpApiKey)
    await crm.stop()
  })
})

describe('the log is evidence', () => {
  test('what reached the fake is in the file before it answers, with the key named and not shown', async () => {
    fake.behaviours.always({ hang: 'before_head' })
    const leave = new AbortController()
    const asked = ask({}, { signal: leave.signal, headers: { authorization: `Bearer ${fakeOpenaiKey}`, 'x-mark': 'evidence' } }).catch(
      () => null,
    )
    await fake.log.until((entries) => entries.length === 1)
    const before = readRequestLog(logFile).find((entry) => entry.headers['x-mark'] === 'evidence')
    expect(before).toMatchObject({ outcome: 'open', path: '/v1/chat/completions', headers: { authorization: `Bearer [${before?.keyId}]` } })
    leave.abort()
    await asked
    await fake.log.until((entries) => entries[0]?.outcome === 'aborted')
    expect(readRequestLog(logFile).find((entry) => entry.id === before?.id)).toMatchObject({ outcome: 'aborted' })
  })

  test('another process steers and reads a fake; a request that carries a credential never can', async () => {
    const control = (method: string, path: string, body?: unknown): Promise<Response> =>
      fetch(`${fake.origin}/__fake/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    await control('PUT', 'behaviour', { fault: 'quota' } satisfies Behaviour)
    expect((await ask()).status).toBe(429)
    await control('DELETE', 'behaviour')
    await control('POST', 'keys', { secret: 'sk-proj-FAKE-other-process', project: 'p2' })
    expect((await ask({}, { headers: { authorization: 'Bearer sk-proj-FAKE-other-process' } })).status).toBe(200)
    expect(await (await control('GET', 'log')).json()).toMatchObject([{ status: 429 }, { status: 200, project: 'p2' }])
    const through = await fetch(`${fake.origin}/__fake/log`, { headers: { authorization: `Bearer ${fakeOpenaiKey}` } })
    expect(through.status).toBe(404)
    expect(fake.log.entries.at(-1)?.path).toBe('/__fake/log')
  })
})

describe('the plain HTTP API', () => {
  test('serves tenants apart from each other and shows what it received without the key', async () => {
    const crm = await startFakeHttpApi()
    const call = (method: string, path: string, body?: unknown): Promise<Response> =>
      fetch(crm.origin + path, {
        method,
        headers: { authorization: `Bearer ${fakeHttpApiKey}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    expect(await (await call('GET', '/tenants/acme/accounts/acme-1')).json()).toMatchObject({ tenant: 'acme', plan: 'enterprise' })
    expect((await call('GET', '/tenants/globex/accounts/acme-1')).status).toBe(404)
    expect((await call('PATCH', '/tenants/acme/accounts/acme-1', { plan: 'free' })).status).toBe(200)
    const made = await call('POST', '/tenants/acme/accounts', { name: 'New' })
    expect(made.status).toBe(201)
    expect((await call('DELETE', made.headers.get('location') ?? '')).status).toBe(204)
    expect((await call('POST', '/tenants/acme/accounts', {})).status).toBe(422)
    const echo = await (await call('POST', '/echo?x=1', { a: 1 })).text()
    expect(JSON.parse(echo)).toMatchObject({ method: 'POST', query: { x: '1' }, body: '{"a":1}' })
    expect(echo).not.toContain(fakeHttpApiKey)
    expect((await fetch(`${crm.origin}/tenants`)).status).toBe(401)
    await crm.stop()
  })
})

/** The body of a chunked HTTP/1.1 answer. */
function unchunked(chunks: Buffer[]): Buffer {
  const whole = Buffer.concat(chunks)
  let at = whole.indexOf('\r\n\r\n') + 4
  const parts: Buffer[] = []
  for (;;) {
    const lineEnd = whole.indexOf('\r\n', at)
    const size = Number.parseInt(whole.subarray(at, lineEnd).toString('latin1'), 16)
    if (!(size > 0)) return Buffer.concat(parts)
    parts.push(whole.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}
