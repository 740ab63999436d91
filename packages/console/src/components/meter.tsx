import type { Budget } from '@keyward/contract/budgets'
import { money, perMille } from '../format/money.ts'

/** A budget as a bar: spent, held by running calls, left. */
export function BudgetMeter({ budget, bare = false }: { readonly budget: Budget; readonly bare?: boolean }) {
  const spent = perMille(budget.spent_usd, budget.limit_usd)
  const held = Math.min(1_000 - spent, perMille(budget.reserved_usd, budget.limit_usd))
  const tight = spent + held >= 900
  return (
    <div className="w-full min-w-40">
      {/* biome-ignore lint/a11y/useSemanticElements: <meter> can't show two parts */}
      <div
        role="meter"
        aria-label="Budget used"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round((spent + held) / 10)}
        aria-valuetext={`${money(budget.spent_usd)} spent, ${money(budget.reserved_usd)} held, ${money(budget.remaining_usd)} left of ${money(budget.limit_usd)}`}
        className="flex h-2 w-full overflow-hidden rounded-full bg-line"
      >
        <div className={tight ? 'bg-danger' : 'bg-accent'} style={{ width: `${spent / 10}%` }} />
        <div className="bg-brass opacity-80" style={{ width: `${held / 10}%` }} />
      </div>
      {!bare && (
        <p className="figures mt-1 flex flex-wrap justify-between gap-x-3 text-xs text-soft">
          <span>
            {money(budget.spent_usd)} spent
            {budget.reserved_usd !== '0.00' && <span className="text-brass"> · {money(budget.reserved_usd)} held</span>}
          </span>
          <span className={tight ? 'font-medium text-danger' : ''}>{money(budget.remaining_usd)} left</span>
        </p>
      )}
    </div>
  )
}
