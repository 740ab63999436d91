import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.ts'

/** A week, so that a database which nobody could tend over a long weekend still takes records. */
export const partitionDaysAhead = 7
const parents = ['audit_entries', 'usage_events'] as const

/** Makes the daily partitions for the days to come. Any number of nodes may do it at once. */
export async function ensurePartitions(db: Kysely<Tables>): Promise<void> {
  await sql`select ensure_partitions(${partitionDaysAhead})`.execute(db)
}

/**
 * Drops the daily partitions that end more than `daysKept` days ago, and the personal data of those days.
 * @returns the names of what was dropped
 */
export async function dropOldPartitions(db: Kysely<Tables>, daysKept: number): Promise<string[]> {
  return await db.transaction().execute(async (trx) => {
    // The lock of ensure_partitions: one node at a time changes partitions.
    await sql`select pg_advisory_xact_lock(7411, 1)`.execute(trx)
    // A query that reads the parent holds it for as long as it runs; nobody's record waits behind this for longer than that.
    await sql`set local lock_timeout = '2s'`.execute(trx)
    const { rows } = await sql<{ name: string }>`
      select c.relname as name
      from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
      where p.relname in (${sql.join(parents)}) and c.relname ~ '_[0-9]{8}$'
        and to_date(right(c.relname, 8), 'YYYYMMDD') < (now() at time zone 'utc')::date - ${daysKept}::integer
      order by c.relname`.execute(trx)
    for (const { name } of rows) await sql`drop table ${sql.table(name)}`.execute(trx)
    await sql`delete from audit_personal where at < now() - (${daysKept}::integer + 1) * interval '1 day'`.execute(trx)
    return rows.map((row) => row.name)
  })
}
