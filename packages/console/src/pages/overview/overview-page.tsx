import type { Overview } from '@keyward/contract/records'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { failureOf } from '../../api/failure.ts'
import { useMay } from '../../api/me.ts'
import { overviewQuery } from '../../api/queries.ts'
import { Go } from '../../app/go.tsx'
import { ChartPlace, filled } from '../../components/chart-place.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { useNow } from '../../components/moment.tsx'
import { PageFrame, Panel } from '../../components/page.tsx'
import { SkeletonLines } from '../../components/skeleton.tsx'
import { Attention } from './attention.tsx'
import { Counts } from './counts.tsx'
import { DayFigures } from './day-figures.tsx'
import { FirstRunBanner } from './first-run-banner.tsx'
import { Nodes } from './nodes.tsx'
import { RecentCalls } from './recent-calls.tsx'
import { TightBudgets } from './tight-budgets.tsx'

const dayMs = 86_400_000

/** What exists, what happens, what it costs, and what needs somebody. */
export default function OverviewPage() {
  const overview = useQuery(overviewQuery)
  const mayReadNodes = useMay('node:read')
  return (
    <PageFrame
      title="Overview"
      heading={overview.data?.organisation ?? 'Overview'}
      lead="What your agents use, who answers for it, and what it costs."
    >
      {overview.isError && overview.data === undefined ? (
        <FailureNotice failure={failureOf(overview.error)} onRetry={() => void overview.refetch()} />
      ) : (
        <div className="grid gap-5">
          {overview.data && <FirstRunBanner steps={overview.data.first_run} />}
          <DayFigures day={overview.data?.last_24h} />
          <div className="grid gap-5 lg:grid-cols-[2fr_1fr]">
            <Panel title="Spend, last 24 hours" actions={<Go to="/spend">Spend</Go>}>
              <DayChart overview={overview.data} />
            </Panel>
            <Panel title="Needs attention">{overview.data ? <Attention items={overview.data.attention} /> : <SkeletonLines />}</Panel>
          </div>
          <div className="grid gap-5 lg:grid-cols-[2fr_1fr]">
            <RecentCalls />
            <div className="grid content-start gap-5">
              <Counts counts={overview.data?.counts} />
              <TightBudgets />
              {mayReadNodes && <Nodes />}
            </div>
          </div>
        </div>
      )}
    </PageFrame>
  )
}

function DayChart({ overview }: { readonly overview: Overview | undefined }) {
  const hour = Math.floor(useNow() / 3_600_000)
  const rows = overview?.spend_by_hour
  const points = useMemo(
    () =>
      rows &&
      filled(
        rows.map(({ at, cost_usd, calls }) => ({ key: at, cost_usd, calls })),
        'hour',
        dayMs,
        hour * 3_600_000,
      ),
    [rows, hour],
  )
  return <ChartPlace points={points} by="hour" label="Spend by hour, last 24 hours" heightPx={210} />
}
