import { formatUsd } from '@keyward/contract/money'
import type { UsageEvent, UsageQuery, UsageSummary, UsageSummaryQuery } from '@keyward/contract/records'
import { type Expression, type Kysely, type SqlBool, sql } from 'kysely'
import { type Reach, within } from '../audit/reach.ts'
import { type Page, recentPageOf, type TimeBounds } from '../db/page.ts'
import type { Tables } from '../db/tables.ts'

type Db = Kysely<Tables>

/** Settled calls that the caller may see, newest first. @throws KeywardError `invalid-cursor` */
export async function listUsage(db: Db, reach: Reach, query: UsageQuery): Promise<Page<UsageEvent>> {
  return await recentPageOf((bounds) => events(db, reach, query, bounds), 'usage', query, eventOf, 'at')
}

function events(db: Db, reach: Reach, query: UsageQuery, { since, until }: TimeBounds) {
  let rows = db
    .selectFrom((from) => from.selectFrom('usage_events').selectAll().select('call_id as id').as('usage'))
    .selectAll('usage')
    .where(within(reach, sql.ref('usage.team'), sql.ref('usage.environment')))
  if (since !== undefined) rows = rows.where('usage.at', '>=', since)
  if (until !== undefined) rows = rows.where('usage.at', '<=', until)
  if (query.from !== undefined) rows = rows.where('usage.at', '>=', sql<Date>`${query.from}::timestamptz`)
  if (query.to !== undefined) rows = rows.where('usage.at', '<', sql<Date>`${query.to}::timestamptz`)
  if (query.grant !== undefined) rows = rows.where('usage.grant_id', '=', query.grant)
  if (query.workload !== undefined) rows = rows.where('usage.workload_id', '=', query.workload)
  if (query.resource !== undefined) rows = rows.where('usage.resource_id', '=', query.resource)
  if (query.credential !== undefined) rows = rows.where('usage.credential_id', '=', query.credential)
  if (query.tenant !== undefined) rows = rows.where('usage.tenant_id', '=', query.tenant)
  if (query.team !== undefined) rows = rows.where('usage.team', '=', query.team)
  if (query.environment !== undefined) rows = rows.where('usage.environment', '=', query.environment)
  if (query.outcome !== undefined) rows = rows.where('usage.outcome', '=', query.outcome)
  return rows
}

type EventRow = Awaited<ReturnType<ReturnType<typeof events>['execute']>>[number]

function eventOf(row: EventRow): UsageEvent {
  return {
    call: row.call_id,
    attempt: row.attempt,
    at: row.at.toISOString(),
    workload: row.workload_id,
    grant: row.grant_id,
    resource: row.resource_id,
    credential: row.credential_id,
    version: row.version_id,
    tenant: row.tenant_id,
    team: row.team,
    environment: row.environment,
    operation: row.operation,
    model: row.model,
    outcome: row.outcome as UsageEvent['outcome'],
    status: row.status,
    streamed: row.streamed,
    input_tokens: numberOf(row.input_tokens),
    cached_input_tokens: numberOf(row.cached_input_tokens),
    output_tokens: numberOf(row.output_tokens),
    cost_usd: row.cost_nano === null ? null : formatUsd(row.cost_nano),
    estimated: row.estimated,
    latency_ms: row.latency_ms,
    first_byte_ms: row.first_byte_ms,
    overhead_ms: row.overhead_ms,
  }
}

const dayMs = 86_400_000
/** Rows of a summary: one for each of the busiest keys. */
const summaryRowsMax = 1_000
const summaryDaysDefault = 30
/** Added to what a node's clock says where a bound only tells PostgreSQL, while it plans, which days' partitions to leave alone. */
const clockMarginMs = dayMs

const keys = {
  hour: sql<string>`to_char(date_trunc('hour', at, 'UTC') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:00:00"Z"')`,
  day: sql<string>`to_char(date_trunc('day', at, 'UTC') at time zone 'UTC', 'YYYY-MM-DD"T"00:00:00"Z"')`,
  workload: sql<string>`workload_id`,
  grant: sql<string>`grant_id`,
  resource: sql<string>`resource_id`,
  model: sql<string>`model`,
  tenant: sql<string>`tenant_id`,
  team: sql<string>`team`,
  environment: sql<string>`environment`,
} as const

/**
 * Sums over usage and refusals, of the last 30 days where no time is given: by time in its order, else the dearest first.
 * Refusals that name no grant or workload are counted by time alone.
 */
export async function summariseUsage(db: Db, reach: Reach, query: UsageSummaryQuery): Promise<UsageSummary> {
  const key = keys[query.by]
  const byTime = query.by === 'hour' || query.by === 'day'
  const until = query.to === undefined ? sql`now()` : sql`${query.to}::timestamptz`
  const since = query.from === undefined ? sql`${until} - ${summaryDaysDefault} * interval '1 day'` : sql`${query.from}::timestamptz`
  const untilMs = query.to === undefined ? Date.now() : Date.parse(query.to)
  const sinceMs = query.from === undefined ? untilMs - summaryDaysDefault * dayMs : Date.parse(query.from)
  const filters = sql.join(
    [
      sql`at >= ${since} and at < ${until}`,
      sql`at >= ${new Date(sinceMs - clockMarginMs)} and at <= ${new Date(untilMs + clockMarginMs)}`,
      within(reach, sql.ref('team'), sql.ref('environment')),
      ...(query.grant === undefined ? [] : [sql`grant_id = ${query.grant}`]),
      ...(query.workload === undefined ? [] : [sql`workload_id = ${query.workload}`]),
      ...(query.resource === undefined ? [] : [sql`resource_id = ${query.resource}`]),
    ],
    sql` and `,
  )
  const { rows } = await sql<{
    key: string | null
    calls: string
    refused: string
    input: string
    output: string
    cost: string
    estimated: string
  }>`
    select key, sum(calls)::text as calls, sum(refused)::text as refused, sum(input)::text as input, sum(output)::text as output,
      sum(cost)::text as cost, sum(estimated)::text as estimated
    from (
      select ${key} as key, count(*) as calls, 0 as refused,
        coalesce(sum(coalesce(input_tokens, 0) + coalesce(cached_input_tokens, 0) + coalesce(cache_write_tokens, 0)), 0) as input,
        coalesce(sum(output_tokens), 0) as output, coalesce(sum(cost_nano), 0) as cost,
        coalesce(sum(cost_nano) filter (where estimated), 0) as estimated
      from usage_events where ${filters} group by 1
      union all
      select ${key}, 0, count(*), 0, 0, 0, 0
      from audit_entries where action = 'gateway.call' and decision = 'refused' and ${filters} group by 1
    ) sums
    group by key order by ${byTime ? sql`key` : sql`sum(cost) desc, sum(calls) desc, key`} limit ${summaryRowsMax}`.execute(db)
  const { rows: bounds } = await sql<{ since: Date; until: Date }>`select ${since} as since, ${until} as until`.execute(db)
  return {
    from: bounds[0]?.since.toISOString() ?? '',
    to: bounds[0]?.until.toISOString() ?? '',
    rows: rows.map((row) => ({
      key: row.key,
      calls: Number(row.calls),
      refused: Number(row.refused),
      input_tokens: Number(row.input),
      output_tokens: Number(row.output),
      cost_usd: formatUsd(BigInt(row.cost)),
      estimated_usd: formatUsd(BigInt(row.estimated)),
    })),
  }
}

/** The overview's figures: the last 24 hours, as a whole and by the hour. */
export interface UsageOfDay {
  readonly calls: number
  readonly refused: number
  readonly costUsd: string
  readonly p50OverheadMs: number | null
  readonly byHour: readonly { readonly at: string; readonly costUsd: string; readonly calls: number }[]
  /** True once any call has settled, however long ago. */
  readonly anyCall: boolean
}

export async function usageOfDay(db: Db, reach: Reach): Promise<UsageOfDay> {
  const visible = within(reach, sql.ref('team'), sql.ref('environment'))
  const recent = sql`at >= ${new Date(Date.now() - dayMs - clockMarginMs)}`
  const { rows } = await sql<{ at: Date; calls: string; cost: string }>`
    select date_trunc('hour', h, 'UTC') as at, count(u.call_id)::text as calls, coalesce(sum(u.cost_nano), 0)::text as cost
    from generate_series(date_trunc('hour', now(), 'UTC') - interval '23 hours', date_trunc('hour', now(), 'UTC'), interval '1 hour') h
    left join (
      select at, call_id, cost_nano from usage_events where at >= date_trunc('hour', now(), 'UTC') - interval '23 hours' and ${recent} and ${visible}
    ) u on u.at >= h and u.at < h + interval '1 hour'
    group by h order by h`.execute(db)
  const { rows: totals } = await sql<{ calls: string; cost: string; overhead: number | null }>`
    select count(*)::text as calls, coalesce(sum(cost_nano), 0)::text as cost,
      percentile_cont(0.5) within group (order by overhead_ms) as overhead
    from usage_events where at > now() - interval '24 hours' and ${recent} and ${visible}`.execute(db)
  const { rows: refusals } = await sql<{ refused: string }>`
    select (select count(*) from audit_entries
      where at > now() - interval '24 hours' and ${recent} and action = 'gateway.call' and decision = 'refused' and ${visible})::text as refused`.execute(
    db,
  )
  const [total] = totals
  const calls = Number(total?.calls ?? 0)
  return {
    calls,
    refused: Number(refusals[0]?.refused ?? 0),
    costUsd: formatUsd(BigInt(total?.cost ?? 0)),
    p50OverheadMs: total?.overhead ?? null,
    byHour: rows.map((row) => ({ at: row.at.toISOString(), costUsd: formatUsd(BigInt(row.cost)), calls: Number(row.calls) })),
    anyCall: calls > 0 || (await everCalled(db, visible)),
  }
}

/** Looks at every day that is kept. */
async function everCalled(db: Db, visible: Expression<SqlBool>): Promise<boolean> {
  const { rows } = await sql<{ any_call: boolean }>`select exists (select from usage_events where ${visible}) as any_call`.execute(db)
  return rows[0]?.any_call ?? false
}

function numberOf(count: bigint | null): number | null {
  return count === null ? null : Number(count)
}
