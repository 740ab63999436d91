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

/** Columns that lists are filtered by, which no index of the whole table holds: it would cost every call of today. */
const endedDayColumns = {
  audit_entries: ['resource_id', 'credential_id', 'tenant_id', 'token_id', 'team'],
  usage_events: ['resource_id', 'credential_id', 'tenant_id', 'team'],
} as const
const endedDayLock = sql`7411, 4`

/**
 * Indexes the days that are over, which nobody writes any more, by what lists are filtered by: a day of 100,000 entries takes 0.4 s and
 * 7 % more room. One day a transaction, one node at a time.
 * @returns the names of the partitions that were indexed
 */
export async function indexEndedDays(db: Kysely<Tables>): Promise<string[]> {
  const done: string[] = []
  for (const parent of parents) {
    for (;;) {
      const name = await db.transaction().execute(async (trx) => {
        const { rows: locked } = await sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(${endedDayLock}) as mine`.execute(trx)
        if (!locked[0]?.mine) return undefined
        await sql`set local lock_timeout = '2s'`.execute(trx)
        // A busy day has tens of millions of rows.
        await sql`set local statement_timeout = 0`.execute(trx)
        const [last] = endedDayColumns[parent].slice(-1)
        const { rows } = await sql<{ name: string }>`
          select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
          where i.inhparent = ${parent}::regclass and c.relname ~ '_[0-9]{8}$'
            and to_date(right(c.relname, 8), 'YYYYMMDD') < ((now() - interval '1 hour') at time zone 'utc')::date
            and to_regclass(c.relname || '_by_' || ${last}) is null
          order by c.relname desc limit 1`.execute(trx)
        const [found] = rows
        if (found === undefined) return undefined
        for (const column of endedDayColumns[parent])
          await sql`create index if not exists ${sql.id(`${found.name}_by_${column}`)} on ${sql.table(found.name)} (${sql.ref(column)})
            where ${sql.ref(column)} is not null`.execute(trx)
        return found.name
      })
      if (name === undefined) break
      done.push(name)
    }
  }
  return done
}
