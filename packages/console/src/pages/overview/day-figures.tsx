import type { Overview } from '@keyward/contract/records'
import type { ReactNode } from 'react'
import { Go } from '../../app/go.tsx'
import { Skeleton } from '../../components/skeleton.tsx'
import { money, roundedMoney } from '../../format/money.ts'
import { count, milliseconds } from '../../format/numbers.ts'

/** The last day in four figures. */
export function DayFigures({ day }: { readonly day: Overview['last_24h'] | undefined }) {
  const figures: readonly (readonly [string, ReactNode, string, string | undefined])[] = [
    ['Calls', day && count(day.calls), '/calls', undefined],
    [
      'Refused',
      day && <span className={day.refused > 0 ? 'text-danger' : ''}>{count(day.refused)}</span>,
      '/calls?outcome=refused',
      undefined,
    ],
    ['Spent', day && roundedMoney(day.cost_usd), '/spend', day && money(day.cost_usd)],
    ['Added by Keyward', day && (day.p50_overhead_ms === null ? '–' : milliseconds(day.p50_overhead_ms)), '/calls', 'Median of the calls'],
  ]
  return (
    <dl className="grid grid-cols-2 rounded-lg border border-line bg-surface lg:grid-cols-4 [&>*]:border-line [&>*:nth-child(even)]:border-l [&>*:nth-child(n+3)]:border-t lg:[&>*:nth-child(n+3)]:border-t-0 lg:[&>*:nth-child(3)]:border-l">
      {figures.map(([name, value, to, title]) => (
        <div key={name} className="px-4 py-3.5">
          <dt className="text-sm text-soft">
            {name}
            <span className="hidden sm:inline">, last 24 h</span>
          </dt>
          <dd className="figures mt-0.5 text-2xl font-semibold tracking-tight sm:text-3xl">
            <Go to={to} className="text-ink no-underline hover:underline" {...(title === undefined ? {} : { title })}>
              {value ?? <Skeleton width="5rem" />}
            </Go>
          </dd>
        </div>
      ))}
    </dl>
  )
}
