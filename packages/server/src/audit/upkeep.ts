import type { Kysely } from 'kysely'
import { Repeat } from '../changes/repeat.ts'
import { pruneChanges } from '../changes/retention.ts'
import type { DatabaseLog } from '../db/log.ts'
import type { Tables } from '../db/tables.ts'
import type { Disk } from './disk.ts'
import { dropOldPartitions, ensurePartitions, indexEndedDays } from './partitions.ts'

/** Thirteen months: a year's audit finds its first day. */
export const auditDaysKeptDefault = 400
const hourMs = 3_600_000
/** At the fastest that we write (20 MB/s) the last reserve lasts 25 s. */
const diskLookMs = 5_000

export interface UpkeepOptions {
  readonly db: Kysely<Tables>
  readonly disk: Disk
  readonly log: DatabaseLog
  /** Days that audit entries and usage events are kept. */
  readonly daysKept?: number
}

/** What the log needs to go on: partitions ahead of time, ended ones indexed, old ones dropped, the feed pruned, the disk watched. */
export class Upkeep {
  readonly #options: UpkeepOptions
  readonly #chores: Repeat[]

  constructor(options: UpkeepOptions) {
    this.#options = options
    const { log, disk } = options
    this.#chores = [new Repeat('partitions', hourMs, log, () => this.tend()), new Repeat('disk', diskLookMs, log, () => disk.look())]
  }

  /** Resolves when today's partitions exist: nothing can be recorded before. @throws the database's error */
  async start(): Promise<void> {
    await ensurePartitions(this.#options.db)
    for (const chore of this.#chores) chore.start()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#chores.map((chore) => chore.stop()))
  }

  /** One turn of the hourly chores. */
  async tend(): Promise<void> {
    const { db, log, daysKept = auditDaysKeptDefault } = this.#options
    await ensurePartitions(db)
    const dropped = await dropOldPartitions(db, daysKept)
    if (dropped.length > 0) log.info({ dropped, days_kept: daysKept }, 'audit entries and usage events past their time were dropped')
    await indexEndedDays(db)
    await pruneChanges(db)
  }
}
