import { expect, test } from 'vitest'
import type { Plan } from '../../src/gateway/plan.ts'
import { PlanCache } from '../../src/gateway/plan-cache.ts'
import type { Change, Feed } from '../../src/gateway/seams.ts'

/** A feed that a test speaks through. */
function feedOf(): Feed & { tell(change: Change): void; goDeaf(): void } {
  const listeners: ((change: Change) => void)[] = []
  const onDeaf: ((deaf: boolean) => void)[] = []
  return {
    deaf: false,
    nowMs: () => 0,
    on: (listener) => {
      listeners.push(listener)
      return () => undefined
    },
    onDeaf: (listener) => {
      onDeaf.push(listener)
      return () => undefined
    },
    tell: (change) => {
      for (const listener of listeners) listener(change)
    },
    goDeaf: () => {
      for (const listener of onDeaf) listener(true)
    },
  }
}

const planWith = (state: string) =>
  ({
    grant: { id: 'grt_1', state },
    workload: { id: 'wl_1' },
    resource: { id: 'res_1' },
    credential: { id: 'cred_1' },
    tenant: { id: 'ten_1' },
  }) as unknown as Plan

test('a load that a revocation overtakes is neither used nor kept: what comes back was read after it', async () => {
  const feed = feedOf()
  const loads: PromiseWithResolvers<Plan>[] = []
  const cache = new PlanCache(() => {
    const load = Promise.withResolvers<Plan>()
    loads.push(load)
    return load.promise
  }, feed)
  const asked = cache.get('grt_1')
  feed.tell({ op: 'revoked', kind: 'grant', subject: 'grt_1' })
  loads[0]?.resolve(planWith('active'))
  await expect.poll(() => loads.length).toBe(2)
  loads[1]?.resolve(planWith('revoked'))
  expect((await asked)?.grant.state).toBe('revoked')
  expect(cache.get('grt_1')).toMatchObject({ grant: { state: 'revoked' } })
})

test.each([
  ['grant', 'grt_1'],
  ['workload', 'wl_1'],
  ['resource', 'res_1'],
  ['credential', 'cred_1'],
  ['tenant', 'ten_1'],
  ['owner', 'own_of_anybody'],
] as const)('a change of the %s drops the plans that stand on it', async (kind, subject) => {
  const feed = feedOf()
  let loads = 0
  const cache = new PlanCache(async () => {
    loads += 1
    return planWith('active')
  }, feed)
  await cache.get('grt_1')
  await cache.get('grt_1')
  expect(loads).toBe(1)
  feed.tell({ op: 'changed', kind, subject })
  await cache.get('grt_1')
  expect(loads).toBe(2)
  feed.tell({ op: 'changed', kind: 'budget', subject })
  feed.tell({ op: 'changed', kind: 'workload', subject: 'wl_other' })
  await cache.get('grt_1')
  expect(loads).toBe(2)
})

test('after a gap in the feed, and in deafness, nothing that was cached is believed', async () => {
  const feed = feedOf()
  const cache = new PlanCache(async () => planWith('active'), feed)
  await cache.get('grt_1')
  expect(cache.size).toBe(1)
  feed.tell({ op: 'reset' })
  expect(cache.size).toBe(0)
  await cache.get('grt_1')
  feed.goDeaf()
  expect(cache.size).toBe(0)
})

test('many calls of one grant ask the database once', async () => {
  let loads = 0
  const cache = new PlanCache(async () => {
    loads += 1
    return planWith('active')
  }, feedOf())
  await Promise.all(Array.from({ length: 50 }, () => cache.get('grt_1')))
  expect(loads).toBe(1)
})
