import { limits } from '@keyward/contract/limits'
import { type FaultProxy, startFaultProxy } from '@keyward/testkit/fault-proxy'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../../../tests/support/postgres.ts'
import { heardBy, listNodes } from '../../src/changes/nodes.ts'
import { databaseOn } from '../../src/db/database.ts'
import { silentLog } from '../../src/db/log.ts'
import { createPool } from '../../src/db/pool.ts'
import { change, FeedProcess, now } from './feed-nodes.ts'

/* Promise 5: revocation has a bound, and a node that can't hear knows it. */

let database: TestDatabase
let pool: pg.Pool
let nodes: FeedProcess[]
let proxies: FaultProxy[]

beforeEach(async () => {
  database = await testDatabase()
  pool = createPool(database.connection, { name: 'test', connectionsMax: 20, log: silentLog })
  nodes = []
  proxies = []
})
afterEach(async () => {
  for (const node of nodes) node.kill()
  await pool.end()
  for (const proxy of proxies) await proxy.close()
  await database.drop()
})

/** Every node that has not heard within this time has to be refusing. */
const boundMs = 2_000

async function startNodes(...skews: number[]): Promise<FeedProcess[]> {
  nodes = skews.map((skew) => new FeedProcess(database.connection, skew))
  await Promise.all(nodes.map((node) => node.says((said) => said.started !== undefined, 20_000)))
  return nodes
}

test('a revocation reaches three processes within 1 s, with clocks 30 s apart, and they agree on the time', async () => {
  const three = await startNodes(0, 30_000, -30_000)
  const seq = await change(pool)
  const committed = now()
  for (const node of three) {
    const heard = await node.says((said) => said.heard === String(seq), 5_000)
    expect(heard.monotonicMs - committed).toBeLessThan(1_000)
  }
  const told = await Promise.all(three.map((node) => node.status()))
  expect(told.map((said) => said.deaf)).toEqual([false, false, false])
  const errors = told.map((said) => Math.abs((said.nowMs ?? 0) - said.monotonicMs))
  for (const error of errors) expect(error).toBeLessThan(1_000)
  const list = () => listNodes(databaseOn(pool), three[0]?.id ?? '')
  // A node tells what it measured with its next heartbeat.
  await expect
    .poll(async () => (await list()).map((node) => typeof node.revocation_ms.last), { timeout: 10_000 })
    .toEqual(Array(3).fill('number'))
  const listed = await list()
  expect(listed.map((node) => node.id).sort()).toEqual(three.map((node) => node.id).sort())
  expect(listed.filter((node) => node.here)).toHaveLength(1)
  for (const node of listed) expect(node.revocation_ms.last).toBeLessThan(1_000)
}, 60_000)

test('commits that linger, overtake each other or roll back are neither missed nor told twice nor out of order', async () => {
  const [first, second] = await startNodes(0, 0)
  const seqs = await Promise.all(
    Array.from({ length: 60 }, (_, index) => change(pool, 'changed', { holdMs: index % 4 === 0 ? 30 : 0, rollBack: index % 7 === 3 })),
  )
  const committed = seqs.filter((seq) => seq >= 0n).sort((a, b) => Number(a - b))
  expect(committed.length).toBeGreaterThan(40)
  for (const node of [first, second]) {
    await node?.says((said) => said.heard === String(committed.at(-1)), 10_000)
    expect(node?.said.filter((said) => said.heard !== undefined).map((said) => BigInt(said.heard ?? -1))).toEqual(committed)
    expect(node?.said.some((said) => said.reset !== undefined)).toBe(false)
  }
}, 60_000)

test('a process that was stopped is deaf the moment it runs again, until it has heard what it missed; nobody waits for it meanwhile', async () => {
  const [awake, stopped] = await startNodes(0, 0)
  if (!awake || !stopped) throw new Error('no nodes')
  stopped.child.kill('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, limits.deafAfterMs + 300))
  const seq = await change(pool)
  const answer = await heardBy(databaseOn(pool), 'node_here', seq, 1_000)
  expect(answer.find((one) => one.node === awake.id)).toMatchObject({ heard: true })
  expect(answer.find((one) => one.node === stopped.id)).toEqual({ node: stopped.id, heard: false, heardAfterMs: null })
  const from = stopped.said.length
  stopped.child.kill('SIGCONT')
  const deaf = await stopped.says((said) => said.deaf === true, 5_000, from)
  const heard = await stopped.says((said) => said.heard === String(seq), 5_000, from)
  const hears = await stopped.says((said) => said.deaf === false, 5_000, from)
  expect(hears.monotonicMs).toBeGreaterThanOrEqual(Math.max(deaf.monotonicMs, heard.monotonicMs))
}, 60_000)

test('a killed listener hears on over a new connection, without having become deaf', async () => {
  const [node] = await startNodes(0)
  const { rowCount } = await pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'keyward changes' and datname = current_database()",
  )
  expect(rowCount).toBe(1)
  const seq = await change(pool)
  await node?.says((said) => said.heard === String(seq), 5_000)
  expect(node?.said.some((said) => said.deaf === true || said.reset !== undefined)).toBe(false)
}, 60_000)

test('a black hole: the node finds itself deaf within 2 s of the last thing it can have heard, and hears again when the way is free', async () => {
  const { connection } = database
  const proxy = await startFaultProxy({ target: { path: `${connection.host}/.s.PGSQL.${connection.port}` } })
  proxies.push(proxy)
  const node = new FeedProcess({ ...connection, host: '127.0.0.1', port: proxy.port })
  nodes = [node]
  await node.says((said) => said.started !== undefined, 20_000)
  const from = node.said.length
  const holed = now()
  proxy.set('up', { blackHole: true })
  proxy.set('down', { blackHole: true })
  const deaf = await node.says((said) => said.deaf === true, 10_000, from)
  expect(deaf.monotonicMs - holed).toBeLessThan(boundMs)
  const seq = await change(pool)
  proxy.set('up', {})
  proxy.set('down', {})
  const heard = await node.says((said) => said.heard === String(seq), 10_000, from)
  const hears = await node.says((said) => said.deaf === false, 10_000, from)
  expect(hears.monotonicMs).toBeGreaterThanOrEqual(heard.monotonicMs)
}, 60_000)

test('a primary that only reads is not heard: the node becomes deaf', async () => {
  const [node] = await startNodes(0)
  const client = new pg.Client(database.connection)
  await client.connect()
  await client.query(`alter database ${client.database} set default_transaction_read_only = on`)
  await client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'keyward changes' and datname = current_database()",
  )
  await node?.says((said) => said.deaf === true, 10_000)
  await client.query('set default_transaction_read_only = off')
  await client.query(`alter database ${client.database} reset default_transaction_read_only`)
  await client.end()
  await node?.says((said) => said.deaf === false, 10_000)
}, 60_000)
