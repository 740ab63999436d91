import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../../../tests/support/postgres.ts'
import type { Change } from '../../src/changes/change.ts'
import { EffectTimes } from '../../src/changes/effect.ts'
import { ChangeFeed } from '../../src/changes/feed.ts'
import { Hearing } from '../../src/changes/hearing.ts'
import { InstallationClock } from '../../src/changes/installation-clock.ts'
import { pruneChanges } from '../../src/changes/retention.ts'
import { databaseOn } from '../../src/db/database.ts'
import { silentLog } from '../../src/db/log.ts'
import { createPool } from '../../src/db/pool.ts'
import { newId } from '../../src/observe/ids.ts'
import { change } from './feed-nodes.ts'

let database: TestDatabase
let pool: pg.Pool
let feeds: ChangeFeed[]

beforeEach(async () => {
  database = await testDatabase()
  pool = createPool(database.connection, { name: 'test', connectionsMax: 5, log: silentLog })
  feeds = []
})
afterEach(async () => {
  for (const feed of feeds) await feed.stop()
  await pool.end()
  await database.drop()
})

async function startFeed(): Promise<{ feed: ChangeFeed; told: Change[]; id: string }> {
  const id = newId('node')
  const feed = new ChangeFeed({
    address: database.connection,
    node: { id, host: 'test', roles: ['gateway'], version: 'test' },
    log: silentLog,
  })
  const told: Change[] = []
  feed.on((one) => told.push(one))
  await feed.start()
  feeds.push(feed)
  return { feed, told, id }
}

async function until(what: () => boolean): Promise<void> {
  const end = performance.now() + 5_000
  while (!what()) {
    if (performance.now() > end) throw new Error('did not become true within 5 s')
    await sleep(5)
  }
}

test('it begins at the present end: what came before is not told, what comes after is', async () => {
  await change(pool)
  const { feed, told } = await startFeed()
  expect(feed.heardSeq).toBe(1n)
  expect(feed.deaf).toBe(false)
  const seq = await change(pool)
  await feed.catchUp(seq)
  expect(told).toMatchObject([{ seq, kind: 'grant', op: 'revoked' }])
})

test('whoever waits to have caught up finds the change applied, and a number that does not come is an error', async () => {
  const { feed, told } = await startFeed()
  for (let i = 0; i < 5; i++) {
    const seq = await change(pool)
    await feed.catchUp(seq)
    expect(told.at(-1)).toMatchObject({ seq })
  }
  await expect(feed.catchUp(10_000n)).rejects.toThrow('in time')
})

test('more changes than one poll takes are all told, in order', async () => {
  const { feed, told } = await startFeed()
  await pool.query("select record_change('grant', 'grt_' || n, 'changed', null, null) from generate_series(1, 6000) n")
  await feed.catchUp(6_000n)
  expect(told.map((one) => one.seq)).toEqual(Array.from({ length: 6_000 }, (_, index) => BigInt(index + 1)))
})

test('a gap in the numbers, a feed that was emptied and a database that went back: caches are told to drop everything', async () => {
  const { feed, told } = await startFeed()
  await pool.query('begin; update change_counter set seq = 7; commit')
  await until(() => told.length === 1)
  expect(told[0]).toEqual({ op: 'reset', seq: 7n })
  await pool.query(
    "update change_counter set seq = 9; insert into changes (seq, kind, subject, op) values (9, 'grant', 'grt_a', 'revoked')",
  )
  await until(() => told.length === 2)
  expect(told[1]).toEqual({ op: 'reset', seq: 9n })
  await pool.query('update change_counter set seq = 3')
  await until(() => told.length === 3)
  expect(told[2]).toEqual({ op: 'reset', seq: 3n })
  await pool.query('delete from changes')
  const seq = await change(pool)
  await feed.catchUp(seq)
  expect(told[3]).toMatchObject({ op: 'revoked', seq: 4n })
})

test('a node whose row was tidied away makes it again and drops what it had cached', async () => {
  const { told, id } = await startFeed()
  await pool.query('delete from nodes')
  await until(() => told.length === 1)
  expect(told[0]?.op).toBe('reset')
  const { rows } = await pool.query('select id from nodes')
  expect(rows).toEqual([{ id }])
})

test('a cache that fails to apply a change is emptied; where it can not be emptied, the node refuses everything', async () => {
  const { feed } = await startFeed()
  const seen: string[] = []
  const end = feed.on((one) => {
    seen.push(one.op)
    if (one.op === 'revoked') throw new Error('a bug')
  })
  await feed.catchUp(await change(pool))
  expect(seen).toEqual(['revoked', 'reset'])
  expect(feed.deaf).toBe(false)
  end()
  feed.on(() => {
    throw new Error('a worse bug')
  })
  await feed.catchUp(await change(pool))
  expect(feed.deaf).toBe(true)
})

test('a node that stopped is not waited for and not shown', async () => {
  const { feed, id } = await startFeed()
  await feed.stop()
  const { rows } = await pool.query('select stopped_at is not null as stopped from nodes where id = $1', [id])
  expect(rows).toEqual([{ stopped: true }])
})

test('old changes and ended nodes go, the counter stays', async () => {
  await startFeed()
  await change(pool)
  await pool.query("update changes set at = now() - interval '8 days'")
  await pool.query(
    "insert into nodes (id, host, pid, roles, version, heard_at) values ('node_old', 'test', 1, '{}', 'test', now() - interval '8 days')",
  )
  await pruneChanges(databaseOn(pool))
  const { rows } = await pool.query(
    "select (select count(*)::int from changes) as changes, (select count(*)::int from nodes where id = 'node_old') as old, (select seq::int from change_counter) as seq",
  )
  expect(rows).toEqual([{ changes: 0, old: 0, seq: 1 }])
})

test('deafness: either clock that says that too much time has passed is believed', () => {
  const clock = { monotonic: 1_000, wall: 500_000, monotonicMs: () => clock.monotonic, wallMs: () => clock.wall }
  const hearing = new Hearing(clock, 1_500)
  expect(hearing.deaf).toBe(true)
  hearing.heard(hearing.moment())
  expect(hearing.deaf).toBe(false)
  clock.monotonic += 1_500
  expect(hearing.deaf).toBe(false)
  clock.monotonic += 1
  expect(hearing.deaf).toBe(true)
  hearing.heard(hearing.moment())
  // The machine slept: only the wall clock went on.
  clock.wall += 60_000
  expect(hearing.deaf).toBe(true)
  hearing.heard(hearing.moment())
  // Set back by an hour: the monotonic clock still counts.
  clock.wall -= 3_600_000
  expect(hearing.deaf).toBe(false)
  clock.monotonic += 1_501
  expect(hearing.deaf).toBe(true)
})

test('installation time never goes back, follows the database slowly, and leaps forward only where it is far behind', () => {
  const clock = { monotonic: 0, monotonicMs: () => clock.monotonic, wallMs: () => 0 }
  const time = new InstallationClock(clock)
  expect(() => time.nowMs()).toThrow()
  const read = (databaseMs: number) => time.heard(databaseMs, clock.monotonic - 2, clock.monotonic)
  read(1_000_000)
  let last = time.nowMs()
  const follow = (ms: number, offset: number) => {
    for (let step = 0; step < ms / 200; step++) {
      clock.monotonic += 200
      read(1_000_000 + clock.monotonic + offset)
      const now = time.nowMs()
      expect(now).toBeGreaterThanOrEqual(last)
      last = now
    }
  }
  follow(2_000, -400)
  // 100 ms a second at most.
  expect(last - (1_000_000 + clock.monotonic)).toBeGreaterThan(-215)
  follow(10_000, -400)
  expect(Math.abs(last - (1_000_000 + clock.monotonic - 400))).toBeLessThan(5)
  follow(200, 60_000)
  expect(Math.abs(last - (1_000_000 + clock.monotonic + 60_000))).toBeLessThan(5)
  follow(1_000, -60_000)
  expect(last).toBeGreaterThan(1_000_000 + clock.monotonic + 59_000)
})

test('the slowest effect of 24 hours is kept, and forgotten after', () => {
  const times = new EffectTimes()
  const hour = 3_600_000
  times.add(900, 0)
  times.add(5, 20 * hour)
  expect(times.slowestMs(20 * hour)).toBe(900)
  expect(times.lastMs).toBe(5)
  expect(times.slowestMs(24 * hour)).toBe(5)
  expect(times.slowestMs(60 * hour)).toBeUndefined()
})
