import { afterEach, beforeEach, expect, test } from 'vitest'
import { databaseOn } from '../../src/db/database.ts'
import { silentLog } from '../../src/db/log.ts'
import { createPool } from '../../src/db/pool.ts'
import { newId } from '../../src/observe/ids.ts'
import type { CallIntent, Verdict } from '../../src/policy/call.ts'
import { Sweeper } from '../../src/policy/sweeper.ts'
import {
  addBudget,
  addGrant,
  admitted,
  balance,
  codeOf,
  count,
  intentOf,
  type Ledger,
  ledgerNode,
  openLedger,
  outcomeOf,
  usageSum,
} from './ledger.ts'

/* Promise 6: budgets cannot be overrun. */

let ledger: Ledger
beforeEach(async () => {
  ledger = await openLedger()
})
afterEach(() => ledger.close())

test('200 parallel calls on a budget that pays for exactly 10 at their worst case: exactly 10 are admitted', async () => {
  const budget = await addBudget(ledger.pool, 'grant', ledger.grant, 10_009n)
  const { admission } = ledgerNode(ledger.pool)
  const verdicts = await Promise.all(Array.from({ length: 200 }, () => admission.admit(intentOf(ledger))))
  expect(verdicts.filter((verdict) => verdict.admitted)).toHaveLength(10)
  expect(new Set(verdicts.map(codeOf))).toEqual(new Set(['admitted', 'budget_exceeded']))
  expect(await balance(ledger.pool, budget)).toEqual({ spent: 0n, reserved: 10_000n })
  expect(await count(ledger.pool, "audit_entries where decision = 'refused' and code = 'budget_exceeded'")).toBe(190)
  expect(await count(ledger.pool, "audit_entries where decision = 'allowed'")).toBe(10)
})

test('the same from three nodes at once, each with its own connections: exactly 10 together, and the refused one says which budget', async () => {
  const budget = await addBudget(ledger.pool, 'org', ledger.installation, 10_000n, 'day')
  const pools = Array.from({ length: 3 }, () => createPool(ledger.connection, { name: 'node', connectionsMax: 3, log: silentLog }))
  const verdicts = await Promise.all(
    pools.flatMap((pool) => {
      const { admission } = ledgerNode(pool)
      return Array.from({ length: 67 }, () => admission.admit(intentOf(ledger)))
    }),
  )
  await Promise.all(pools.map((pool) => pool.end()))
  expect(verdicts.filter((verdict) => verdict.admitted)).toHaveLength(10)
  const refused = verdicts.find((verdict) => !verdict.admitted)
  expect(refused).toMatchObject({ code: 'budget_exceeded', detail: `${budget} org` })
  expect(refused).toHaveProperty('retryAfterSeconds')
})

test('every level bounds a call: organisation, team of the owner, workload, grant; the refusal leaves nothing held anywhere', async () => {
  const wide = await Promise.all([
    addBudget(ledger.pool, 'org', ledger.installation, 1_000_000n),
    addBudget(ledger.pool, 'workload', ledger.workload, 1_000_000n),
    addBudget(ledger.pool, 'grant', ledger.grant, 1_000_000n),
  ])
  const narrow = await addBudget(ledger.pool, 'team', ledger.team, 2_500n)
  const { admission } = ledgerNode(ledger.pool)
  const verdicts: Verdict[] = []
  for (let i = 0; i < 4; i++) verdicts.push(await admission.admit(intentOf(ledger)))
  expect(verdicts.map(codeOf)).toEqual(['admitted', 'admitted', 'budget_exceeded', 'budget_exceeded'])
  for (const budget of [...wide, narrow]) expect(await balance(ledger.pool, budget)).toEqual({ spent: 0n, reserved: 2_000n })
})

test('in one batch a call that does not fit is refused and a smaller one after it is admitted, in the order in which they came', async () => {
  await addBudget(ledger.pool, 'grant', ledger.grant, 1_000n)
  const { admission } = ledgerNode(ledger.pool)
  const amounts = [600n, 500n, 400n, 1n]
  const verdicts = await Promise.all(amounts.map((amountNano) => admission.admit(intentOf(ledger, { amountNano }))))
  expect(verdicts.map(codeOf)).toEqual(['admitted', 'budget_exceeded', 'admitted', 'budget_exceeded'])
})

test('without a price or a bound a call is refused where a budget applies, and only there', async () => {
  const free = newId('grant')
  await addGrant(ledger.pool, free, ledger.workload, ledger.resource)
  await addBudget(ledger.pool, 'grant', ledger.grant, 1_000n)
  const { admission } = ledgerNode(ledger.pool)
  const unbounded = { code: 'cost_unbounded', detail: 'web search' } as const
  const verdicts = await Promise.all([
    admission.admit(intentOf(ledger, { amountNano: null })),
    admission.admit(intentOf(ledger, { amountNano: null, whyNoAmount: unbounded })),
    admission.admit(intentOf({ ...ledger, grant: free }, { amountNano: null, whyNoAmount: unbounded })),
    admission.admit(intentOf(ledger, { amountNano: 1_000n })),
  ])
  expect(verdicts.map(codeOf)).toEqual(['price_unknown', 'cost_unbounded', 'admitted', 'admitted'])
  expect(verdicts[1]).toHaveProperty('detail', 'web search')
  expect(verdicts[2]).toMatchObject({ budgeted: false, held: false })
})

test('spend equals the sum of usage to the nano-dollar, on every level, and nothing stays held', async () => {
  const budgets = await Promise.all([
    addBudget(ledger.pool, 'org', ledger.installation, 10n ** 15n, 'month'),
    addBudget(ledger.pool, 'team', ledger.team, 10n ** 15n, 'hour'),
    addBudget(ledger.pool, 'grant', ledger.grant, 10n ** 15n),
  ])
  const { admission, settlement } = ledgerNode(ledger.pool)
  let expected = 0n
  await Promise.all(
    Array.from({ length: 300 }, async (_, index) => {
      const intent = intentOf(ledger, { amountNano: 999_999_937n })
      const verdict = admitted(await admission.admit(intent))
      // Every tenth has unknown usage: it is charged in full.
      const cost = index % 10 === 0 ? null : BigInt(index) * 1_234_567n + 1n
      expected += cost ?? 999_999_937n
      settlement.settle(outcomeOf(intent, verdict, cost, { outcome: cost === null ? 'client_abort' : 'ok' }))
    }),
  )
  await settlement.flush()
  for (const budget of budgets) expect(await balance(ledger.pool, budget)).toEqual({ spent: expected, reserved: 0n })
  expect(await usageSum(ledger.pool)).toBe(expected)
  expect(await count(ledger.pool, 'usage_events where estimated and cost_nano = 999999937')).toBe(30)
  expect(await count(ledger.pool, 'reservations')).toBe(0)
})

test('a second settle of the same call changes nothing, with a budget and without', async () => {
  const free = newId('grant')
  await addGrant(ledger.pool, free, ledger.workload, ledger.resource)
  const budget = await addBudget(ledger.pool, 'grant', ledger.grant, 10_000n)
  const { admission, settlement } = ledgerNode(ledger.pool)
  for (const grant of [ledger.grant, free]) {
    const intent = intentOf({ ...ledger, grant })
    const verdict = admitted(await admission.admit(intent))
    // The first two in one batch.
    settlement.settle(outcomeOf(intent, verdict, 700n))
    settlement.settle(outcomeOf(intent, verdict, 800n))
    await settlement.flush()
    for (const cost of [900n, null]) {
      settlement.settle(outcomeOf(intent, verdict, cost))
      await settlement.flush()
    }
  }
  expect(await balance(ledger.pool, budget)).toEqual({ spent: 700n, reserved: 0n })
  expect(await count(ledger.pool, 'usage_events where cost_nano = 700')).toBe(2)
  expect(await count(ledger.pool, 'usage_events')).toBe(2)
})

test('a lower limit holds for the next call, and what is spent stays counted', async () => {
  const budget = await addBudget(ledger.pool, 'grant', ledger.grant, 10_000n)
  const { admission, settlement } = ledgerNode(ledger.pool)
  const intent = intentOf(ledger)
  settlement.settle(outcomeOf(intent, admitted(await admission.admit(intent)), 800n))
  await settlement.flush()
  await ledger.pool.query('update budgets set limit_nano = 1799 where id = $1', [budget])
  expect(codeOf(await admission.admit(intentOf(ledger)))).toBe('budget_exceeded')
  await ledger.pool.query('update budgets set limit_nano = 1800 where id = $1', [budget])
  expect(codeOf(await admission.admit(intentOf(ledger)))).toBe('admitted')
})

test('no reservation outlives its end: the sweep settles it in full, marked estimated and lost, and a late settle changes nothing', async () => {
  const budget = await addBudget(ledger.pool, 'grant', ledger.grant, 10_000n)
  const { node, admission, settlement } = ledgerNode(ledger.pool)
  const intent = intentOf(ledger, { reserveSeconds: -31 })
  const verdict = admitted(await admission.admit(intent))
  const running = intentOf(ledger, { amountNano: 50n })
  admitted(await admission.admit(running))
  const sweeper = new Sweeper({ db: databaseOn(ledger.pool), node, log: silentLog })
  expect(await sweeper.sweep()).toBe(1)
  settlement.settle(outcomeOf(intent, verdict, 1n))
  await settlement.flush()
  expect(await balance(ledger.pool, budget)).toEqual({ spent: 1_000n, reserved: 50n })
  const { rows } = await ledger.pool.query('select call_id, outcome, estimated, cost_nano, resource_id, model from usage_events')
  expect(rows).toEqual([
    { call_id: intent.callId, outcome: 'lost', estimated: true, cost_nano: 1_000n, resource_id: ledger.resource, model: 'gpt-4.1' },
  ])
})

test('an admission that nobody heard of is freed and charged nothing', async () => {
  const budget = await addBudget(ledger.pool, 'grant', ledger.grant, 10_000n)
  const { admission, settlement } = ledgerNode(ledger.pool)
  const intents: CallIntent[] = [intentOf(ledger), intentOf(ledger)]
  for (const intent of intents) admitted(await admission.admit(intent))
  await settlement.abandon(intents.map((intent) => intent.callId))
  expect(await balance(ledger.pool, budget)).toEqual({ spent: 0n, reserved: 0n })
  expect(await count(ledger.pool, "usage_events where outcome = 'lost' and cost_nano = 0 and not estimated")).toBe(2)
})
