import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.ts'

/** A node that was away for longer finds a gap and drops its caches: keeping more would only be history, and the audit log has that. */
const changeDaysKept = 7
const nodeDaysKept = 7

/** Removes changes and rows of ended nodes that nobody needs any more. The counter stays. */
export async function pruneChanges(db: Kysely<Tables>): Promise<void> {
  await db.deleteFrom('changes').where('at', '<', sql<Date>`clock_timestamp() - ${changeDaysKept} * interval '1 day'`).execute()
  await db
    .deleteFrom('nodes')
    .where('heard_at', '<', sql<Date>`clock_timestamp() - ${nodeDaysKept} * interval '1 day'`)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('reservations').select('call_id').whereRef('reservations.node_id', '=', 'nodes.id'))),
    )
    .execute()
}
