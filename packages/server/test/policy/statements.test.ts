import { GrantCreate } from '@keyward/contract/grants'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newId } from '../../src/observe/ids.ts'
import { createBudget, deleteBudget, listBudgets, showBudget, updateBudget } from '../../src/policy/budgets.ts'
import { createGrant, deleteGrant, listGrants, showGrant, updateGrant } from '../../src/policy/grants.ts'
import { listUsage, summariseUsage, usageOfDay } from '../../src/policy/usage.ts'
import { addGrant, admitted, intentOf, type Ledger, ledgerNode, openLedger, outcomeOf } from './ledger.ts'

let ledger: Ledger
beforeEach(async () => {
  ledger = await openLedger()
})
afterEach(() => ledger.close())

const elsewhere = [{ team: 'own_elsewhere' }] as const

function grantInput(changes: object = {}): GrantCreate {
  return GrantCreate.parse({ workload: ledger.workload, resource: ledger.resource, scope: { models: ['gpt-4*'] }, ...changes })
}
const within = <T>(act: (trx: Parameters<Parameters<ReturnType<Ledger['db']['transaction']>['execute']>[0]>[0]) => Promise<T>) =>
  ledger.db.transaction().execute(act)

test('a grant is made, found in lists, changed under its revision, and deleted only when it is revoked and no token lives', async () => {
  const grant = await within((trx) =>
    createGrant(trx, 'all', grantInput({ limits: { requests_per_minute: 5 }, reason: 'a try' }), 'usr_test'),
  )
  expect(grant).toMatchObject({
    state: 'active',
    revision: 1,
    scope: { models: ['gpt-4*'] },
    limits: { requests_per_minute: 5 },
    ttl_seconds: 600,
    tenant: null,
  })
  expect(await showGrant(ledger.db, 'all', grant.id)).toEqual(grant)
  const listed = await listGrants(ledger.db, 'all', { workload: ledger.workload, limit: 1 })
  expect(listed.items).toHaveLength(1)
  const rest = await listGrants(ledger.db, 'all', { workload: ledger.workload, limit: 1, cursor: listed.next_cursor ?? '' })
  expect([...listed.items, ...rest.items].map((one) => one.id).sort()).toEqual([grant.id, ledger.grant].sort())
  const changed = await within((trx) => updateGrant(trx, 'all', grant.id, { ttl_seconds: 60 }, 1))
  expect(changed.grant).toMatchObject({ revision: 2, ttl_seconds: 60, scope: { models: ['gpt-4*'] } })
  await expect(within((trx) => updateGrant(trx, 'all', grant.id, { ttl_seconds: 90 }, 1))).rejects.toMatchObject({
    code: 'precondition-failed',
  })
  await expect(within((trx) => deleteGrant(trx, 'all', grant.id, '*'))).rejects.toMatchObject({ code: 'in-use' })
  await ledger.pool.query("update grants set state = 'revoked' where id = $1", [grant.id])
  await expect(within((trx) => updateGrant(trx, 'all', grant.id, { ttl_seconds: 90 }, '*'))).rejects.toMatchObject({
    code: 'already-revoked',
  })
  await ledger.pool.query(
    "insert into tokens (id, grant_id, workload_id, resource_id, method, issued_at, expires_at) values ('tok_live', $1, $2, $3, 'by_hand', now(), now() + interval '1 minute')",
    [grant.id, ledger.workload, ledger.resource],
  )
  await expect(within((trx) => deleteGrant(trx, 'all', grant.id, '*'))).rejects.toMatchObject({ code: 'in-use' })
  await ledger.pool.query('update tokens set revoked_at = now()')
  await within((trx) => createBudget(trx, 'all', { scope: { grant: grant.id }, limit_usd: '1', window: 'day' }))
  await within((trx) => deleteGrant(trx, 'all', grant.id, '*'))
  await expect(showGrant(ledger.db, 'all', grant.id)).rejects.toMatchObject({ code: 'not-found' })
  expect((await listBudgets(ledger.db, 'all', { limit: 10 })).items).toEqual([])
})

test('a grant names what exists, is active, fits its resource and lies within the reach', async () => {
  const refusal = (input: GrantCreate, reach: Parameters<typeof createGrant>[1] = 'all') =>
    within((trx) => createGrant(trx, reach, input, null)).catch((error: unknown) => error)
  expect(await refusal(grantInput({ workload: newId('workload') }))).toMatchObject({
    code: 'invalid-request',
    errors: [{ field: '/workload' }],
  })
  expect(await refusal(grantInput({ resource: newId('resource') }))).toMatchObject({ errors: [{ field: '/resource' }] })
  expect(await refusal(grantInput({ tenant: newId('tenant') }))).toMatchObject({ errors: [{ field: '/tenant' }] })
  expect(await refusal(grantInput({ scope: { methods: ['GET'], paths: ['/v1/**'] } }))).toMatchObject({ errors: [{ field: '/scope' }] })
  expect(await refusal(grantInput({ expires_at: '2020-01-01T00:00:00Z' }))).toMatchObject({ errors: [{ field: '/expires_at' }] })
  expect(await refusal(grantInput(), elsewhere)).toMatchObject({ errors: [{ field: '/workload' }] })
  expect(await refusal(grantInput(), [{ team: ledger.team, environment: 'production' }])).toMatchObject({ state: 'active' })
  await expect(showGrant(ledger.db, elsewhere, ledger.grant)).rejects.toMatchObject({ code: 'not-found' })
  expect((await listGrants(ledger.db, elsewhere, { limit: 10 })).items).toEqual([])
  await ledger.pool.query("update workloads set state = 'revoked'")
  expect(await refusal(grantInput())).toMatchObject({ code: 'already-revoked' })
})

test('a budget shows what is spent, held and left, is one a window and subject, and is not removed from under running calls', async () => {
  const budget = await within((trx) =>
    createBudget(trx, 'all', { scope: { workload: ledger.workload }, limit_usd: '0.00001', window: 'month' }),
  )
  expect(budget).toMatchObject({
    limit_usd: '0.00001',
    spent_usd: '0.00',
    reserved_usd: '0.00',
    remaining_usd: '0.00001',
    scope: { workload: ledger.workload },
    revision: 1,
  })
  expect(new Date(budget.window_end ?? 0).getTime()).toBeGreaterThan(Date.now())
  await expect(
    within((trx) => createBudget(trx, 'all', { scope: { workload: ledger.workload }, limit_usd: '9', window: 'month' })),
  ).rejects.toMatchObject({ code: 'conflict' })
  const { admission, settlement } = ledgerNode(ledger.pool)
  const intents = [intentOf(ledger), intentOf(ledger)] as const
  const verdicts = [admitted(await admission.admit(intents[0])), admitted(await admission.admit(intents[1]))] as const
  settlement.settle(outcomeOf(intents[0], verdicts[0], 300n))
  await settlement.flush()
  expect(await showBudget(ledger.db, 'all', budget.id)).toMatchObject({
    spent_usd: '0.0000003',
    reserved_usd: '0.000001',
    remaining_usd: '0.0000087',
  })
  await expect(within((trx) => deleteBudget(trx, 'all', budget.id, '*'))).rejects.toMatchObject({ code: 'in-use' })
  const lower = await within((trx) => updateBudget(trx, 'all', budget.id, { limit_usd: '0.000001' }, 1))
  expect(lower).toMatchObject({ remaining_usd: '0.00', revision: 2 })
  settlement.settle(outcomeOf(intents[1], verdicts[1], null))
  await settlement.flush()
  await expect(within((trx) => deleteBudget(trx, 'all', budget.id, 1))).rejects.toMatchObject({ code: 'precondition-failed' })
  await within((trx) => deleteBudget(trx, 'all', budget.id, 2))
  await expect(showBudget(ledger.db, 'all', budget.id)).rejects.toMatchObject({ code: 'not-found' })
  expect((await admission.admit(intentOf(ledger, { amountNano: null }))).admitted).toBe(true)
})

test("each level of budgets is seen by those whose reach covers it; the organisation's by those who reach everything", async () => {
  const scopes = [{ org: 'org' }, { team: ledger.team }, { workload: ledger.workload }, { grant: ledger.grant }]
  for (const scope of scopes) await within((trx) => createBudget(trx, 'all', { scope, limit_usd: '5', window: 'total' }))
  const levels = async (reach: Parameters<typeof listBudgets>[1]) =>
    (await listBudgets(ledger.db, reach, { limit: 10 })).items.flatMap((one) => Object.keys(one.scope)).sort()
  expect(await levels('all')).toEqual(['grant', 'org', 'team', 'workload'])
  expect(await levels([{ team: ledger.team }])).toEqual(['grant', 'team', 'workload'])
  expect(await levels([{ environment: 'production' }])).toEqual(['grant', 'workload'])
  expect(await levels(elsewhere)).toEqual([])
  const denied = (scope: object) =>
    within((trx) => createBudget(trx, elsewhere, { scope, limit_usd: '5', window: 'day' })).catch((error: unknown) => error)
  expect(await denied({ org: 'org' })).toMatchObject({ code: 'forbidden' })
  for (const scope of scopes.slice(1)) expect(await denied(scope)).toMatchObject({ code: 'invalid-request' })
})

test('usage is listed and summed by what used it, with refusals beside it, to the nano-dollar', async () => {
  const other = newId('grant')
  await addGrant(ledger.pool, other, ledger.workload, ledger.resource)
  await within((trx) => createBudget(trx, 'all', { scope: { grant: other }, limit_usd: '0.000001', window: 'day' }))
  const { admission, settlement } = ledgerNode(ledger.pool)
  for (const [grant, cost] of [
    [ledger.grant, 5n],
    [ledger.grant, 7n],
    [other, null],
    [other, 1n],
  ] as const) {
    const base = intentOf({ ...ledger, grant })
    const intent = { ...base, audit: { ...base.audit, team: ledger.team } }
    const verdict = await admission.admit(intent)
    if (verdict.admitted)
      settlement.settle(
        outcomeOf(intent, verdict, cost, {
          team: ledger.team,
          usage: { inputTokens: 3, cachedInputTokens: 2, outputTokens: 4 },
          overheadMs: 2,
        }),
      )
    await settlement.flush()
  }
  const listed = await listUsage(ledger.db, 'all', { limit: 2 })
  const rest = await listUsage(ledger.db, 'all', { limit: 2, cursor: listed.next_cursor ?? '' })
  expect([...listed.items, ...rest.items].map((event) => event.cost_usd).sort()).toEqual(['0.000000005', '0.000000007', '0.000001'])
  expect((await listUsage(ledger.db, 'all', { grant: other, limit: 5 })).items).toMatchObject([
    { estimated: true, outcome: 'ok', input_tokens: 3 },
  ])
  expect((await listUsage(ledger.db, elsewhere, { limit: 5 })).items).toEqual([])
  const byGrant = await summariseUsage(ledger.db, 'all', { by: 'grant' })
  expect(byGrant.rows).toEqual([
    { key: other, calls: 1, refused: 1, input_tokens: 5, output_tokens: 4, cost_usd: '0.000001', estimated_usd: '0.000001' },
    { key: ledger.grant, calls: 2, refused: 0, input_tokens: 10, output_tokens: 8, cost_usd: '0.000000012', estimated_usd: '0.00' },
  ])
  const byDay = await summariseUsage(ledger.db, [{ team: ledger.team }], { by: 'day' })
  expect(byDay.rows).toMatchObject([{ calls: 3, refused: 1 }])
  const day = await usageOfDay(ledger.db, 'all')
  expect(day).toMatchObject({ calls: 3, refused: 1, costUsd: '0.000001012', p50OverheadMs: 2, anyCall: true })
  expect(day.byHour).toHaveLength(24)
  expect(day.byHour.reduce((sum, hour) => sum + hour.calls, 0)).toBe(3)
  expect(await usageOfDay(ledger.db, elsewhere)).toMatchObject({ calls: 0, anyCall: false })
})
