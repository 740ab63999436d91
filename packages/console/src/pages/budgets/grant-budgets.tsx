import { useQuery } from '@tanstack/react-query'
import { firstOf } from '../../api/queries.ts'
import { Go } from '../../app/go.tsx'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { BudgetMeter } from '../../components/meter.tsx'
import { Panel } from '../../components/page.tsx'
import { Skeleton } from '../../components/skeleton.tsx'
import { money } from '../../format/money.ts'
import { word } from '../../format/words.ts'
import { BudgetForm } from './budget-form.tsx'

/** The ceilings that are set over one grant. */
export function GrantBudgets({ grant, active }: { readonly grant: string; readonly active: boolean }) {
  const budgets = useQuery({ ...firstOf('budgets', { grant }), refetchInterval: 5_000 })
  return (
    <Panel
      title="Budget"
      note="Ceilings of its workload, team and organisation count, too."
      actions={
        active && (
          <CreateButton needs="budget:create" look="quiet" text="Set a budget">
            {(close) => <BudgetForm grant={grant} onClose={close} />}
          </CreateButton>
        )
      }
    >
      {budgets.isPending ? (
        <Skeleton width="16rem" />
      ) : (budgets.data?.items.length ?? 0) === 0 ? (
        <p className="text-soft">No ceiling of its own.</p>
      ) : (
        <ul className="grid gap-4">
          {budgets.data?.items.map((budget) => (
            <li key={budget.id}>
              <p className="mb-1">
                <Go to={`/budgets/${budget.id}`} className="font-semibold text-ink no-underline hover:underline">
                  {money(budget.limit_usd)} {word(budget.window)}
                </Go>
              </p>
              <BudgetMeter budget={budget} />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
