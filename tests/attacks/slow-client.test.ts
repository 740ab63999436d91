import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Estate, makeEstate } from '../support/estate.ts'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { testDatabase } from '../support/postgres.ts'

/* Connections are few and cost their holder nothing: whoever sends a request without ever ending it is let go, at every door. */

let keyward: KeywardProcess
let estate: Estate

beforeAll(async () => {
  const database = await testDatabase()
  keyward = await startKeyward({ databaseUrl: database.url })
  estate = await makeEstate(keyward, [
    { name: 'openai', provider: 'openai', upstream: 'http://127.0.0.1:1', secret: 'sk-FAKE-slow-0123456789abcdef01234567' },
  ])
}, 60_000)
afterAll(async () => {
  await keyward.kill()
})

/** Sends a head and then a byte a second. Resolves with the seconds until the other side closed. */
function held(head: string, piece: string): Promise<number> {
  const { hostname, port } = new URL(keyward.origin)
  const started = performance.now()
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(head))
    const timer = setInterval(() => socket.write(piece), 1_000)
    socket.resume()
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearInterval(timer)
      resolve((performance.now() - started) / 1000)
    })
  })
}

test('a body that never ends is given up: at the API, at the ways in, at the token service', async () => {
  const { host } = new URL(keyward.origin)
  const token = await keyward.login()
  const post = (path: string, type: string, more = '') =>
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ${type}\r\n${more}Content-Length: 5000\r\n\r\n`
  const held15 = await Promise.all([
    held(post('/oauth2/token', 'application/x-www-form-urlencoded'), 'a'),
    held(post('/oauth2/introspect', 'application/x-www-form-urlencoded'), 'a'),
    held(post('/api/v1/sign-in/link', 'application/json'), ' '),
    held(post('/api/v1/owners', 'application/json', `Authorization: Bearer ${token}\r\n`), ' '),
    // Refused before its body is looked at: nobody waits for the rest of it.
    held(post('/api/v1/owners', 'application/json'), ' '),
    held(post('/g/openai/v1/chat/completions', 'application/json'), ' '),
    held(post('/healthz', 'application/json'), ' '),
  ])
  for (const seconds of held15) expect(seconds).toBeLessThan(25)
  expect(keyward.log()).not.toMatch(/"level":[5-9]0/)
}, 60_000)

test.runIf(process.env.KEYWARD_DEEP === '1')(
  'a token that is good for a call holds no connection with half a body either',
  async () => {
    const { host } = new URL(keyward.origin)
    const token = await estate.token(await estate.grant('openai'))
    const head = `POST /g/openai/v1/chat/completions HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nContent-Length: 5000\r\n\r\n`
    expect(await held(head, ' ')).toBeLessThan(75)
  },
  100_000,
)
