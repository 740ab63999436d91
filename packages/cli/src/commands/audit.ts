import { decisions } from '@keyward/contract/records'
import type { Command } from 'commander'
import { groupCommand } from '../common-options.ts'
import type { Row } from '../resource/definition.ts'
import { oneOf, pastTime, text } from '../resource/parsers.ts'
import { recordsCommand } from '../resource/records.ts'

function actor(row: Row): string {
  const { kind, id, name } = row.actor as { kind: string; id: string | null; name: string | null }
  return name ?? id ?? kind
}

function target(row: Row): string | null {
  const named = row.target as { kind: string; id: string } | null
  return named?.id ?? (row.grant as string | null) ?? null
}

export const auditCsv = [
  ...[
    'id',
    'seq',
    'at',
    'action',
    'decision',
    'code',
    'actor.kind',
    'actor.id',
    'actor.name',
    'on_behalf_of',
    'workload',
    'token',
    'grant',
  ],
  ...['credential', 'version', 'resource', 'tenant', 'environment', 'target.kind', 'target.id', 'model', 'operation', 'effect', 'call'],
  ...['correlation_id', 'reason', 'outcome.status', 'outcome.outcome', 'outcome.latency_ms', 'outcome.cost_usd', 'outcome.estimated'],
  ...['outcome.input_tokens', 'outcome.output_tokens', 'node', 'details'],
]

export function auditCommand(): Command {
  const list = recordsCommand({
    route: async () => (await import('@keyward/contract/routes')).routes.audit.list,
    summary: 'Entries of the audit log, newest first',
    columns: [
      { title: 'AT', value: 'at', fit: 'whole' },
      { title: 'ACTION', value: 'action', fit: 'whole' },
      {
        title: 'DECISION',
        value: (row) => (row.code === null ? row.decision : `${String(row.decision)}: ${String(row.code)}`),
        fit: 'cut',
      },
      { title: 'ACTOR', value: actor, fit: 'cut' },
      { title: 'TARGET', value: target, fit: 'whole' },
      { title: 'MODEL', value: 'model', fit: 'cut' },
      { title: 'REASON', value: 'reason', fit: 'cut' },
      { title: 'ID', value: 'id', fit: 'whole' },
    ],
    filters: [
      { flag: 'from', text: 'since: a time, or how long ago (24h, 7d)', parse: pastTime },
      { flag: 'to', text: 'until: a time, or how long ago', parse: pastTime },
      { flag: 'action', text: 'only this action: gateway.call, token.mint, …', parse: text },
      { flag: 'decision', text: `only with this decision: ${decisions.join(', ')}`, parse: oneOf(decisions) },
      { flag: 'actor', text: 'only by this user or workload', parse: text },
      ...['workload', 'grant', 'credential', 'resource', 'tenant', 'token', 'call'].map((flag) => ({
        flag,
        text: `only about this ${flag}`,
        parse: text,
      })),
    ],
    whenEmpty: 'No entries fit.',
    csv: auditCsv,
  })
  return groupCommand('audit', 'What was asked, decided and done, by whom').addCommand(list)
}
