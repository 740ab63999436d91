import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Tables } from '../db/tables.ts'

/** The longest call and some minutes: a call of then that has only now settled is seen too. */
const lookBack = sql`interval '65 minutes'`

/**
 * Notes when grants, their workloads and their credentials were last used, as the ledger has it: not by the calls themselves, which would
 * wait for each other at the row of one credential. A grant costs a look at its index or two; what has no newer use is not written. A row that
 * somebody holds is left for the next turn: this waits for nobody, so that no revocation can come to a deadlock with it.
 */
export async function noteLastUse(db: Kysely<Tables>): Promise<void> {
  const { rows } = await sql<{ grant: string; workload: string; credential: string; at: Date }>`
    select g.id as grant, newest.workload_id as workload, newest.credential_id as credential, newest.at
    from grants g cross join lateral (
      select at, workload_id, credential_id from usage_events u
      where u.grant_id = g.id and u.at > greatest(g.last_used_at, clock_timestamp() - ${lookBack})
      order by u.at desc limit 1) newest`.execute(db)
  if (rows.length === 0) return
  const used = sql`(
    select g as grant_id, w as workload_id, c as credential_id, at
    from unnest(${rows.map((row) => row.grant)}::text[], ${rows.map((row) => row.workload)}::text[],
      ${rows.map((row) => row.credential)}::text[], ${rows.map((row) => row.at)}::timestamptz[]) as one (g, w, c, at))`
  for (const [table, key] of [
    ['credentials', 'credential_id'],
    ['workloads', 'workload_id'],
  ] as const)
    await noteIn(db, table, sql`select ${sql.ref(key)} as id, max(at) as at from ${used} u group by 1`)
  // A grant's own note is what a turn begins at: it comes last, and only where nothing is left to note.
  await noteIn(
    db,
    'grants',
    sql`select grant_id as id, at from ${used} u
      where not exists (select from workloads w where w.id = u.workload_id and (w.last_used_at is null or w.last_used_at < u.at))
        and not exists (select from credentials c where c.id = u.credential_id and (c.last_used_at is null or c.last_used_at < u.at))`,
  )
}

async function noteIn(db: Kysely<Tables>, table: 'credentials' | 'workloads' | 'grants', newest: RawBuilder<unknown>): Promise<void> {
  const target = sql.table(table)
  await sql`
    with newest as materialized (${newest}), free as materialized (
      select t.id, newest.at from ${target} t join newest on newest.id = t.id
      where t.last_used_at is null or t.last_used_at < newest.at
      for no key update of t skip locked)
    update ${target} t set last_used_at = free.at from free where t.id = free.id`.execute(db)
}
