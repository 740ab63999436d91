import { type AuditQuery, UsageQuery } from '@keyward/contract/records'
import { Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../../../tests/support/postgres.ts'
import { indexEndedDays } from '../../src/audit/partitions.ts'
import { listAudit } from '../../src/audit/queries.ts'
import { silentLog } from '../../src/db/log.ts'
import { createPool } from '../../src/db/pool.ts'
import type { Tables } from '../../src/db/tables.ts'
import { listUsage, usageOfDay } from '../../src/policy/usage.ts'

/* Lists of a log that is kept for many days, with all of it in the last ten: what they lock, and that no filter reads a day that is over as a whole. */

const daysKept = process.env.KEYWARD_DEEP === '1' ? 400 : 120
const daysWithRows = 10
const rowsPerDay = process.env.KEYWARD_DEEP === '1' ? 100_000 : 8_000
let database: TestDatabase
let pool: pg.Pool
let statement: { readonly sql: string; readonly parameters: readonly unknown[] } | undefined
let db: Kysely<Tables>

beforeAll(async () => {
  database = await testDatabase()
  pool = createPool(database.connection, { name: 'days', connectionsMax: 2, log: silentLog, statementMsMax: 0 })
  db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => {
      statement = query
    },
  })
  for (const parent of ['audit_entries', 'usage_events']) {
    await pool.query(`do $$ declare day date; begin
      for n in 0 .. ${daysKept - 1} loop
        day := (now() at time zone 'utc')::date - n;
        execute format('create table if not exists %I partition of ${parent} for values from (%L) to (%L)',
          '${parent}_' || to_char(day, 'YYYYMMDD'), day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
      end loop; end $$`)
  }
  // Grants of very different sizes; each has its resource, credential, tenant and team, and a token for a quarter of an hour.
  await pool.query(`
    insert into audit_entries (at, id, node_id, action, decision, actor_kind, actor_id, workload_id, token_id, grant_id, credential_id,
      resource_id, tenant_id, team, environment, operation, effect, call_id)
    select at, 'aud_' || i, 'node_1', case when i % 500 = 0 then 'credential.update' else 'gateway.call' end,
      case when i % 500 = 0 then 'done' when i % 97 = 0 then 'refused' else 'allowed' end, case when i % 500 = 0 then 'user' else 'workload' end,
      'x', 'wl_' || g % 200, 'tok_' || g || '_' || floor(extract(epoch from at) / 900), 'grt_' || g, 'cred_' || g % 40, 'res_' || g % 40,
      case when g % 3 = 0 then 'ten_' || g % 60 end, 'own_' || g % 20, 'production', 'chat', 'spend', 'call_' || i
    from (
      select i, floor(500 * power(((i::bigint * 7919) % 1000003) / 1000003.0, 3))::int as g,
        (now() at time zone 'utc')::date::timestamp at time zone 'utc' - interval '${daysWithRows - 1} days'
          + i * interval '${86_400_000 / rowsPerDay - 1} milliseconds' as at
      from generate_series(1, ${daysWithRows * rowsPerDay}) i) x`)
  // Long ago: one thing that nothing later is about.
  await pool.query(`
    insert into audit_entries (at, id, node_id, action, decision, actor_kind, credential_id, resource_id, tenant_id, token_id, team)
    select now() - interval '6 days', 'old_' || i, 'node_1', 'gateway.call', 'allowed', 'workload', 'cred_old', 'res_old', 'ten_old', 'tok_old', 'own_old'
    from generate_series(1, 3) i`)
  await pool.query(`
    insert into usage_events (at, call_id, node_id, workload_id, grant_id, token_id, resource_id, credential_id, tenant_id, team, environment,
      operation, outcome)
    select at, coalesce(call_id, id), 'node_1', coalesce(workload_id, ''), coalesce(grant_id, ''), token_id, resource_id, credential_id, tenant_id,
      team, 'production', 'chat', 'ok'
    from audit_entries where action = 'gateway.call'`)
}, 280_000)
afterAll(async () => {
  await pool.end()
  await database.drop()
})

interface Node {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Loops': number
  readonly 'Actual Rows': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly Node[]
}

/** The tables that the last statement read, with the rows that it looked at in each. */
async function looked(): Promise<Map<string, number>> {
  if (statement === undefined) throw new Error('nothing was asked')
  const { rows } = await pool.query(`explain (analyze, format json) ${statement.sql}`, [...statement.parameters])
  const found = new Map<string, number>()
  const visit = (node: Node) => {
    const table = node['Relation Name']
    if (table !== undefined) {
      const seen = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
      found.set(table, (found.get(table) ?? 0) + seen)
    }
    for (const child of node.Plans ?? []) visit(child)
  }
  visit((rows[0] as { 'QUERY PLAN': [{ Plan: Node }] })['QUERY PLAN'][0].Plan)
  return found
}

/** Locks that a statement takes while it is planned and runs. */
async function locksOf(one: NonNullable<typeof statement>): Promise<number> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query(one.sql, [...one.parameters])
    const { rows } = await client.query('select count(*)::int as locks from pg_locks where pid = pg_backend_pid()')
    await client.query('rollback')
    return rows[0].locks
  } finally {
    client.release()
  }
}

const today = `_${new Date().toISOString().slice(0, 10).replaceAll('-', '')}`

test('days that are over get their indexes once, today none; several nodes at once do it together', async () => {
  const made = (await Promise.all([indexEndedDays(db), indexEndedDays(db), indexEndedDays(db)])).flat()
  while ((await indexEndedDays(db)).length > 0);
  expect(new Set(made).size).toBe(made.length)
  const { rows } = await pool.query<{ parent: string; indexed: number; today: number }>(`
    select split_part(relname, '_by_', 1) ~ '${today}$' as today, count(*)::int as indexed
    from pg_class where relkind = 'i' and relname ~ '^(audit_entries|usage_events)_[0-9]{8}_by_' group by 1`)
  expect(rows).toEqual([{ today: false, indexed: expect.any(Number) }])
  expect(rows[0]?.indexed).toBeGreaterThanOrEqual((daysKept - 1) * 9)
  await pool.query('vacuum analyze audit_entries')
  await pool.query('vacuum analyze usage_events')
}, 120_000)

test('the usual lists and figures look at the last days alone: some dozens of locks, not thousands', async () => {
  const statements: NonNullable<typeof statement>[] = []
  const watched = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => {
      statements.push(query)
    },
  })
  await listAudit(watched, 'all', { limit: 50 })
  await listAudit(watched, 'all', { limit: 50, resource: 'res_0' })
  await listAudit(watched, [{ team: 'own_1' }], { limit: 50 })
  await listUsage(watched, 'all', UsageQuery.parse({}))
  await usageOfDay(watched, 'all')
  expect(statements.length).toBeGreaterThanOrEqual(7)
  for (const one of statements) expect(await locksOf(one), one.sql).toBeLessThan(120)
  // The next pages, too: a cursor bounds them from above.
  let cursor: string | undefined
  for (let page = 0; page < 3; page++) {
    const { next_cursor } = await listAudit(db, 'all', { limit: 200, ...(cursor === undefined ? {} : { cursor }) })
    cursor = next_cursor ?? undefined
    expect(cursor).toBeDefined()
    if (statement !== undefined) expect(await locksOf(statement)).toBeLessThan(120)
  }
})

test.each<Partial<AuditQuery>>([
  { resource: 'res_old' },
  { credential: 'cred_old' },
  { tenant: 'ten_old' },
  { token: 'tok_old' },
  { resource: 'res_none' },
  { token: 'tok_none' },
  { decision: 'failed' },
  { action: 'grant.revoke' },
  { action: 'credential.update', decision: 'refused' },
])('what is rare in the log is found without reading a day that is over as a whole: %j', async (query) => {
  const page = await listAudit(db, 'all', { limit: 50, ...query })
  expect(page.items.length).toBe(JSON.stringify(query).includes('_old') ? 3 : 0)
  for (const [table, rows] of await looked())
    if (!table.endsWith(today)) expect(rows, `${table} for ${JSON.stringify(query)}`).toBeLessThan(rowsPerDay / 10)
})

test.each([{ resource: 'res_old' }, { credential: 'cred_old' }, { tenant: 'ten_old' }, { team: 'own_old' }])(
  'and in the usage: %j',
  async (query) => {
    expect((await listUsage(db, 'all', UsageQuery.parse(query))).items.length).toBe(3)
    for (const [table, rows] of await looked()) if (!table.endsWith(today)) expect(rows, table).toBeLessThan(rowsPerDay / 10)
  },
)

test('a list that reads in steps is the same as one that reads everything: no page repeats or leaves out an entry', async () => {
  const query = { tenant: 'ten_57', limit: 200 } as const
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await listAudit(db, 'all', { ...query, ...(cursor === undefined ? {} : { cursor }) })
    ids.push(...page.items.map((item) => item.id))
    cursor = page.next_cursor ?? undefined
  } while (cursor !== undefined)
  const { rows } = await pool.query<{ id: string }>(`select id from audit_entries where tenant_id = 'ten_57' order by at desc, id desc`)
  expect(ids).toEqual(rows.map((row) => row.id))
  const from = new Date(Date.now() - 4 * 86_400_000).toISOString()
  const to = new Date(Date.now() - 3 * 86_400_000).toISOString()
  const between = await listAudit(db, 'all', { ...query, from, to, limit: 200 })
  const { rows: expected } = await pool.query<{ id: string }>(
    `select id from audit_entries where tenant_id = 'ten_57' and at >= $1 and at < $2 order by at desc, id desc limit 200`,
    [from, to],
  )
  expect(between.items.map((item) => item.id)).toEqual(expected.map((row) => row.id))
})
