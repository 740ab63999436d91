import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { enrolledKey } from '../../../sdk/src/workload-identity/enrolled-key.ts'
import { fakeOpenaiKey } from '../../../testkit/src/openai/server.ts'
import type { ActingAs } from '../../src/run/identity.ts'
import { type Sidecar, startSidecar } from '../../src/run/sidecar.ts'
import { SidecarKey } from '../../src/run/sidecar-key.ts'
import { TokenRefused, TokenSource } from '../../src/run/token-source.ts'
import { enrolmentOf, type Installation, startInstallation } from '../installation.ts'

let here: Installation
let openai: string
let upstream: Server
let store: string
/** What the upstream of kind http does with the next requests. */
let answer: (request: IncomingMessage, response: ServerResponse) => void
const sidecars: Sidecar[] = []
const sources: TokenSource[] = []
const slow = { timeout: 90_000 }

beforeAll(async () => {
  here = await startInstallation()
  openai = await here.resource('openai', 'llm', 'openai', here.openai.origin, fakeOpenaiKey)
  upstream = createServer((incoming, response) => answer(incoming, response)).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const origin = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  store = await here.resource('store', 'http', 'example', origin, 'FAKE-EXAMPLE-SECRET-OF-THE-STORE')
}, 120_000)
afterEach(async () => {
  vi.useRealTimers()
  for (const sidecar of sidecars.splice(0)) await sidecar.stop()
  for (const source of sources.splice(0)) await source.revoke(2_000)
})
afterAll(async () => {
  upstream?.closeAllConnections()
  upstream?.close()
  await here?.stop()
})

function acting(): ActingAs {
  const { origin, workload, key } = enrolmentOf(here)
  return { issuer: origin, identity: enrolledKey({ workload, key }) }
}

async function sidecarFor(name: string, grant: string): Promise<{ sidecar: Sidecar; source: TokenSource; said: string[] }> {
  const key = new SidecarKey()
  const source = new TokenSource(acting(), key, grant)
  const said: string[] = []
  const sidecar = await startSidecar({ resources: [{ name, source }], key, log: (line) => said.push(line) })
  sidecars.push(sidecar)
  sources.push(source)
  return { sidecar, source, said }
}

const chat = (sidecar: Sidecar, signal?: AbortSignal, more: Record<string, unknown> = {}) =>
  fetch(`${sidecar.origin}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sidecar.runKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', max_tokens: 20, messages: [{ role: 'user', content: 'pear' }], ...more }),
    ...(signal === undefined ? {} : { signal }),
  })
/** How often the node told a caller its nonce. */
const noncesAsked = async () => {
  const figures = await (await fetch(`${here.server.origin}/metrics`)).text()
  return Number(/^keyward_refusals_total\{[^}]*code="proof_nonce_required"[^}]*\} (\d+)/m.exec(figures)?.[1] ?? 0)
}
const auditOf = async (grant: string) =>
  (
    await here.server.api<{ items: { code: string | null; decision: string; token: string }[] }>(
      'GET',
      `/api/v1/audit?grant=${grant}&action=gateway.call`,
    )
  ).items

describe('tokens', () => {
  test('a token is renewed when three quarters of its life are over, and calls go on with the new one', slow, async () => {
    const grant = await here.grant(openai, { ttl_seconds: 30 })
    const { sidecar, source } = await sidecarFor('openai', grant)
    expect((await chat(sidecar)).status).toBe(200)
    const first = await source.get()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 23_000 })
    expect((await source.get()).token, 'the old one serves while the new one is fetched').toBe(first.token)
    await vi.waitFor(async () => expect((await source.get()).token).not.toBe(first.token), { timeout: 10_000 })
    expect((await chat(sidecar)).status).toBe(200)
    const used = (await auditOf(grant)).filter((entry) => entry.decision === 'allowed').map((entry) => entry.token)
    expect(new Set(used).size).toBe(2)
  })

  test('programs that call at once share one request for a token', slow, async () => {
    const grant = await here.grant(openai)
    const { sidecar } = await sidecarFor('openai', grant)
    const answers = await Promise.all(Array.from({ length: 8 }, () => chat(sidecar)))
    expect(answers.map((one) => one.status)).toEqual(Array(8).fill(200))
    expect((await here.server.api<{ items: unknown[] }>('GET', `/api/v1/tokens?grant=${grant}`)).items).toHaveLength(1)
  })

  test('a token that leaks from a log is worth nothing: without the key of its run the gateway refuses it', slow, async () => {
    const { source } = await sidecarFor('openai', await here.grant(openai))
    const { token, resource } = await source.get()
    for (const headers of [{ authorization: `Bearer ${token}` }, { authorization: `DPoP ${token}` }, { 'x-api-key': token }])
      expect((await fetch(`${resource}/v1/models`, { headers })).status).toBe(401)
    const other = new SidecarKey()
    const proof = await other.proof({ method: 'GET', address: `${resource}/v1/models`, nowSeconds: Math.floor(Date.now() / 1000), token })
    expect((await fetch(`${resource}/v1/models`, { headers: { authorization: `DPoP ${token}`, dpop: proof } })).status).toBe(401)
  })

  test('all tokens of a run are ended with it, also those that were replaced', slow, async () => {
    const grant = await here.grant(openai, { ttl_seconds: 30 })
    const { source } = await sidecarFor('openai', grant)
    const first = await source.get()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 23_000 })
    await vi.waitFor(async () => expect((await source.get()).token).not.toBe(first.token), { timeout: 10_000 })
    vi.useRealTimers()
    await source.revoke(5_000)
    const tokens = await here.server.api<{ items: { state: string }[] }>('GET', `/api/v1/tokens?grant=${grant}`)
    expect(tokens.items.map((token) => token.state)).toEqual(['revoked', 'revoked'])
  })

  test('a revoked grant is told to the program as its vendor would tell it, and asks for no token again and again', slow, async () => {
    const grant = await here.grant(openai)
    const { sidecar } = await sidecarFor('openai', grant)
    expect((await chat(sidecar)).status).toBe(200)
    await here.server.api('POST', `/api/v1/grants/${grant}/revoke`, { reason: 'a test' })
    const refused = await chat(sidecar)
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ error: { message: expect.any(String) } })
    const other = new TokenSource(acting(), new SidecarKey(), grant)
    await expect(other.get()).rejects.toThrow(TokenRefused)
  })
})

describe('nonces', () => {
  test('the first call learns the nonce of the node and is repeated once: the vendor sees it once', slow, async () => {
    const grant = await here.grant(openai)
    const { sidecar } = await sidecarFor('openai', grant)
    here.openai.log.clear()
    const before = await noncesAsked()
    expect((await chat(sidecar)).status).toBe(200)
    expect(await noncesAsked()).toBe(before + 1)
    expect((await chat(sidecar)).status).toBe(200)
    expect(await noncesAsked()).toBe(before + 1)
    expect(here.openai.log.entries).toHaveLength(2)
    // Handing out a nonce is no decision: the record holds the two calls.
    expect((await auditOf(grant)).map((entry) => entry.decision)).toEqual(['allowed', 'allowed'])
  })
})

describe('bodies', () => {
  test('a large upload goes through as it comes, is not held in memory first, and arrives whole', slow, async () => {
    const grant = await here.grant(store, { scope: { methods: ['POST'], paths: ['/files'] } })
    const { sidecar } = await sidecarFor('store', grant)
    const arrived = Promise.withResolvers<void>()
    const digest = createHash('sha256')
    answer = (incoming, response) => {
      incoming.once('data', () => arrived.resolve())
      incoming.on('data', (chunk: Buffer) => digest.update(chunk))
      incoming.once('end', () => response.end(digest.digest('hex')))
    }
    const sent = createHash('sha256')
    const upload = request(`${sidecar.origin}/store/files`, { method: 'POST', headers: { authorization: `Bearer ${sidecar.runKey}` } })
    const chunk = randomBytes(1_048_576)
    const write = async () => {
      sent.update(chunk)
      if (!upload.write(chunk)) await once(upload, 'drain')
    }
    await write()
    await arrived.promise
    for (let at = 0; at < 40; at++) await write()
    upload.end()
    const [response] = (await once(upload, 'response')) as [IncomingMessage]
    let text = ''
    for await (const part of response.setEncoding('utf8')) text += part
    expect([response.statusCode, text]).toEqual([200, sent.digest('hex')])
  })
})

describe('a program that goes away', () => {
  test.each([
    { when: 'before the answer has begun', begins: false },
    { when: 'in the middle of the answer', begins: true },
  ])('takes its call with it $when: the upstream sees the end', slow, async ({ begins }) => {
    const { sidecar } = await sidecarFor('store', await here.grant(store, { scope: { methods: ['GET'], paths: ['/slow'] } }))
    const arrived = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    answer = (_, response) => {
      response.once('close', () => left.resolve())
      if (begins) response.write('the beginning of an answer that never ends')
      arrived.resolve()
    }
    const gone = new AbortController()
    const call = fetch(`${sidecar.origin}/store/slow`, { headers: { authorization: `Bearer ${sidecar.runKey}` }, signal: gone.signal })
    const outcome = call.then((response) => response.text())
    outcome.catch(() => {})
    await arrived.promise
    if (begins) await call
    gone.abort()
    await left.promise
    await expect(outcome).rejects.toThrow()
  })
})

test('a server that is away is told as such, in a form that SDKs read, and costs no retries', slow, async () => {
  const { sidecar, said } = await sidecarFor('openai', await here.grant(openai))
  await here.stopServer()
  try {
    const response = await chat(sidecar)
    expect(response.status).toBe(502)
    expect(response.headers.get('x-should-retry')).toBe('false')
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringMatching(/^keyward run: Keyward at \S+ did not answer/) },
    })
    expect(said.join()).toMatch(/did not answer/)
  } finally {
    await here.startServer()
  }
})
