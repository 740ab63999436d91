import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Estate, makeEstate } from '../support/estate.ts'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { testDatabase } from '../support/postgres.ts'
import { type RawUpstream, startRawUpstream } from './raw.ts'

/*
 * A body of a million chunks of one byte each is a megabyte to a limit, and a hundred to whoever keeps each chunk as it came: with a few
 * connections of it anybody who reaches the port could end the process.
 */

const mebibyte = 1_048_576
let keyward: KeywardProcess
let upstream: RawUpstream
let estate: Estate

beforeAll(async () => {
  const database = await testDatabase()
  ;[keyward, upstream] = await Promise.all([startKeyward({ databaseUrl: database.url }), startRawUpstream()])
  estate = await makeEstate(keyward, [
    { name: 'crm', kind: 'http', upstream: upstream.origin, secret: 'FAKE-EXAMPLE-dribble-0123456789', authority: ['consume', 'modify'] },
    { name: 'openai', provider: 'openai', upstream: upstream.origin, secret: 'sk-FAKE-dribble-0123456789abcdef01234567' },
  ])
}, 60_000)
afterAll(async () => {
  await keyward.kill()
  await upstream.stop()
})

function residentBytes(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${keyward.pid}/status`, 'utf8'))?.[1]) * 1024
}

/** Sends `bytes` bytes of body, a byte a chunk, and stops there: the request never ends. Resolves when all of it was taken, or it was broken off. */
function dribble(path: string, headers: string, bytes: number): Promise<() => void> {
  const { hostname, port, host } = new URL(keyward.origin)
  const piece = Buffer.from('1\r\n[\r\n'.repeat(10_000))
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(`POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}Transfer-Encoding: chunked\r\n\r\n`)
      let left = bytes / 10_000
      const step = () => {
        if (left-- > 0) socket.write(piece, step)
        else resolve(() => socket.destroy())
      }
      step()
    })
    socket.resume()
    socket.on('error', () => resolve(() => undefined))
    socket.on('close', () => resolve(() => undefined))
  })
}

test('what is kept of a body is its bytes, however it is cut: at the gateway, the token service and the ways in', async () => {
  const token = await estate.token(await estate.grant('openai'))
  const before = residentBytes()
  const json = 'Content-Type: application/json\r\n'
  const ends = await Promise.all([
    ...Array.from({ length: 4 }, () => dribble('/g/openai/v1/chat/completions', `${json}Authorization: Bearer ${token}\r\n`, 1_000_000)),
    ...Array.from({ length: 8 }, () => dribble('/api/v1/sign-in/password', json, 1_000_000)),
    ...Array.from({ length: 4 }, () => dribble('/oauth2/token', 'Content-Type: application/x-www-form-urlencoded\r\n', 60_000)),
  ])
  await expect.poll(async () => (await fetch(`${keyward.origin}/readyz`)).status, { timeout: 20_000 }).toBe(200)
  const kept = residentBytes() - before
  for (const end of ends) end()
  // What is kept is 16 MB at most; the rest is what the collector had not yet come to.
  expect(kept).toBeLessThan(400 * mebibyte)
}, 60_000)

test('a body that is written word by word is read as any other', async () => {
  const token = await estate.token(await estate.grant('openai'))
  upstream.answer = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
  const body = JSON.stringify({ model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'word '.repeat(8_000) }] })
  const words = body.match(/.{1,5}/gs) ?? []
  const response = await fetch(`${keyward.origin}/g/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: new ReadableStream({
      start(controller) {
        for (const word of words) controller.enqueue(Buffer.from(word))
        controller.close()
      },
    }),
    duplex: 'half',
  } as RequestInit)
  expect(response.status).toBe(200)
  expect(upstream.received.at(-1)).toContain(body)
})

test('an upload that is cut to dust is refused, and nobody else is: the node hears on', async () => {
  const token = await estate.token(await estate.grant('crm', { scope: { methods: ['POST'], paths: ['/**'] } }))
  await expect.poll(async () => (await fetch(`${keyward.origin}/readyz`)).status, { timeout: 20_000 }).toBe(200)
  const before = residentBytes()
  const ends = await Promise.all(Array.from({ length: 4 }, () => dribble('/g/crm/upload', `Authorization: Bearer ${token}\r\n`, 1_000_000)))
  expect((await fetch(`${keyward.origin}/readyz`)).status).toBe(200)
  for (const end of ends) end()
  expect(residentBytes() - before).toBeLessThan(150 * mebibyte)
  await expect
    .poll(
      async () => JSON.stringify((await keyward.api<{ items: unknown[] }>('GET', '/api/v1/usage')).items).match(/client_abort/g)?.length,
      {
        timeout: 10_000,
      },
    )
    .toBe(4)
}, 60_000)

test('an upload in small pieces reaches the upstream whole', async () => {
  const token = await estate.token(await estate.grant('crm', { scope: { methods: ['POST'], paths: ['/**'] } }))
  upstream.answer = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok')
  const before = upstream.received.length
  const response = await fetch(`${keyward.origin}/g/crm/upload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: new ReadableStream({
      start(controller) {
        for (let i = 0; i < 30_000; i++) controller.enqueue(Buffer.from(`${String(i).padStart(9, '0')},`))
        controller.close()
      },
    }),
    duplex: 'half',
  } as RequestInit)
  expect(response.status).toBe(200)
  const got = upstream.received
    .slice(before)
    .join('')
    .split('\r\n\r\n')
    .slice(1)
    .join('')
    .replaceAll(/\r\n[0-9a-f]+\r\n|^[0-9a-f]+\r\n|\r\n0$/g, '')
  expect(got).toBe(Array.from({ length: 30_000 }, (_, i) => `${String(i).padStart(9, '0')},`).join(''))
})
