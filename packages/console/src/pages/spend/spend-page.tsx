import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { failureOf } from '../../api/failure.ts'
import { firstOf, type SummaryBy, spendBy } from '../../api/queries.ts'
import { Go } from '../../app/go.tsx'
import { Amount } from '../../components/amount.tsx'
import { ChartPlace, filled } from '../../components/chart-place.tsx'
import { classes } from '../../components/classes.ts'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { useFilters } from '../../components/inventory/use-filters.ts'
import { BudgetMeter } from '../../components/meter.tsx'
import { useNow } from '../../components/moment.tsx'
import { Empty, PageFrame, Panel } from '../../components/page.tsx'
import { Skeleton } from '../../components/skeleton.tsx'
import { money, sumUsd } from '../../format/money.ts'
import { count } from '../../format/numbers.ts'
import { word } from '../../format/words.ts'
import { BudgetScopeText } from '../budgets/budget-scope.tsx'
import { SpendTable } from './spend-table.tsx'

const spans = {
  day: { text: '24 hours', ms: 86_400_000, by: 'hour' },
  week: { text: '7 days', ms: 7 * 86_400_000, by: 'day' },
  month: { text: '30 days', ms: 30 * 86_400_000, by: 'day' },
} as const
const groups: readonly (readonly [SummaryBy, string])[] = [
  ['workload', 'Workload'],
  ['model', 'Model'],
  ['grant', 'Grant'],
  ['team', 'Team'],
  ['resource', 'Resource'],
  ['tenant', 'Tenant'],
  ['environment', 'Environment'],
]

/** What was spent: over time, and by what spent it, with the budgets beside it. */
export default function SpendPage() {
  const [filters, set] = useFilters()
  const spanName = filters.span === 'week' || filters.span === 'month' ? filters.span : 'day'
  const span = spans[spanName]
  const by = groups.find(([group]) => group === filters.by)?.[0] ?? 'workload'
  const summary = useQuery(spendBy(span.by, span.ms))
  const budgets = useQuery({ ...firstOf('budgets', { limit: 50 }), refetchInterval: 10_000 })
  const hour = Math.floor(useNow() / 3_600_000)
  const rows = summary.data?.rows
  const points = useMemo(() => rows && filled(rows, span.by, span.ms, hour * 3_600_000), [rows, span, hour])
  return (
    <PageFrame
      title="Spend"
      lead="What Keyward's ledger counts: each call at its price, to the nano-dollar. The provider's invoice may differ."
      actions={
        <Choice
          label="Time"
          value={spanName}
          choices={Object.entries(spans).map(([key, { text }]) => [key, text] as const)}
          onChoose={(key) => set('span', key)}
        />
      }
    >
      {summary.isError && rows === undefined ? (
        <FailureNotice failure={failureOf(summary.error)} onRetry={() => void summary.refetch()} />
      ) : (
        <div className="grid gap-5">
          <Panel>
            <dl className="mb-3 flex flex-wrap gap-x-10 gap-y-2">
              {(
                [
                  ['Spent', rows && money(sumUsd(rows.map((row) => row.cost_usd)))],
                  ['of it estimated', rows && money(sumUsd(rows.map((row) => row.estimated_usd)))],
                  ['Calls', rows && count(rows.reduce((sum, row) => sum + row.calls, 0))],
                  ['Refused', rows && count(rows.reduce((sum, row) => sum + row.refused, 0))],
                ] as const
              ).map(([name, value]) => (
                <div key={name}>
                  <dt className="text-sm text-soft">{name}</dt>
                  <dd className="figures text-xl font-semibold">{value ?? <Skeleton width="4rem" />}</dd>
                </div>
              ))}
            </dl>
            <ChartPlace points={points} by={span.by} label={`Spend by ${span.by}, last ${span.text}`} heightPx={250} />
          </Panel>
          <div className="grid gap-5 lg:grid-cols-[2fr_1fr]">
            <Panel
              title="By what spent it"
              flush
              actions={<Choice label="Group by" value={by} choices={groups} onChoose={(key) => set('by', key)} />}
              className="self-start"
            >
              <SpendTable by={by} spanMs={span.ms} />
            </Panel>
            <Panel title="Budgets" actions={<Go to="/budgets">All</Go>} className="self-start">
              {budgets.data?.items.length === 0 ? (
                <Empty title="No budget">Spend is counted and not bounded.</Empty>
              ) : (
                <ul className="grid gap-4">
                  {budgets.data?.items.map((budget) => (
                    <li key={budget.id}>
                      <p className="mb-1 flex flex-wrap justify-between gap-x-3">
                        <span>
                          <BudgetScopeText budget={budget} />
                        </span>
                        <span className="text-sm text-soft">
                          <Amount usd={budget.limit_usd} /> {word(budget.window)}
                        </span>
                      </p>
                      <BudgetMeter budget={budget} />
                    </li>
                  ))}
                </ul>
              )}
            </Panel>
          </div>
        </div>
      )}
    </PageFrame>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly value: string
  readonly choices: readonly (readonly [string, string])[]
  readonly onChoose: (value: string) => void
}

function Choice({ label, value, choices, onChoose }: ChoiceProps) {
  return (
    <fieldset aria-label={label} className="flex flex-wrap gap-0.5">
      {choices.map(([key, text]) => (
        <button
          key={key}
          type="button"
          aria-pressed={key === value}
          className={classes(
            'rounded-[5px] px-2.5 py-1 text-sm',
            key === value ? 'bg-accent-tint font-medium text-accent-strong' : 'text-soft hover:bg-sunken hover:text-ink',
          )}
          onClick={() => onChoose(key)}
        >
          {text}
        </button>
      ))}
    </fieldset>
  )
}
