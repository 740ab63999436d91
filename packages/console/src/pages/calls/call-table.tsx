import { Amount } from '../../components/amount.tsx'
import { Moment } from '../../components/moment.tsx'
import { Reference } from '../../components/reference.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { milliseconds } from '../../format/numbers.ts'
import { clock, exact } from '../../format/time.ts'
import type { Call } from './call.ts'
import { Decision } from './decision.tsx'

interface CallTableProps {
  readonly calls: readonly Call[] | undefined
  /** Fewer columns, ages instead of times. */
  readonly brief?: boolean
  readonly onOpen?: (call: Call) => void
  /** Calls that were not there before this moment light up. */
  readonly isNew?: (call: Call) => boolean
}

export function CallTable({ calls, brief = false, onOpen, isNew }: CallTableProps) {
  const columns: readonly (Column<Call> | false)[] = [
    {
      title: 'Call',
      tight: brief,
      cell: (call) =>
        onOpen ? (
          <button type="button" className="rounded-[3px] text-left font-medium hover:underline" onClick={() => onOpen(call)}>
            {call.model ?? call.operation ?? 'a call'}
            <span className="sr-only">, details</span>
          </button>
        ) : (
          <span className="font-medium">{call.model ?? call.operation ?? 'a call'}</span>
        ),
    },
    { title: 'Decision', cell: (call) => <Decision call={call} />, tight: true },
    { title: 'Workload', cell: (call) => <Reference id={call.workload} none="nobody known" />, tight: brief },
    !brief && { title: 'Resource', cell: (call) => <Reference id={call.resource} />, wideOnly: true },
    !brief && { title: 'Operation', cell: (call) => <span className="text-soft">{call.operation}</span>, wideOnly: true },
    !brief && { title: 'Took', cell: (call) => (call.latencyMs === null ? '' : milliseconds(call.latencyMs)), right: true, tight: true },
    !brief && { title: 'Added', cell: (call) => (call.overheadMs === null ? '' : milliseconds(call.overheadMs)), right: true, tight: true },
    {
      title: 'Cost',
      cell: (call) => (call.refused || call.outcome === null ? '' : <Amount usd={call.costUsd} estimated={call.estimated} />),
      right: true,
      tight: true,
    },
    {
      title: 'When',
      cell: (call) =>
        brief ? (
          <Moment at={call.at} />
        ) : (
          <time dateTime={call.at} title={exact(call.at)} className="figures">
            {clock(call.at)}
          </time>
        ),
      right: true,
      tight: true,
    },
  ]
  return (
    <Table
      label="Calls"
      items={calls}
      keyOf={(call) => call.id}
      {...(isNew ? { rowClass: (call: Call) => (isNew(call) ? 'arrives' : '') } : {})}
      columns={columns.filter((column) => column !== false)}
    />
  )
}
