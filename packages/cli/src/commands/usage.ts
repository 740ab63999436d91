import { outcomes, type UsageSummary } from '@keyward/contract/records'
import type { Command } from 'commander'
import { type CommonOptions, groupCommand, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { print, printJson, printTable } from '../output/print.ts'
import { shown } from '../output/values.ts'
import type { Column, Filter, Row } from '../resource/definition.ts'
import { addFilters, filterQuery } from '../resource/list.ts'
import { oneOf, pastTime, text } from '../resource/parsers.ts'
import { recordsCommand } from '../resource/records.ts'

const time: readonly Filter[] = [
  { flag: 'from', text: 'since: a time, or how long ago (24h, 7d)', parse: pastTime },
  { flag: 'to', text: 'until: a time, or how long ago', parse: pastTime },
]

const columns: readonly Column[] = [
  { title: 'AT', value: 'at', fit: 'whole' },
  { title: 'MODEL', value: (row) => row.model ?? row.operation, fit: 'cut' },
  { title: 'OUTCOME', value: 'outcome', fit: 'whole' },
  { title: 'IN', value: 'input_tokens', fit: 'whole', align: 'right' },
  { title: 'OUT', value: 'output_tokens', fit: 'whole', align: 'right' },
  { title: 'COST', value: cost, fit: 'whole', align: 'right' },
  { title: 'CALL', value: 'call', fit: 'whole' },
  { title: 'GRANT', value: 'grant', fit: 'whole' },
  { title: 'WORKLOAD', value: 'workload', fit: 'whole' },
]

/** A tilde marks what was charged at its worst case because the real usage is unknown. */
function cost(row: Row): string {
  return row.cost_usd === null ? 'unknown' : `${row.estimated ? '~' : ''}$${String(row.cost_usd)}`
}

const filters: readonly Filter[] = [
  ...time,
  ...['grant', 'workload', 'resource', 'credential', 'tenant', 'team', 'environment'].map((flag) => ({
    flag,
    text: `only of this ${flag}`,
    parse: text,
  })),
  { flag: 'outcome', text: `only with this outcome: ${outcomes.join(', ')}`, parse: oneOf(outcomes) },
]

export const usageCsv = [
  ...[
    'call',
    'attempt',
    'at',
    'workload',
    'grant',
    'resource',
    'credential',
    'version',
    'tenant',
    'team',
    'environment',
    'operation',
    'model',
  ],
  ...['outcome', 'status', 'streamed', 'input_tokens', 'cached_input_tokens', 'output_tokens', 'cost_usd', 'estimated', 'latency_ms'],
  ...['first_byte_ms', 'overhead_ms'],
]

export function usageCommand(): Command {
  const list = recordsCommand({
    route: async () => (await import('@keyward/contract/routes')).routes.usage.list,
    summary: 'Settled calls, newest first, with tokens and cost',
    columns,
    filters,
    csv: usageCsv,
    whenEmpty: 'No calls yet. Next: keyward run --grant grt_… -- COMMAND',
  })
  return groupCommand('usage', 'What was used and what it cost').addCommand(list).addCommand(summary())
}

const groupings = ['hour', 'day', 'workload', 'grant', 'resource', 'model', 'tenant', 'team', 'environment']
const summaryFilters: readonly Filter[] = [
  ...time,
  { flag: 'by', text: groupings.join(', '), parse: oneOf(groupings) },
  ...['grant', 'workload', 'resource'].map((flag) => ({ flag, text: `only of this ${flag}`, parse: text })),
]

function summary(): Command {
  const command = serverCommand('summary', 'Sums of calls, tokens and cost, over time or by what used them')
  addFilters(command, summaryFilters)
  return command.action(async (_: unknown, self: Command) => {
    const options = self.optsWithGlobals<CommonOptions & { readonly by?: string }>()
    const { routes } = await import('@keyward/contract/routes')
    const { answer } = await connect(options).call(routes.usage.summary, { query: filterQuery(summaryFilters, { ...options }) })
    const sums = answer as UsageSummary
    if (options.json) printJson(sums)
    else if (sums.rows.length === 0) print('Nothing was used in that time.')
    else
      printTable(
        [
          { title: (options.by ?? 'day').toUpperCase(), fit: 'whole' },
          { title: 'CALLS', fit: 'whole', align: 'right' },
          { title: 'REFUSED', fit: 'whole', align: 'right' },
          { title: 'IN', fit: 'whole', align: 'right' },
          { title: 'OUT', fit: 'whole', align: 'right' },
          { title: 'COST', fit: 'whole', align: 'right' },
          { title: 'OF IT ESTIMATED', fit: 'whole', align: 'right' },
        ],
        sums.rows.map((row) =>
          [row.key, row.calls, row.refused, row.input_tokens, row.output_tokens, `$${row.cost_usd}`, `$${row.estimated_usd}`].map(shown),
        ),
      )
  })
}
