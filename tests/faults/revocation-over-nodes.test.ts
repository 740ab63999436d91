import { fileURLToPath } from 'node:url'
import type { Fake } from '@keyward/testkit/fake/server'
import { startFaultProxy } from '@keyward/testkit/fault-proxy'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, startCluster } from '../support/cluster.ts'
import { type Estate, makeEstate } from '../support/estate.ts'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'

/*
 * Promise 5: revocation has a bound. At once on the node that was asked, within 1 s on every node, open streams included; a node that can't
 * hear refuses within 2 s and cuts its streams; clocks that are apart change nothing. The bounds are the promise, so they are asserted.
 */

const skewClock = fileURLToPath(new URL('../../packages/testkit/src/skew-clock.ts', import.meta.url))
const skewed = (ms: number) => ({ nodeFlags: ['--import', skewClock], env: { KEYWARD_TEST_SKEW_MS: String(ms) } })

let cluster: Cluster
let openai: Fake
let estate: Estate
let a: KeywardProcess
let b: KeywardProcess
let c: KeywardProcess

beforeAll(async () => {
  openai = await startFakeOpenai()
  // Three clocks, 60 s between the outer two.
  cluster = await startCluster(3, (index) => (index === 1 ? skewed(30_000) : index === 2 ? skewed(-30_000) : {}))
  ;[a, b, c] = cluster.nodes as [KeywardProcess, KeywardProcess, KeywardProcess]
  estate = await makeEstate(a, [{ name: 'openai', provider: 'openai', upstream: openai.origin, secret: fakeOpenaiKey }])
}, 120_000)
afterAll(async () => {
  await cluster.stop()
  await openai.stop()
})

const chat = (stream: boolean) =>
  JSON.stringify({ model: 'gpt-4.1-mini', max_completion_tokens: 5_000, stream, messages: [{ role: 'user', content: 'Count slowly' }] })

async function ask(node: KeywardProcess, token: string): Promise<number> {
  const response = await fetch(`${node.origin}/g/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: chat(false),
  })
  await response.arrayBuffer()
  return response.status
}

/** A stream that goes on for minutes. Resolves when its first bytes are here. */
async function openStream(node: KeywardProcess, token: string) {
  const response = await fetch(`${node.origin}/g/openai/v1/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-fake-behaviour': JSON.stringify({ outputTokens: 4_000, pieceDelayMs: 100 }),
    },
    body: chat(true),
  })
  expect(response.status).toBe(200)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  let text = ''
  let endedAt: number | undefined
  const first = await reader.read()
  text += new TextDecoder().decode(first.value)
  const end = (async () => {
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        text += new TextDecoder().decode(value)
      }
    } catch {
      text += '[socket broke]'
    }
    endedAt = performance.now()
    return { text, endedAt }
  })()
  return { end, isOpen: () => endedAt === undefined }
}

async function untilRefused(node: KeywardProcess, token: string, status: number, withinMs: number): Promise<number> {
  const started = performance.now()
  for (;;) {
    if ((await ask(node, token)) === status) return performance.now() - started
    if (performance.now() - started > withinMs) throw new Error(`still let through after ${withinMs} ms`)
  }
}

describe('with clocks 30 s ahead and 30 s behind', () => {
  test('a token that one node minted is good on all, from its first second to its end', async () => {
    const grant = await estate.grant('openai', { ttl_seconds: 30 })
    for (const minting of [a, b, c]) {
      const token = (await minting.api<{ access_token: string }>('POST', `/api/v1/grants/${grant}/tokens`, {})).access_token
      expect(await Promise.all([a, b, c].map((node) => ask(node, token)))).toEqual([200, 200, 200])
    }
  })

  test.each(['grant', 'token', 'workload', 'credential'] as const)(
    'a revoked %s: refused at once where it was revoked, within 1 s elsewhere, streams cut with a proper error',
    async (kind) => {
      // Workload and credential are revoked for good, so each case has its own.
      const own = kind === 'workload' || kind === 'credential' ? await makeOwn(kind) : undefined
      const grant = own?.grant ?? (await estate.grant('openai'))
      const minted = await a.api<{ access_token: string; token_id: string }>('POST', `/api/v1/grants/${grant}/tokens`, {})
      const path = own?.path ?? '/g/openai'
      const token = minted.access_token
      const on = (node: KeywardProcess): KeywardProcess => ({ ...node, origin: node.origin + path.replace('/g/openai', '') })
      expect(path).toMatch(/^\/g\/openai/)
      const streams = await Promise.all([a, b, c].map((node) => openStream(on(node), token)))
      const id = { grant, token: minted.token_id, workload: own?.id ?? '', credential: own?.id ?? '' }[kind]
      const started = performance.now()
      const answer = await a.api<{ local_effect_ms: number; ended: { streams: number } }>('POST', `/api/v1/${kind}s/${id}/revoke`, {
        reason: 'leaked in a test',
      })
      const answered = performance.now()
      expect(await ask(on(a), token)).not.toBe(200)
      const ends = await Promise.all(streams.map((stream) => stream.end))
      // Here: at once. There: within the bound.
      expect((ends[0]?.endedAt ?? Number.POSITIVE_INFINITY) - answered).toBeLessThan(50)
      for (const end of ends) {
        expect(end.endedAt - started).toBeLessThan(1_000 + (answered - started))
        expect(end.text).toContain('"error"')
        expect(end.text).not.toContain('[DONE]')
      }
      for (const node of [b, c]) expect(await ask(on(node), token)).not.toBe(200)
      expect(answer.ended.streams).toBe(1)
    },
    60_000,
  )
})

let made = 0
async function makeOwn(kind: 'workload' | 'credential') {
  made += 1
  const workload =
    kind === 'workload'
      ? (
          await a.api<{ id: string }>('POST', '/api/v1/workloads', {
            name: `own ${made}`,
            type: 'agent',
            owner: estate.owner,
            environment: 'production',
          })
        ).id
      : estate.workload
  if (kind === 'workload') {
    const grant = (
      await a.api<{ id: string }>('POST', '/api/v1/grants', { workload, resource: estate.resources.openai, scope: { models: ['*'] } })
    ).id
    return { id: workload, grant, path: '/g/openai' }
  }
  // A credential of its own behind the same resource.
  const credential = (
    await a.api<{ id: string }>('POST', '/api/v1/credentials', {
      name: `own ${made}`,
      kind: 'api_key',
      provider: 'openai',
      purpose: 'model',
      authority: ['consume', 'spend'],
      environment: 'production',
      owner: estate.owner,
      allowed_origins: [openai.origin],
      secret: `${fakeOpenaiKey.slice(0, -4)}own${made}`,
    })
  ).id
  openai.keys.add(`${fakeOpenaiKey.slice(0, -4)}own${made}`, { id: `own${made}` })
  const resource = await a.api<{ revision: number }>('GET', `/api/v1/resources/${estate.resources.openai}`)
  await a.api('PATCH', `/api/v1/resources/${estate.resources.openai}`, { credential }, { 'if-match': `"${resource.revision}"` })
  return { id: credential, grant: await estate.grant('openai'), path: '/g/openai' }
}

describe('a node that cannot hear', () => {
  let workloadGrant: string
  beforeAll(async () => {
    // The cases above took the credential: a fresh estate behind the same name would be in their way.
    const credential = await a.api<{ id: string }>('POST', '/api/v1/credentials', {
      name: 'after',
      kind: 'api_key',
      provider: 'openai',
      purpose: 'model',
      authority: ['consume', 'spend'],
      environment: 'production',
      owner: estate.owner,
      allowed_origins: [openai.origin],
      secret: `${fakeOpenaiKey.slice(0, -5)}after`,
    })
    openai.keys.add(`${fakeOpenaiKey.slice(0, -5)}after`, { id: 'after' })
    const resource = await a.api<{ revision: number }>('GET', `/api/v1/resources/${estate.resources.openai}`)
    await a.api(
      'PATCH',
      `/api/v1/resources/${estate.resources.openai}`,
      { credential: credential.id },
      { 'if-match': `"${resource.revision}"` },
    )
    workloadGrant = await estate.grant('openai')
  })

  test('because it was stopped (SIGSTOP): when it wakes it refuses at first, and what was revoked meanwhile never passes', async () => {
    const token = await estate.token(workloadGrant)
    expect(await ask(c, token)).toBe(200)
    const grant = await estate.grant('openai')
    const doomed = await estate.token(grant)
    expect(await ask(c, doomed)).toBe(200)
    c.process.kill('SIGSTOP')
    await a.api('POST', `/api/v1/grants/${grant}/revoke`, { reason: 'while it slept' })
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    const seen = openai.log.entries.length
    const asked = Promise.all(Array.from({ length: 20 }, () => ask(c, doomed)))
    c.process.kill('SIGCONT')
    for (const status of await asked) expect(status).not.toBe(200)
    expect(openai.log.entries.length).toBe(seen)
    await expect.poll(() => ask(c, token), { timeout: 5_000 }).toBe(200)
  }, 60_000)

  test('because the network swallows everything: it refuses within 2 s, cuts its streams, and serves again when it hears', async () => {
    const at =
      /^postgres:\/\/(?<login>[^@]+)@\/(?<name>[^?]+)\?host=(?<folder>[^&]+)&port=(?<port>\d+)$/.exec(cluster.databaseUrl)?.groups ?? {}
    const proxy = await startFaultProxy({ target: { path: `${decodeURIComponent(at.folder ?? '')}/.s.PGSQL.${at.port}` } })
    const node = await cluster.add({ databaseUrl: `postgres://${at.login}@127.0.0.1:${proxy.port}/${at.name}` })
    try {
      const token = await estate.token(workloadGrant)
      expect(await ask(node, token)).toBe(200)
      const stream = await openStream(node, token)
      proxy.set('down', { blackHole: true })
      const started = performance.now()
      const [refusedAfter, end] = await Promise.all([untilRefused(node, token, 503, 4_000), stream.end])
      expect(refusedAfter).toBeLessThan(2_000)
      expect(end.endedAt - started).toBeLessThan(2_000)
      expect(end.text).toContain('node_deaf')
      expect((await fetch(`${node.origin}/readyz`)).status).toBe(503)
      proxy.set('down', {})
      proxy.cutAll()
      await expect.poll(() => ask(node, token), { timeout: 10_000 }).toBe(200)
    } finally {
      await proxy.close()
      await node.kill()
    }
  }, 60_000)

  test('because its listening connection was ended: it polls on and hears all the same', async () => {
    const grant = await estate.grant('openai')
    const token = await estate.token(grant)
    expect(await ask(b, token)).toBe(200)
    const { default: pg } = await import('pg')
    const client = new pg.Client({ connectionString: cluster.databaseUrl })
    await client.connect()
    await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'keyward changes' and datname = current_database()",
    )
    await client.end()
    await a.api('POST', `/api/v1/grants/${grant}/revoke`, { reason: 'the listener is gone' })
    const started = performance.now()
    while ((await ask(b, token)) === 200) expect(performance.now() - started).toBeLessThan(1_000)
  }, 30_000)
})

test('a revocation while 50 streams are open and calls keep coming: nothing passes later than 50 ms after the answer', async () => {
  const node = await startKeyward()
  try {
    const its = await makeEstate(node, [{ name: 'openai', provider: 'openai', upstream: openai.origin, secret: fakeOpenaiKey }])
    const grant = await its.grant('openai')
    const token = await its.token(grant)
    const streams = await Promise.all(Array.from({ length: 50 }, () => openStream(node, token)))
    let running = true
    const passed: number[] = []
    const load = Promise.all(
      Array.from({ length: 16 }, async () => {
        while (running) {
          const sentAt = performance.now()
          if ((await ask(node, token)) === 200) passed.push(sentAt)
        }
      }),
    )
    await expect.poll(() => passed.length, { timeout: 20_000 }).toBeGreaterThan(200)
    const answer = await node.api<{ ended: { streams: number } }>('POST', `/api/v1/grants/${grant}/revoke`, { reason: 'leaked' })
    const answered = performance.now()
    const ends = await Promise.all(streams.map((stream) => stream.end))
    running = false
    await load
    expect(answer.ended.streams).toBeGreaterThanOrEqual(50)
    // What was sent after the answer never passed.
    expect(passed.filter((sentAt) => sentAt > answered)).toEqual([])
    expect(Math.max(...ends.map((end) => end.endedAt)) - answered).toBeLessThan(50)
    for (const end of ends) expect(end.text).toContain('"error"')
  } finally {
    await node.kill()
  }
}, 60_000)
