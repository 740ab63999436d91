import { useEffect, useRef, useSyncExternalStore } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { isDark, onThemeChange } from '../app/theme.ts'
import { money } from '../format/money.ts'
import { counted } from '../format/numbers.ts'

export interface SpendPoint {
  readonly at: string
  readonly usd: string
  readonly calls: number
}

interface SpendChartProps {
  readonly points: readonly SpendPoint[]
  readonly by: 'hour' | 'day'
  readonly label: string
  readonly heightPx?: number
}

const hourFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const dayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })

/** The colour of a token as the browser resolves it now. */
function colour(token: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(--${token})`
  document.body.append(probe)
  const resolved = getComputedStyle(probe).color
  probe.remove()
  return resolved
}

/** Spend over time, as bars. What a pointer shows, a table beside it says to those who can't see it. */
export default function SpendChart({ points, by, label, heightPx = 220 }: SpendChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const tip = useRef<HTMLDivElement>(null)
  const dark = useSyncExternalStore(onThemeChange, isDark)
  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew in the colours of the other theme
  useEffect(() => {
    const element = place.current
    if (element === null) return undefined
    const chart = new uPlot(options(element.clientWidth, heightPx, by, points, tip), data(points), element)
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: heightPx }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      chart.destroy()
    }
  }, [points, by, heightPx, dark])
  return (
    <figure aria-label={label} className="relative">
      <div ref={place} aria-hidden="true" className="w-full overflow-hidden" style={{ height: heightPx }} />
      <div
        ref={tip}
        aria-hidden="true"
        hidden
        className="figures pointer-events-none absolute top-0 z-10 rounded-[5px] bg-ink px-2.5 py-1.5 text-xs whitespace-nowrap text-paper"
      />
      <table className="sr-only">
        <caption>{label}</caption>
        <tbody>
          {points
            .filter((point) => point.calls > 0)
            .map((point) => (
              <tr key={point.at}>
                <th scope="row">{timeText(point.at, by)}</th>
                <td>{money(point.usd)}</td>
                <td>{counted(point.calls, 'call')}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </figure>
  )
}

const timeText = (at: string, by: 'hour' | 'day') =>
  by === 'hour' ? `${dayFormat.format(new Date(at))}, ${hourFormat.format(new Date(at))}` : dayFormat.format(new Date(at))

function data(points: readonly SpendPoint[]): uPlot.AlignedData {
  return [points.map((point) => Date.parse(point.at) / 1_000), points.map((point) => Number(point.usd))]
}

function options(
  width: number,
  height: number,
  by: 'hour' | 'day',
  points: readonly SpendPoint[],
  tip: { readonly current: HTMLDivElement | null },
): uPlot.Options {
  const soft = colour('soft')
  const line = colour('line')
  const font = `11px ${getComputedStyle(document.body).fontFamily}`
  const step = by === 'hour' ? 3_600 : 86_400
  const times = points.map((point) => Date.parse(point.at) / 1_000)
  const most = Math.max(0, ...points.map((point) => Number(point.usd)))
  return {
    width,
    height,
    legend: { show: false },
    padding: [10, 16, 0, 0],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: () => [(times[0] ?? 0) - step * 0.7, (times.at(-1) ?? step) + step * 0.7] },
      y: { range: [0, most > 0 ? most * 1.12 : 1] },
    },
    axes: [
      {
        stroke: soft,
        font,
        grid: { show: false },
        ticks: { show: false },
        size: 30,
        space: 70,
        incrs: by === 'hour' ? [3_600, 3 * 3_600, 6 * 3_600, 12 * 3_600, 86_400] : [86_400, 2 * 86_400, 7 * 86_400, 14 * 86_400],
        values: (_, splits) => splits.map((at) => (by === 'hour' ? hourFormat : dayFormat).format(at * 1_000)),
      },
      {
        stroke: soft,
        font,
        size: 62,
        space: 40,
        grid: { stroke: line, width: 1 },
        ticks: { show: false },
        values: (_, splits) => splits.map((usd) => (most === 0 && usd > 0 ? '' : `$${trimmed(usd, most)}`)),
      },
    ],
    series: [
      {},
      {
        fill: colour('accent'),
        stroke: colour('accent'),
        width: 0,
        points: { show: false },
        ...(uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.72, 46], radius: 0.12 }) } : {}),
      },
    ],
    hooks: {
      setCursor: [
        (chart) => {
          const element = tip.current
          const at = chart.cursor.idx
          const point = at === null || at === undefined ? undefined : points[at]
          if (element === null) return
          element.hidden = point === undefined || (chart.cursor.left ?? -1) < 0
          if (point === undefined || element.hidden) return
          element.textContent = `${timeText(point.at, by)} · ${money(point.usd)} · ${counted(point.calls, 'call')}`
          const x = chart.valToPos(Date.parse(point.at) / 1_000, 'x') + chart.bbox.left / devicePixelRatio
          element.style.left = `${Math.max(0, Math.min(x - element.offsetWidth / 2, width - element.offsetWidth))}px`
        },
      ],
    },
  }
}

/** A mark of the axis, as short as its scale allows. */
function trimmed(usd: number, most: number): string {
  const decimals = most >= 10 ? 0 : most >= 1 ? 2 : Math.min(8, Math.ceil(-Math.log10(Math.max(most, 1e-8))) + 2)
  return usd.toFixed(usd === 0 ? 0 : decimals)
}
