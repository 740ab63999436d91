import { lazy, Suspense } from 'react'
import type { SpendPoint } from './spend-chart.tsx'

const SpendChart = lazy(() => import('./spend-chart.tsx'))

interface ChartPlaceProps {
  readonly points: readonly SpendPoint[] | undefined
  readonly by: 'hour' | 'day'
  readonly label: string
  readonly heightPx?: number
}

/** The chart, in a place that has its size before the chart is there. */
export function ChartPlace({ points, by, label, heightPx = 220 }: ChartPlaceProps) {
  return (
    <div data-chart style={{ minHeight: heightPx }}>
      <Suspense>{points && <SpendChart points={points} by={by} label={label} heightPx={heightPx} />}</Suspense>
    </div>
  )
}

/** Every hour or day of a span, also those in which nothing was spent. */
export function filled(
  rows: readonly { readonly key: string | null; readonly cost_usd: string; readonly calls: number }[],
  by: 'hour' | 'day',
  spanMs: number,
  nowMs: number,
): SpendPoint[] {
  const step = by === 'hour' ? 3_600_000 : 86_400_000
  const last = Math.floor(nowMs / step) * step
  const known = new Map(rows.map((row) => [Date.parse(row.key ?? ''), row]))
  const points: SpendPoint[] = []
  for (let at = last - spanMs + step; at <= last; at += step) {
    const row = known.get(at)
    points.push({ at: new Date(at).toISOString(), usd: row?.cost_usd ?? '0.00', calls: row?.calls ?? 0 })
  }
  return points
}
