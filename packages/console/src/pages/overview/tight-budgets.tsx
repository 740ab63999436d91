import { useQuery } from '@tanstack/react-query'
import { firstOf } from '../../api/queries.ts'
import { Go } from '../../app/go.tsx'
import { BudgetMeter } from '../../components/meter.tsx'
import { Panel } from '../../components/page.tsx'
import { money, perMille } from '../../format/money.ts'
import { word } from '../../format/words.ts'
import { BudgetScopeText } from '../budgets/budget-scope.tsx'

const shownMax = 3
const lookedAtMax = 200

/** The budgets that are nearest to their ceiling. */
export function TightBudgets() {
  const budgets = useQuery({ ...firstOf('budgets', { limit: lookedAtMax }), refetchInterval: 10_000 })
  const nearest = [...(budgets.data?.items ?? [])]
    .sort((one, other) => perMille(other.spent_usd, other.limit_usd) - perMille(one.spent_usd, one.limit_usd))
    .slice(0, shownMax)
  if (nearest.length === 0) return null
  return (
    <Panel title="Nearest to their ceiling" actions={<Go to="/budgets">Budgets</Go>}>
      <ul className="grid gap-4">
        {nearest.map((budget) => (
          <li key={budget.id}>
            <p className="mb-1 flex flex-wrap justify-between gap-x-3">
              <span className="min-w-0">
                <BudgetScopeText budget={budget} />
              </span>
              <span className="figures text-sm text-soft">
                {money(budget.limit_usd)} {word(budget.window)}
              </span>
            </p>
            <BudgetMeter budget={budget} />
          </li>
        ))}
      </ul>
    </Panel>
  )
}
