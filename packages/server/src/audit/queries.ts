import { formatUsd } from '@keyward/contract/money'
import type { AuditEntry, AuditQuery } from '@keyward/contract/records'
import { type Kysely, sql } from 'kysely'
import { type Page, recentPageOf, type TimeBounds } from '../db/page.ts'
import type { Tables } from '../db/tables.ts'
import { type Reach, within } from './reach.ts'

type Db = Kysely<Tables>

/**
 * Entries that the caller may see, newest first, each gateway call with how it ended.
 * @throws KeywardError `invalid-cursor`
 */
export async function listAudit(db: Db, reach: Reach, query: AuditQuery): Promise<Page<AuditEntry>> {
  return await recentPageOf((bounds) => entries(db, reach, query, bounds), 'audit_entries', query, entryOf, 'at')
}

function entries(db: Db, reach: Reach, query: Omit<AuditQuery, 'cursor' | 'limit'>, { since, until }: TimeBounds) {
  let rows = db
    .selectFrom('audit_entries')
    // A call's usage event bears the time of its admission: that finds its partition and its row. One row an entry, looked up for those that
    // are on the page: no plan may read the usage of a day as a whole.
    .leftJoinLateral(
      (from) => {
        let usage = from
          .selectFrom('usage_events')
          .select(['outcome', 'status', 'latency_ms', 'cost_nano', 'estimated', 'input_tokens', 'output_tokens'])
          .whereRef('usage_events.at', '=', 'audit_entries.at')
          .whereRef('usage_events.call_id', '=', 'audit_entries.call_id')
        if (since !== undefined) usage = usage.where('usage_events.at', '>=', since)
        if (until !== undefined) usage = usage.where('usage_events.at', '<=', until)
        return usage.orderBy('usage_events.attempt', 'desc').limit(1).as('u')
      },
      (join) => join.on('audit_entries.action', '=', 'gateway.call'),
    )
    .leftJoin('users', (join) => join.onRef('users.id', '=', 'audit_entries.actor_id').on('audit_entries.actor_kind', '=', 'user'))
    .leftJoin('workloads', (join) =>
      join.onRef('workloads.id', '=', 'audit_entries.actor_id').on('audit_entries.actor_kind', '=', 'workload'),
    )
    .selectAll('audit_entries')
    .select([
      sql<string | null>`coalesce(users.name, workloads.name)`.as('actor_name'),
      'u.outcome',
      'u.status',
      'u.latency_ms',
      'u.cost_nano',
      'u.estimated',
      'u.input_tokens',
      'u.output_tokens',
    ])
    .where(within(reach, sql.ref('audit_entries.team'), sql.ref('audit_entries.environment')))
  if (since !== undefined) rows = rows.where('audit_entries.at', '>=', since)
  if (until !== undefined) rows = rows.where('audit_entries.at', '<=', until)
  if (query.from !== undefined) rows = rows.where('audit_entries.at', '>=', sql<Date>`${query.from}::timestamptz`)
  if (query.to !== undefined) rows = rows.where('audit_entries.at', '<', sql<Date>`${query.to}::timestamptz`)
  if (query.action !== undefined) rows = rows.where('audit_entries.action', '=', query.action)
  if (query.decision !== undefined) rows = rows.where('audit_entries.decision', '=', query.decision)
  // A workload that acts is in workload_id, where the index is.
  if (query.actor?.startsWith('wl_'))
    rows = rows.where('audit_entries.workload_id', '=', query.actor).where('audit_entries.actor_kind', '=', 'workload')
  else if (query.actor !== undefined)
    rows = rows.where('audit_entries.actor_id', '=', query.actor).where('audit_entries.actor_kind', '<>', 'workload')
  if (query.workload !== undefined) rows = rows.where('audit_entries.workload_id', '=', query.workload)
  if (query.grant !== undefined) rows = rows.where('audit_entries.grant_id', '=', query.grant)
  if (query.credential !== undefined) rows = rows.where('audit_entries.credential_id', '=', query.credential)
  if (query.resource !== undefined) rows = rows.where('audit_entries.resource_id', '=', query.resource)
  if (query.tenant !== undefined) rows = rows.where('audit_entries.tenant_id', '=', query.tenant)
  if (query.token !== undefined) rows = rows.where('audit_entries.token_id', '=', query.token)
  if (query.call !== undefined) rows = rows.where('audit_entries.call_id', '=', query.call)
  return rows
}

type EntryRow = Awaited<ReturnType<ReturnType<typeof entries>['execute']>>[number]

function entryOf(row: EntryRow): AuditEntry {
  return {
    id: row.id,
    seq: row.seq.toString(),
    at: row.at.toISOString(),
    action: row.action,
    decision: row.decision,
    code: row.code,
    actor: { kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
    on_behalf_of: row.on_behalf_of,
    workload: row.workload_id,
    token: row.token_id,
    grant: row.grant_id,
    credential: row.credential_id,
    version: row.version_id,
    resource: row.resource_id,
    tenant: row.tenant_id,
    environment: row.environment,
    target: row.target_kind !== null && row.target_id !== null ? { kind: row.target_kind, id: row.target_id } : null,
    model: row.model,
    operation: row.operation,
    effect: row.effect,
    call: row.call_id,
    correlation_id: row.correlation_id,
    reason: row.reason,
    outcome:
      row.outcome === null
        ? null
        : {
            status: row.status,
            outcome: row.outcome,
            latency_ms: row.latency_ms,
            cost_usd: row.cost_nano === null ? null : formatUsd(row.cost_nano),
            estimated: row.estimated ?? false,
            input_tokens: row.input_tokens === null ? null : Number(row.input_tokens),
            output_tokens: row.output_tokens === null ? null : Number(row.output_tokens),
          },
    node: row.node_id,
    details: row.details as Record<string, unknown>,
  }
}

/** Erases what the log knows of a person beyond their id: addresses and programs. The entries stay. @returns how many were erased */
export async function erasePersonal(db: Db, userId: string): Promise<number> {
  const { numDeletedRows } = await db.deleteFrom('audit_personal').where('user_id', '=', userId).executeTakeFirst()
  return Number(numDeletedRows)
}
