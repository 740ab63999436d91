import { sql } from 'kysely'
import type { Ended, Trx } from './revocation.ts'

/** Marks a row that the caller has locked and found active. @returns when, by the database's clock */
export async function markRevoked(
  trx: Trx,
  table: 'credentials' | 'workloads' | 'tenants' | 'grants' | 'issuers',
  id: string,
  reason: string,
): Promise<Date> {
  const { rows } = await sql<{ revoked_at: Date }>`
    update ${sql.table(table)}
    set state = 'revoked', revoked_at = clock_timestamp(), revoked_reason = ${reason}, updated_at = now(), revision = revision + 1
    where id = ${id} returning revoked_at`.execute(trx)
  const [row] = rows
  if (row === undefined) throw new Error(`a row of ${table} that was locked is gone`)
  return row.revoked_at
}

/** The active grants of a workload or tenant end with it. @returns how many */
export async function revokeGrantsOf(
  trx: Trx,
  column: 'workload_id' | 'tenant_id',
  id: string,
  revokedAt: Date,
  reason: string,
): Promise<number> {
  const { numUpdatedRows } = await trx
    .updateTable('grants')
    .set({
      state: 'revoked',
      revoked_at: revokedAt,
      revoked_reason: reason,
      updated_at: sql<Date>`now()`,
      revision: sql<number>`revision + 1`,
    })
    .where(column, '=', id)
    .where('state', '=', 'active')
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

/** Revoking again changes nothing. */
export function endedBefore(revokedAt: Date, record: Ended['record']): Ended {
  return { already: true, revokedAt, grants: 0, versions: 0, identities: 0, record }
}
