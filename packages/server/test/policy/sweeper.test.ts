import { afterEach, beforeEach, expect, test } from 'vitest'
import { silentLog } from '../../src/db/log.ts'
import { createPool } from '../../src/db/pool.ts'
import { newId } from '../../src/observe/ids.ts'
import { Settlement } from '../../src/policy/settlement.ts'
import { Sweeper } from '../../src/policy/sweeper.ts'
import { addBudget, addGrant, admitted, balance, count, intentOf, type Ledger, ledgerNode, openLedger, outcomeOf } from './ledger.ts'

let ledger: Ledger
beforeEach(async () => {
  ledger = await openLedger()
})
afterEach(() => ledger.close())

async function addNode(id: string, heardAgoSeconds: number, home: string | null = null): Promise<void> {
  await ledger.pool.query(
    "insert into nodes (id, home, host, pid, roles, version, started_at, heard_at) values ($1, $2, 'test', 1, '{}', 'test', now() - interval '1 day', now() - $3 * interval '1 second')",
    [id, home, heardAgoSeconds],
  )
}

test('the calls of a node that fell silent are settled in full by another, with a budget and without; those of a node that is heard are not', async () => {
  const budget = await addBudget(ledger.pool, 'grant', ledger.grant, 100_000n)
  const free = newId('grant')
  await addGrant(ledger.pool, free, ledger.workload, ledger.resource)
  const [here, silent, alive] = [newId('node'), newId('node'), newId('node')]
  await addNode(here, 0, 'home_a')
  await addNode(silent, 11)
  await addNode(alive, 5, 'home_b')
  for (const node of [silent, alive])
    for (const grant of [ledger.grant, free]) admitted(await ledgerNode(ledger.pool, node).admission.admit(intentOf({ ...ledger, grant })))
  const sweeper = new Sweeper({ db: ledger.db, node: here, home: 'home_a', log: silentLog })
  expect(await sweeper.sweep()).toBe(2)
  expect(await balance(ledger.pool, budget)).toEqual({ spent: 1_000n, reserved: 1_000n })
  expect(await count(ledger.pool, "usage_events where outcome = 'lost' and estimated and node_id = $1", [silent])).toBe(2)
  expect(await count(ledger.pool, 'usage_events where node_id = $1', [alive])).toBe(0)
  expect(await sweeper.sweep()).toBe(0)
  // It comes back, and dies again: what it did meanwhile is found too.
  admitted(await ledgerNode(ledger.pool, silent).admission.admit(intentOf(ledger)))
  await ledger.pool.query('update nodes set swept_at = null where id = $1', [silent])
  expect(await sweeper.sweep()).toBe(1)
})

test('of several nodes that sweep at once each lost call is settled once', async () => {
  const budget = await addBudget(ledger.pool, 'grant', ledger.grant, 10_000_000n)
  const dead = newId('node')
  await addNode(dead, 60)
  const { admission } = ledgerNode(ledger.pool, dead)
  await Promise.all(Array.from({ length: 700 }, async () => admitted(await admission.admit(intentOf(ledger)))))
  const swept = await Promise.all(
    Array.from({ length: 4 }, () => new Sweeper({ db: ledger.db, node: newId('node'), log: silentLog }).sweep()),
  )
  expect(swept.reduce((sum, n) => sum + n, 0)).toBe(700)
  expect(await balance(ledger.pool, budget)).toEqual({ spent: 700_000n, reserved: 0n })
  expect(await count(ledger.pool, 'usage_events')).toBe(700)
})

test('a call of a living node whose settle was lost is found in the audit log, once it can not be running any more', async () => {
  const { admission, node } = ledgerNode(ledger.pool)
  const [old, young, settled] = [intentOf(ledger), intentOf(ledger), intentOf(ledger)]
  for (const intent of [old, young, settled]) admitted(await admission.admit(intent))
  const sweeper = new Sweeper({ db: ledger.db, node, log: silentLog })
  // Begins at what is too old to be running.
  await sweeper.tidy()
  await ledger.pool.query(`update settings set value = to_jsonb(now() - interval '90 minutes') where key = 'sweep.intents'`)
  await ledger.pool.query('select ensure_partitions(1)')
  await ledger.pool.query("update audit_entries set at = now() - interval '80 minutes' where call_id = any($1)", [
    [old.callId, settled.callId],
  ])
  await ledger.pool.query(
    `insert into usage_events (at, call_id, node_id, workload_id, grant_id, resource_id, credential_id, environment, operation, outcome)
     select at, call_id, node_id, workload_id, grant_id, resource_id, credential_id, environment, operation, 'ok' from audit_entries where call_id = $1`,
    [settled.callId],
  )
  await sweeper.tidy()
  const { rows } = await ledger.pool.query('select call_id, outcome, estimated, cost_nano from usage_events order by outcome')
  expect(rows).toEqual([
    { call_id: old.callId, outcome: 'lost', estimated: true, cost_nano: null },
    { call_id: settled.callId, outcome: 'ok', estimated: false, cost_nano: null },
  ])
})

test('windows of budgets that are gone and minutes that have passed are removed; what still counts stays', async () => {
  const budget = await addBudget(ledger.pool, 'grant', ledger.grant, 100_000n)
  const { admission, node } = ledgerNode(ledger.pool)
  admitted(await admission.admit(intentOf(ledger, { limits: { requestsPerMinute: 10 } })))
  await ledger.pool.query("insert into budget_windows (budget_id, window_start) values ('bud_gone', now())")
  await ledger.pool.query("insert into rate_windows (grant_id, minute, requests) values ('grt_old', 1, 5)")
  await ledger.pool.query('insert into rate_windows (grant_id, minute) select grant_id, minute - 1 from rate_windows where grant_id = $1', [
    ledger.grant,
  ])
  await new Sweeper({ db: ledger.db, node, log: silentLog }).tidy()
  expect(await count(ledger.pool, 'budget_windows')).toBe(1)
  expect(await count(ledger.pool, 'rate_windows where grant_id = $1', [ledger.grant])).toBe(2)
  expect(await count(ledger.pool, "rate_windows where grant_id = 'grt_old'")).toBe(0)
  expect((await balance(ledger.pool, budget)).reserved).toBe(1_000n)
})

test('settles wait for a database that is away and are written when it is back; a stop does not wait for ever', async () => {
  const budget = await addBudget(ledger.pool, 'grant', ledger.grant, 100_000n)
  const { admission } = ledgerNode(ledger.pool)
  const intents = [intentOf(ledger), intentOf(ledger)] as const
  const verdicts = [admitted(await admission.admit(intents[0])), admitted(await admission.admit(intents[1]))] as const
  const pool = createPool(ledger.connection, { name: 'node', connectionsMax: 2, log: silentLog })
  let away = true
  const failing = new Proxy(pool, {
    get: (target, key) =>
      key === 'query' && away ? () => Promise.reject(new Error('connection refused')) : Reflect.get(target, key).bind(target),
  })
  const settlement = new Settlement({ pool: failing, node: 'node_test', log: silentLog })
  settlement.settle(outcomeOf(intents[0], verdicts[0], 10n))
  await settlement.stop(50)
  expect((await balance(ledger.pool, budget)).spent).toBe(0n)
  const again = new Settlement({ pool: failing, node: 'node_test', log: silentLog })
  again.settle(outcomeOf(intents[1], verdicts[1], 20n))
  setTimeout(() => {
    away = false
  }, 400)
  await again.flush()
  expect(await balance(ledger.pool, budget)).toEqual({ spent: 20n, reserved: 1_000n })
  await pool.end()
})
