import { sql, type Transaction } from 'kysely'
import type { ChangesTable, Tables } from '../db/tables.ts'

export type ChangeKind = ChangesTable['kind']

export interface ChangeToRecord {
  readonly kind: ChangeKind
  /** Id of what changed. */
  readonly subject: string
  readonly op: 'changed' | 'revoked'
  readonly reason?: string | undefined
  /** Node that does it. */
  readonly node?: string | undefined
}

/**
 * Puts a change into the feed, as part of the transaction that makes it. Call it last: it locks the feed's counter until the transaction
 * ends, so that numbers become visible in their order, and every other writer waits that long.
 *
 * @returns the change's number: pass it to `ChangeFeed.catchUp` after the commit, before answering
 */
export async function recordChange(trx: Transaction<Tables>, change: ChangeToRecord): Promise<bigint> {
  const { rows } = await sql<{ seq: string | bigint }>`
    select record_change(${change.kind}, ${change.subject}, ${change.op}, ${change.reason ?? null}, ${change.node ?? null}) as seq`.execute(
    trx,
  )
  const [row] = rows
  if (!row) throw new Error('record_change answered no number')
  return BigInt(row.seq)
}

/** The same for many, in their order and in one statement: an issuer may take thousands of identities with it. @returns the last one's number */
export async function recordChanges(trx: Transaction<Tables>, changes: readonly ChangeToRecord[]): Promise<bigint | undefined> {
  if (changes.length === 0) return undefined
  const asked = JSON.stringify(
    changes.map(({ kind, subject, op, reason, node }) => ({ kind, subject, op, reason: reason ?? null, node: node ?? null })),
  )
  const { rows } = await sql<{ seq: string | bigint }>`
    select max(record_change(c.kind, c.subject, c.op, c.reason, c.node)) as seq
    from (select * from json_to_recordset(${asked}::json) as t (kind text, subject text, op text, reason text, node text)) c`.execute(trx)
  const [row] = rows
  if (!row) throw new Error('record_change answered no number')
  return BigInt(row.seq)
}
