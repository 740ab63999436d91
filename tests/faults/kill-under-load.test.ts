import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fake } from '@keyward/testkit/fake/server'
import { startFakeHttpApi } from '@keyward/testkit/http-api/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeEstate } from '../support/estate.ts'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'

/*
 * Promise 4, the hard way: Keyward or its PostgreSQL is killed under load, again and again. Each restart is ready in under 5 s, no acknowledged
 * write is lost, and every request that the upstream saw has its audit record. `npm run test:deep` does it 20 times each, `npm test` twice.
 */

const rounds = process.env.KEYWARD_DEEP === '1' ? 20 : 2
const readyMsMax = 5_000
const secret = 'crm-FAKE-EXAMPLE-key-0123456789'
let upstream: Fake
const root = mkdtempSync(join(tmpdir(), 'keyward-kill-'))

beforeAll(async () => {
  upstream = await startFakeHttpApi()
  upstream.keys.add(secret, { id: 'crm' })
})
afterAll(async () => {
  await upstream.stop()
  rmSync(root, { recursive: true, force: true })
})

interface Load {
  /** Owners that the API said it made. */
  readonly acknowledged: Set<string>
  stop(): Promise<void>
}

/** Calls that modify, each with a number of its own in its path, and writes to the inventory; errors are what a kill brings and are let be. */
function startLoad(keyward: KeywardProcess, token: string, round: string): Load {
  const acknowledged = new Set<string>()
  let running = true
  let n = 0
  const worker = async (act: () => Promise<void>) => {
    while (running) await act().catch(() => new Promise((resolve) => setTimeout(resolve, 20)))
  }
  const call = async () => {
    n += 1
    const response = await fetch(`${keyward.origin}/g/crm/echo/${round}-${n}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{}',
      signal: AbortSignal.timeout(5_000),
    })
    await response.arrayBuffer()
  }
  const write = async () => {
    n += 1
    const name = `team ${round}-${n}`
    await keyward.api('POST', '/api/v1/owners', { kind: 'team', name, contact: 'x@example.com' })
    acknowledged.add(name)
  }
  const workers = [...Array.from({ length: 12 }, () => worker(call)), ...Array.from({ length: 2 }, () => worker(write))]
  return {
    acknowledged,
    async stop() {
      running = false
      await Promise.all(workers)
    },
  }
}

function postmasterOf(dataFolder: string): number {
  return Number(readFileSync(join(dataFolder, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
}

/** Every path that the upstream saw, against the paths of the log. */
async function unrecorded(keyward: KeywardProcess, grant: string, seen: readonly string[]): Promise<string[]> {
  const recorded = new Set<string>()
  let cursor = ''
  for (;;) {
    const page = await keyward.api<{
      items: { action: string; decision: string; details: { path?: string } }[]
      next_cursor: string | null
    }>('GET', `/api/v1/audit?grant=${grant}&decision=allowed&limit=200${cursor}`)
    for (const entry of page.items) if (entry.details.path !== undefined) recorded.add(entry.details.path)
    if (page.next_cursor === null) break
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`
  }
  return seen.filter((path) => !recorded.has(path))
}

test.each(['Keyward', 'PostgreSQL'] as const)(
  `${rounds} times SIGKILL of %s under load: back in under 5 s, nothing acknowledged is lost, every request that went upstream is on record`,
  async (victim) => {
    const folders = { dataFolder: join(root, victim, 'data'), configFolder: join(root, victim, 'config') }
    let keyward = await startKeyward({ folders })
    const estate = await makeEstate(keyward, [
      { name: 'crm', kind: 'http', upstream: upstream.origin, secret, authority: ['consume', 'modify'] },
    ])
    const grant = await estate.grant('crm', { scope: { methods: ['GET', 'POST'], paths: ['/echo/**'] }, ttl_seconds: 3_600 })
    const acknowledged = new Set<string>()
    try {
      for (let round = 0; round < rounds; round++) {
        const token = await estate
          .token(grant)
          .catch(async () => (await keyward.api<{ access_token: string }>('POST', `/api/v1/grants/${grant}/tokens`, {})).access_token)
        const seenBefore = upstream.log.entries.length
        const load = startLoad(keyward, token, `${victim}-${round}`)
        await upstream.log.until((entries) => entries.length > seenBefore + 60, 20_000)
        if (victim === 'Keyward') {
          await keyward.kill()
          const started = performance.now()
          await load.stop()
          keyward = await startKeyward({ folders })
          // Start-up as a person would see it: the process's own time, without the wait for the load to notice.
          const ready = /Ready in ([\d.]+) s/.exec(keyward.banner)?.[1]
          expect(Number(ready) * 1000).toBeLessThan(readyMsMax)
          expect(performance.now() - started).toBeLessThan(30_000)
        } else {
          process.kill(postmasterOf(folders.dataFolder), 'SIGKILL')
          const started = performance.now()
          await expect.poll(async () => (await fetch(`${keyward.origin}/readyz`)).status, { timeout: readyMsMax, interval: 50 }).toBe(503)
          await expect.poll(async () => (await fetch(`${keyward.origin}/readyz`)).status, { timeout: 20_000, interval: 50 }).toBe(200)
          expect(performance.now() - started).toBeLessThan(readyMsMax)
          const after = upstream.log.entries.length
          await upstream.log.until((entries) => entries.length > after + 20, 20_000)
          await load.stop()
        }
        for (const name of load.acknowledged) acknowledged.add(name)
      }
      const paths = upstream.log.entries.map((entry) => entry.path).filter((path) => path.includes(`/${victim}-`))
      expect(paths.length).toBeGreaterThan(rounds * 60)
      await expect.poll(() => unrecorded(keyward, grant, paths), { timeout: 10_000 }).toEqual([])
      const names = new Set<string>()
      let cursor = ''
      for (;;) {
        const page = await keyward.api<{ items: { name: string }[]; next_cursor: string | null }>(
          'GET',
          `/api/v1/owners?limit=200${cursor}`,
        )
        for (const owner of page.items) names.add(owner.name)
        if (page.next_cursor === null) break
        cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`
      }
      expect([...acknowledged].filter((name) => !names.has(name))).toEqual([])
      expect(acknowledged.size).toBeGreaterThan(0)
    } finally {
      await keyward.kill()
    }
  },
  600_000,
)
