import { sql, type Transaction } from 'kysely'
import type pg from 'pg'
import type { Tables } from '../db/tables.ts'
import { isPassing, isRefusal } from './database-refusal.ts'
import { GroupCommit } from './group-commit.ts'
import type { AuditRecord, AuditRow } from './record.ts'
import { rowOf } from './row.ts'

export interface AuditOptions {
  /** A pool whose connections are not taken by the control API: at least `inFlightMax` of them. */
  readonly pool: pg.Pool
  readonly node: string
}

/** Two batches under way; a batch of 500 rows takes some 15 ms. */
const inFlightMax = 2
const batchMax = 500
/** A database that does not answer for this long is away: whoever acts gets an error. */
const answerMsMax = 5_000
/** At 10,000 records a second this is two seconds of a database that does not answer. */
const waitingMax = 20_000

/** The audit log's way in. No answer leaves before its record: whoever acts awaits `record`, or records in its own transaction. */
export class Audit {
  readonly #node: string
  readonly #journal: GroupCommit<AuditRow, null>

  constructor({ pool, node }: AuditOptions) {
    this.#node = node
    this.#journal = new GroupCommit<AuditRow, null>({
      flush: async (batch) => {
        const query: pg.QueryConfig & { query_timeout: number } = {
          name: 'record_audit',
          text: 'select record_audit($1, $2)',
          values: [node, JSON.stringify(batch)],
          query_timeout: answerMsMax,
        }
        await pool.query(query)
        return new Array<null>(batch.length).fill(null)
      },
      isRefusal,
      isPassing,
      inFlightMax,
      waitingMax,
      batchMax,
    })
  }

  /** Resolves when the record is on disk. @throws OverloadError, or the database's error: then it may not be taken for recorded. */
  async record(record: AuditRecord): Promise<void> {
    await this.#journal.submit(rowOf(record))
  }

  /** Records in the transaction of the act: both stand or neither. */
  async recordIn(trx: Transaction<Tables>, record: AuditRecord): Promise<void> {
    await sql`select record_audit(${this.#node}, ${JSON.stringify([rowOf(record)])}::json)`.execute(trx)
  }

  /** Resolves when nothing waits to be written. */
  drained(): Promise<void> {
    return this.#journal.drained()
  }
}
