import { afterEach, beforeEach, expect, test } from 'vitest'
import type { DatabaseLog } from '../../src/db/log.ts'
import { silentLog } from '../../src/db/log.ts'
import { createPool } from '../../src/db/pool.ts'
import { newId } from '../../src/observe/ids.ts'
import { Admission } from '../../src/policy/admission.ts'
import { Settlement } from '../../src/policy/settlement.ts'
import { Sweeper } from '../../src/policy/sweeper.ts'
import { addBudget, addGrant, balance, count, intentOf, type Ledger, openLedger, outcomeOf } from './ledger.ts'

let ledger: Ledger
beforeEach(async () => {
  ledger = await openLedger()
})
afterEach(() => ledger.close())

test('four nodes admit, settle and sweep at once over shared budgets and rate windows: no deadlock, never over, all accounted for', async () => {
  const failures: string[] = []
  const log: DatabaseLog = {
    ...silentLog,
    error: (fields, text) => failures.push(`${text} ${JSON.stringify(fields)}`),
    warn: (fields, text) => failures.push(`${text} ${JSON.stringify(fields)}`),
  }
  const grants = Array.from({ length: 12 }, () => newId('grant'))
  for (const grant of grants) await addGrant(ledger.pool, grant, ledger.workload, ledger.resource)
  // Ids are made in order of time; budgets of the shared levels lie between those of the grants, so that orders of locking differ from batch to batch.
  const own = await Promise.all(grants.slice(0, 6).map((grant) => addBudget(ledger.pool, 'grant', grant, 90_000n, 'hour')))
  const org = await addBudget(ledger.pool, 'org', ledger.installation, 1_000_000n, 'day')
  const team = await addBudget(ledger.pool, 'team', ledger.team, 900_000n, 'month')
  const rest = await Promise.all(grants.slice(6).map((grant) => addBudget(ledger.pool, 'grant', grant, 80_000n)))

  const nodes = Array.from({ length: 4 }, () => {
    const pool = createPool(ledger.connection, { name: 'node', connectionsMax: 5, log: silentLog })
    const node = newId('node')
    return { pool, node, admission: new Admission({ pool, node, log }), settlement: new Settlement({ pool, node, log }) }
  })
  await ledger.pool.query("insert into nodes (id, host, pid, roles, version) select unnest($1::text[]), 'test', 1, '{}', 'test'", [
    nodes.map((each) => each.node),
  ])
  const codes = new Map<string, number>()
  let done = false
  const sweeping = nodes.slice(0, 2).map(async ({ node }) => {
    const sweeper = new Sweeper({ db: ledger.db, node, log: silentLog })
    while (!done) await sweeper.sweep()
  })
  await Promise.all(
    nodes.flatMap(({ admission, settlement }, n) =>
      Array.from({ length: 15 }, async (_, caller) => {
        for (let turn = 0; turn < 20; turn++) {
          const grant = grants[(caller * 7 + turn * 5 + n) % grants.length] ?? ''
          const expired = turn % 6 === 0
          const intent = intentOf(
            { ...ledger, grant },
            {
              amountNano: BigInt(2_000 + ((caller * 131 + turn * 17) % 900)),
              reserveSeconds: expired ? -40 : 600,
              limits: turn % 2 === 0 ? { requestsPerMinute: 100_000, tokensPerMinute: 1_000_000 } : {},
            },
          )
          const verdict = await admission.admit(intent)
          const code = verdict.admitted ? 'admitted' : verdict.code
          codes.set(code, (codes.get(code) ?? 0) + 1)
          if (verdict.admitted && !expired) settlement.settle(outcomeOf(intent, verdict, BigInt(turn * 100)))
        }
      }),
    ),
  )
  await Promise.all(nodes.map(({ settlement }) => settlement.flush()))
  done = true
  await Promise.all(sweeping)
  await new Sweeper({ db: ledger.db, node: nodes[0]?.node ?? '', log: silentLog }).sweep()
  await Promise.all(nodes.map(({ pool }) => pool.end()))

  expect(failures).toEqual([])
  expect([...codes.keys()].sort()).toEqual(['admitted', 'budget_exceeded'])
  expect([...codes.values()].reduce((sum, n) => sum + n, 0)).toBe(1_200)
  expect(await count(ledger.pool, 'reservations')).toBe(0)
  expect(await count(ledger.pool, 'usage_events')).toBe(codes.get('admitted'))
  const { rows } = await ledger.pool.query<{ budget: string; spent: bigint; reserved: bigint; limit: bigint; used: string }>(`
    select b.id as budget, w.spent_nano as spent, w.reserved_nano as reserved, b.limit_nano as limit,
      (select coalesce(sum(cost_nano), 0) from usage_events u where b.level in ('org', 'team') or u.grant_id = b.subject)::text as used
    from budgets b join budget_windows w on w.budget_id = b.id`)
  expect(rows.map((row) => row.budget).sort()).toEqual([...own, ...rest, org, team].sort())
  for (const row of rows) {
    expect(row.reserved).toBe(0n)
    expect(row.spent).toBe(BigInt(row.used))
    expect(row.spent <= row.limit).toBe(true)
  }
  expect((await balance(ledger.pool, org)).reserved).toBe(0n)
}, 120_000)

test('rates: requests a minute are exact over two nodes, tokens count at their worst case until the settle corrects them', async () => {
  const nodes = [0, 1].map(() => {
    const pool = createPool(ledger.connection, { name: 'node', connectionsMax: 3, log: silentLog })
    const node = newId('node')
    return { pool, admission: new Admission({ pool, node, log: silentLog }), settlement: new Settlement({ pool, node, log: silentLog }) }
  })
  const limits = { requestsPerMinute: 25 }
  const verdicts = await Promise.all(
    nodes.flatMap(({ admission }) => Array.from({ length: 40 }, () => admission.admit(intentOf(ledger, { limits })))),
  )
  const admitted = verdicts.filter((verdict) => verdict.admitted)
  // A minute that begins between the two batches fades the first one's count by a little.
  expect(admitted.length).toBeGreaterThanOrEqual(25)
  expect(admitted.length).toBeLessThanOrEqual(27)
  const refused = verdicts.find((verdict) => !verdict.admitted)
  expect(refused).toMatchObject({ code: 'rate_limited' })
  expect(refused && 'retryAfterSeconds' in refused ? refused.retryAfterSeconds : 0).toBeGreaterThan(0)

  const grant = newId('grant')
  await addGrant(ledger.pool, grant, ledger.workload, ledger.resource)
  const [first] = nodes
  if (!first) throw new Error('no node')
  const ask = () => intentOf({ ...ledger, grant }, { limits: { tokensPerMinute: 1_000 }, tokensWorstCase: 600 })
  const one = ask()
  const admittedOne = await first.admission.admit(one)
  expect(admittedOne).toMatchObject({ admitted: true, held: true, budgeted: false })
  expect(await first.admission.admit(ask())).toMatchObject({ code: 'tokens_rate_limited' })
  if (!admittedOne.admitted) throw new Error('refused')
  first.settlement.settle(outcomeOf(one, admittedOne, 5n, { usage: { inputTokens: 60, cachedInputTokens: 20, outputTokens: 20 } }))
  await first.settlement.flush()
  expect(await first.admission.admit(ask())).toMatchObject({ admitted: true })
  const huge = intentOf({ ...ledger, grant }, { limits: { tokensPerMinute: 1_000 }, tokensWorstCase: 1_001 })
  const never = await first.admission.admit(huge)
  expect(never).toMatchObject({ code: 'tokens_rate_limited' })
  expect(never).not.toHaveProperty('retryAfterSeconds')
  await Promise.all(nodes.map(({ pool }) => pool.end()))
})
