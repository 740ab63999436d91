import { useQuery } from '@tanstack/react-query'
import { failureOf } from '../../api/failure.ts'
import { type SummaryBy, spendBy } from '../../api/queries.ts'
import { Amount } from '../../components/amount.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { Empty } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { Table } from '../../components/table.tsx'
import { nano, perMille } from '../../format/money.ts'
import { count } from '../../format/numbers.ts'
import { word } from '../../format/words.ts'
import { GrantName } from '../grants/grant-name.tsx'

/** Sums by one thing, the dearest first. */
export function SpendTable({ by, spanMs }: { readonly by: SummaryBy; readonly spanMs: number }) {
  const summary = useQuery(spendBy(by, spanMs))
  const rows = summary.data?.rows
  const dearest = rows?.reduce((most, row) => (nano(row.cost_usd) > nano(most) ? row.cost_usd : most), '0') ?? '0'
  if (summary.isError && rows === undefined) return <FailureNotice failure={failureOf(summary.error)} />
  if (rows?.length === 0) return <Empty title="Nothing was spent in this time" />
  return (
    <Table
      label={`Spend by ${by}`}
      items={rows}
      keyOf={(row) => row.key ?? 'none'}
      columns={[
        {
          title: word(by),
          cell: (row) => (
            <>
              <Key by={by} value={row.key} />
              <span
                aria-hidden="true"
                className="mt-1 block h-1 rounded-full bg-accent/70"
                style={{ width: `${Math.max(0.5, perMille(row.cost_usd, dearest) / 10)}%` }}
              />
            </>
          ),
        },
        { title: 'Calls', cell: (row) => count(row.calls), right: true },
        { title: 'Refused', cell: (row) => (row.refused === 0 ? '' : count(row.refused)), right: true },
        { title: 'Tokens in', cell: (row) => count(row.input_tokens), right: true, wideOnly: true },
        { title: 'Tokens out', cell: (row) => count(row.output_tokens), right: true, wideOnly: true },
        { title: 'Spent', cell: (row) => <Amount usd={row.cost_usd} />, right: true, tight: true },
      ]}
    />
  )
}

function Key({ by, value }: { readonly by: SummaryBy; readonly value: string | null }) {
  if (value === null) return <span className="text-soft">none</span>
  if (by === 'grant') return <GrantName id={value} />
  if (by === 'model' || by === 'environment') return <span>{value}</span>
  return <Reference id={value} />
}
