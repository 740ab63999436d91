import { limits } from '@keyward/contract/limits'
import { type Kysely, sql } from 'kysely'
import { Repeat } from '../changes/repeat.ts'
import type { DatabaseLog } from '../db/log.ts'
import type { Tables } from '../db/tables.ts'
import { noteLastUse } from './last-use.ts'

export interface SweeperOptions {
  readonly db: Kysely<Tables>
  /** This node: its own running calls are left alone until their end. */
  readonly node: string
  /** The data folder that this process has locked for itself: what an earlier start on it left open is swept at once. */
  readonly home?: string | undefined
  readonly log: DatabaseLog
}

/** Advisory lock, so that of several nodes one sweeps. The first number is Keyward's in all its advisory locks. */
const lockKey = sql`7411, 2`
const sweepMs = 1_000
const tidyMs = 60_000
/** What people see as "last used" is this late at most. A turn costs the database 0.6 s at 100,000 grants, and each node takes its turns. */
const lastUseMs = 30_000
/** A node that was not heard for this long is dead: long after it has found itself deaf and cut its calls. */
const deadAfterSeconds = 10
const batchMax = 500
/** The longest call and some minutes: what has not settled by then never will. */
const lostAfterSeconds = limits.callSecondsMax + 300
/** How much of the log one look for lost calls reads. */
const sliceSeconds = 300
const rateMinutesKept = 5
const windowDaysKept = 400
const intentsKey = 'sweep.intents'

/**
 * Settles what nobody else will: reservations past their end, and the calls of dead nodes. Whole amounts, marked estimated, outcome `lost`.
 * After it, no reservation outlives its end and every admitted call has its usage event.
 */
export class Sweeper {
  readonly #options: SweeperOptions
  readonly #chores: Repeat[]

  constructor(options: SweeperOptions) {
    this.#options = options
    this.#chores = [
      new Repeat('sweep', sweepMs, options.log, () => this.sweep()),
      new Repeat('tidy', tidyMs, options.log, () => this.tidy()),
      new Repeat('last use', lastUseMs, options.log, () => noteLastUse(options.db)),
    ]
  }

  start(): void {
    for (const chore of this.#chores) chore.start()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#chores.map((chore) => chore.stop()))
  }

  /** One turn. @returns how many calls it settled */
  async sweep(): Promise<number> {
    let settled = 0
    for (;;) {
      const swept = await this.#sweepReservations()
      settled += swept
      if (swept < batchMax) break
    }
    settled += await this.#sweepDeadNodes()
    if (settled > 0) this.#options.log.warn({ calls: settled }, 'calls whose end is unknown were settled in full')
    return settled
  }

  /** Finds calls without a usage event that nothing else would find, and removes counters that have served. */
  async tidy(): Promise<void> {
    while (await this.#sweepSlice());
    const { db } = this.#options
    await sql`delete from rate_windows where minute < floor(extract(epoch from clock_timestamp()) / 60) - ${rateMinutesKept}`.execute(db)
    await sql`delete from budget_windows w where reserved_nano = 0 and (
      not exists (select from budgets b where b.id = w.budget_id)
      or (window_start < clock_timestamp() - ${windowDaysKept} * interval '1 day'
        and exists (select from budgets b where b.id = w.budget_id and b.time_window <> 'total')))`.execute(db)
  }

  async #sweepReservations(): Promise<number> {
    const { db, node, home = null } = this.#options
    return await db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ swept: number | null }>`
        select case when pg_try_advisory_xact_lock(${lockKey})
          then sweep_reservations(${node}, ${home}, ${deadAfterSeconds} * interval '1 second', ${batchMax}) end as swept`.execute(trx)
      return rows[0]?.swept ?? 0
    })
  }

  /** Calls without a reservation that a dead node had admitted, once each dead node. */
  async #sweepDeadNodes(): Promise<number> {
    const { db, node, home = null } = this.#options
    return await db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ swept: number }>`
        with dead as (
          update nodes set swept_at = clock_timestamp()
          where id in (
            select id from nodes n
            where id <> ${node} and swept_at is null
              and (stopped_at is not null or heard_at < clock_timestamp() - ${deadAfterSeconds} * interval '1 second' or (home is not null and home = ${home}))
              -- Another node may be half-way through what it held.
              and not exists (select from reservations r where r.node_id = n.id)
            for update skip locked
          )
          returning id, started_at, heard_at
        )
        select sweep_intents(greatest(started_at, heard_at - ${lostAfterSeconds} * interval '1 second'), clock_timestamp(), id) as swept
        from dead`.execute(trx)
      return rows.reduce((sum, row) => sum + row.swept, 0)
    })
  }

  /** @returns true where there is more to look at */
  async #sweepSlice(): Promise<boolean> {
    const { db, log } = this.#options
    return await db.transaction().execute(async (trx) => {
      await sql`insert into settings (key, value)
        values (${intentsKey}, to_jsonb(clock_timestamp() - ${lostAfterSeconds} * interval '1 second')) on conflict do nothing`.execute(trx)
      const { rows } = await sql<{ swept: number; more: boolean }>`
        with slice as (
          select (value #>> '{}')::timestamptz as since,
            least((value #>> '{}')::timestamptz + ${sliceSeconds} * interval '1 second', clock_timestamp() - ${lostAfterSeconds} * interval '1 second') as until
          from settings where key = ${intentsKey} for update skip locked
        ), moved as (
          update settings set value = to_jsonb(until), updated_at = clock_timestamp() from slice where key = ${intentsKey} and until > since
        )
        select sweep_intents(since, until, null) as swept, until < clock_timestamp() - ${lostAfterSeconds + 1} * interval '1 second' as more
        from slice where until > since`.execute(trx)
      const [row] = rows
      if (row && row.swept > 0) log.warn({ calls: row.swept }, 'calls that had never settled were found in the audit log and marked lost')
      return row?.more ?? false
    })
  }
}
