import type { Overview } from '@keyward/contract/records'
import { Go } from '../../app/go.tsx'
import { Panel } from '../../components/page.tsx'
import { Skeleton } from '../../components/skeleton.tsx'
import { count } from '../../format/numbers.ts'

const rows = [
  ['credentials', 'Credentials', '/credentials?state=active'],
  ['resources', 'Resources', '/resources'],
  ['workloads', 'Workloads', '/workloads?state=active'],
  ['grants', 'Grants in force', '/grants?state=active'],
  ['live_tokens', 'Live tokens', '/grants?state=active'],
  ['owners', 'Owners', '/owners'],
] as const

export function Counts({ counts }: { readonly counts: Overview['counts'] | undefined }) {
  return (
    <Panel title="What exists">
      <dl className="grid gap-1.5">
        {rows.map(([key, text, to]) => (
          <div key={key} className="flex items-baseline justify-between gap-4">
            <dt>
              <Go to={to} className="text-ink no-underline hover:underline">
                {text}
              </Go>
            </dt>
            <dd className="figures font-medium">{counts ? count(counts[key]) : <Skeleton width="2rem" />}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}
