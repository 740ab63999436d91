import type { Budget } from '@keyward/contract/budgets'
import { routes } from '@keyward/contract/routes'
import { createBudget, deleteBudget, listBudgets, showBudget, updateBudget } from '../../policy/budgets.ts'
import { type Implementation, implement } from '../handle.ts'
import type { Services } from '../services.ts'

const { budgets } = routes

export function budgetHandlers({ db }: Services): Implementation[] {
  return [
    implement(budgets.list, ({ permit, query }) => listBudgets(db, permit.reach, query)),
    implement(budgets.show, ({ permit, params }) => showBudget(db, permit.reach, params.id)),
    implement(budgets.create, ({ permit, body, transact }) =>
      transact(async (trx, act) => {
        const budget = await createBudget(trx, permit.reach, body)
        await act.record({ ...about(budget), details: { scope: budget.scope, window: budget.window, limit_usd: budget.limit_usd } })
        act.change('budget', budget.id)
        return budget
      }),
    ),
    implement(budgets.update, ({ permit, params, body, revision, transact }) =>
      transact(async (trx, act) => {
        const budget = await updateBudget(trx, permit.reach, params.id, body, revision)
        await act.record({ ...about(budget), details: { limit_usd: budget.limit_usd } })
        act.change('budget', budget.id)
        return budget
      }),
    ),
    implement(budgets.delete, ({ permit, params, revision, transact }) =>
      transact(async (trx, act) => {
        const budget = await showBudget(trx, permit.reach, params.id)
        await deleteBudget(trx, permit.reach, params.id, revision)
        await act.record({ ...about(budget), details: { scope: budget.scope, window: budget.window, limit_usd: budget.limit_usd } })
        act.change('budget', params.id)
        return undefined
      }),
    ),
  ]
}

function about({ id, scope }: Budget) {
  return {
    target: { kind: 'budget', id },
    ...(scope.team === undefined ? {} : { team: scope.team }),
    ...(scope.workload === undefined ? {} : { workload: scope.workload }),
    ...(scope.grant === undefined ? {} : { grant: scope.grant }),
  }
}
