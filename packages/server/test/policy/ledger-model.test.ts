import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog } from '../../src/db/log.ts'
import { newId } from '../../src/observe/ids.ts'
import type { Admitted, CallIntent } from '../../src/policy/call.ts'
import { Sweeper } from '../../src/policy/sweeper.ts'
import { addBudget, addGrant, balance, codeOf, count, intentOf, type Ledger, ledgerNode, openLedger, outcomeOf } from './ledger.ts'

/* Promise 6 against a model: whatever the order of admissions, settles and sweeps, the ledger says what simple arithmetic says. */

let ledger: Ledger
beforeAll(async () => {
  ledger = await openLedger()
})
afterAll(() => ledger.close())

interface Open {
  readonly intent: CallIntent
  readonly verdict: Admitted
  readonly expired: boolean
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('admit' as const),
      calls: fc.array(callArbitrary(), { minLength: 1, maxLength: 12 }),
      node: fc.nat(1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      which: fc.nat(30),
      share: fc.option(fc.nat(100)),
      again: fc.boolean(),
      node: fc.nat(1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sweep' as const), node: fc.nat(1) }) },
)

function callArbitrary() {
  return fc.record({ grant: fc.nat(1), amount: fc.option(fc.bigInt(0n, 900n), { freq: 12 }), expired: fc.boolean() })
}

test('random admissions, settles and sweeps: verdicts and balances are those of the model, never over, and all that is held comes back', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 25 }),
      fc.bigInt(500n, 4_000n),
      fc.bigInt(500n, 6_000n),
      async (steps, grantLimit, workloadLimit) => {
        const workload = newId('workload')
        await ledger.pool.query("insert into workloads (id, name, type, owner, environment) values ($1, $1, 'agent', $2, 'production')", [
          workload,
          ledger.person,
        ])
        const grants = [newId('grant'), newId('grant')] as const
        for (const grant of grants) await addGrant(ledger.pool, grant, workload, ledger.resource)
        const onGrant = await addBudget(ledger.pool, 'grant', grants[0], grantLimit)
        const onWorkload = await addBudget(ledger.pool, 'workload', workload, workloadLimit, 'month')
        const model = { grant: { limit: grantLimit, spent: 0n, reserved: 0n }, workload: { limit: workloadLimit, spent: 0n, reserved: 0n } }
        const budgetsOf = (grant: string) => (grant === grants[0] ? [model.grant, model.workload] : [model.workload])
        const nodes = [ledgerNode(ledger.pool), ledgerNode(ledger.pool)] as const
        let open: Open[] = []
        const settled: Open[] = []

        for (const one of steps) {
          const node = nodes[one.node === 0 ? 0 : 1]
          if (one.kind === 'admit') {
            const intents = one.calls.map((call) => ({
              expired: call.expired,
              intent: intentOf(
                { ...ledger, workload, grant: grants[call.grant === 0 ? 0 : 1] },
                { amountNano: call.amount, reserveSeconds: call.expired ? -40 : 600 },
              ),
            }))
            // Submitted in one turn of the event loop: one batch, in this order.
            const verdicts = await Promise.all(intents.map(({ intent }) => node.admission.admit(intent)))
            intents.forEach(({ intent, expired }, index) => {
              const budgets = budgetsOf(intent.grant)
              const amount = intent.amountNano
              const fits = amount !== null && budgets.every((budget) => budget.spent + budget.reserved + amount <= budget.limit)
              const verdict = verdicts[index]
              if (!verdict) throw new Error('a call without a verdict')
              expect(codeOf(verdict)).toBe(amount === null ? 'price_unknown' : fits ? 'admitted' : 'budget_exceeded')
              if (!verdict.admitted) return
              for (const budget of budgets) budget.reserved += amount ?? 0n
              open.push({ intent, verdict, expired })
            })
          } else if (one.kind === 'settle') {
            const call = open[one.which % Math.max(1, open.length)]
            if (!call) continue
            const amount = call.intent.amountNano ?? 0n
            const cost = one.share === null ? null : (amount * BigInt(one.share)) / 100n
            node.settlement.settle(outcomeOf(call.intent, call.verdict, cost))
            if (one.again) nodes[0].settlement.settle(outcomeOf(call.intent, call.verdict, 0n))
            await node.settlement.flush()
            await nodes[0].settlement.flush()
            // Where both nodes settled at once either may have been first: the ledger says which.
            const { rows } = await ledger.pool.query<{ cost_nano: bigint }>('select cost_nano from usage_events where call_id = $1', [
              call.intent.callId,
            ])
            expect(rows).toHaveLength(1)
            const counted = rows[0]?.cost_nano ?? -1n
            expect([cost ?? amount, ...(one.again ? [0n] : [])]).toContain(counted)
            for (const budget of budgetsOf(call.intent.grant)) {
              budget.reserved -= amount
              budget.spent += counted
            }
            open = open.filter((other) => other !== call)
            settled.push(call)
          } else {
            const swept = open.filter((call) => call.expired)
            const sweeper = new Sweeper({ db: ledger.db, node: node.node, log: silentLog })
            await ledger.pool.query(
              'insert into nodes (id, host, pid, roles, version) select unnest($1::text[]), $2, 1, $3, $4 on conflict do nothing',
              [nodes.map((each) => each.node), 'test', ['gateway'], 'test'],
            )
            await sweeper.sweep()
            for (const call of swept)
              for (const budget of budgetsOf(call.intent.grant)) {
                budget.reserved -= call.intent.amountNano ?? 0n
                budget.spent += call.intent.amountNano ?? 0n
              }
            open = open.filter((call) => !call.expired)
          }
          expect(await balance(ledger.pool, onGrant)).toEqual({ spent: model.grant.spent, reserved: model.grant.reserved })
          expect(await balance(ledger.pool, onWorkload)).toEqual({ spent: model.workload.spent, reserved: model.workload.reserved })
          for (const budget of [model.grant, model.workload]) expect(budget.spent + budget.reserved <= budget.limit).toBe(true)
        }

        for (const call of open) nodes[0].settlement.settle(outcomeOf(call.intent, call.verdict, null))
        await nodes[0].settlement.flush()
        for (const budget of [onGrant, onWorkload]) expect((await balance(ledger.pool, budget)).reserved).toBe(0n)
        expect(await count(ledger.pool, 'reservations where grant_id = any($1)', [grants])).toBe(0)
      },
    ),
    { numRuns: process.env.KEYWARD_DEEP === '1' ? 400 : 25, endOnFailure: true },
  )
}, 120_000)
