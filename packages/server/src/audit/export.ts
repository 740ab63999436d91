import { limits } from '@keyward/contract/limits'
import type { AuditEntry, AuditQuery } from '@keyward/contract/records'
import type { Kysely } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { listAudit } from './queries.ts'
import type { Reach } from './reach.ts'

export type ExportFormat = 'csv' | 'ndjson'

/** Every entry that the query finds, newest first, as text in pieces of a page. Reads a page at a time: memory does not grow with the log. */
export async function* exportAudit(
  db: Kysely<Tables>,
  reach: Reach,
  query: Omit<AuditQuery, 'cursor' | 'limit'>,
  format: ExportFormat,
): AsyncGenerator<string> {
  if (format === 'csv') yield `${columns.map(([name]) => name).join(',')}\r\n`
  let cursor: string | undefined
  do {
    const page = await listAudit(db, reach, { ...query, limit: limits.pageItemsMax, ...(cursor === undefined ? {} : { cursor }) })
    yield page.items.map(format === 'csv' ? csvLine : (entry) => `${JSON.stringify(entry)}\n`).join('')
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
}

const columns: readonly (readonly [name: string, value: (entry: AuditEntry) => string | number | boolean | null | undefined])[] = [
  ['seq', (entry) => entry.seq],
  ['at', (entry) => entry.at],
  ['id', (entry) => entry.id],
  ['action', (entry) => entry.action],
  ['decision', (entry) => entry.decision],
  ['code', (entry) => entry.code],
  ['actor_kind', (entry) => entry.actor.kind],
  ['actor', (entry) => entry.actor.id],
  ['actor_name', (entry) => entry.actor.name],
  ['on_behalf_of', (entry) => entry.on_behalf_of],
  ['workload', (entry) => entry.workload],
  ['token', (entry) => entry.token],
  ['grant', (entry) => entry.grant],
  ['credential', (entry) => entry.credential],
  ['version', (entry) => entry.version],
  ['resource', (entry) => entry.resource],
  ['tenant', (entry) => entry.tenant],
  ['environment', (entry) => entry.environment],
  ['target_kind', (entry) => entry.target?.kind],
  ['target', (entry) => entry.target?.id],
  ['model', (entry) => entry.model],
  ['operation', (entry) => entry.operation],
  ['effect', (entry) => entry.effect],
  ['call', (entry) => entry.call],
  ['correlation_id', (entry) => entry.correlation_id],
  ['reason', (entry) => entry.reason],
  ['outcome', (entry) => entry.outcome?.outcome],
  ['status', (entry) => entry.outcome?.status],
  ['latency_ms', (entry) => entry.outcome?.latency_ms],
  ['cost_usd', (entry) => entry.outcome?.cost_usd],
  ['estimated', (entry) => entry.outcome?.estimated],
  ['input_tokens', (entry) => entry.outcome?.input_tokens],
  ['output_tokens', (entry) => entry.outcome?.output_tokens],
  ['node', (entry) => entry.node],
  ['details', (entry) => JSON.stringify(entry.details)],
]

function csvLine(entry: AuditEntry): string {
  return `${columns.map(([, value]) => csvField(value(entry))).join(',')}\r\n`
}

/** RFC 4180, and no formula: what a spreadsheet would compute is turned into text by an apostrophe before it. */
export function csvField(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'string') return String(value)
  const text = /^[\s]*[=+\-@\t\r＝＋－＠]/.test(value) ? `'${value}` : value
  return /[",\r\n']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
