import type { Kysely } from 'kysely'
import type { Change } from '../changes/change.ts'
import type { DatabaseLog } from '../db/log.ts'
import type { Tables } from '../db/tables.ts'

/**
 * Which subjects have a budget, as far as this node has heard: so that a call can be refused, or bounded, before it asks the database. It
 * may be behind for a moment; the admission reads the budgets themselves and has the last word.
 */
export class BudgetView {
  readonly #db: Kysely<Tables>
  readonly #log: DatabaseLog
  #subjects: ReadonlySet<string> = new Set()
  #organisation = false
  #generation = 0

  constructor(db: Kysely<Tables>, log: DatabaseLog) {
    this.#db = db
    this.#log = log
  }

  /** Give it to `ChangeFeed.on`. */
  readonly onChange = (change: Change): void => {
    if (change.op !== 'reset' && change.kind !== 'budget') return
    this.load().catch((error: unknown) =>
      this.#log.warn({ err: error }, 'the list of budgets could not be read; the admission decides without it'),
    )
  }

  /** @throws the database's error */
  async load(): Promise<void> {
    const generation = ++this.#generation
    const rows = await this.#db.selectFrom('budgets').select(['level', 'subject']).execute()
    if (generation !== this.#generation) return
    this.#subjects = new Set(rows.filter((row) => row.level !== 'org').map((row) => row.subject))
    this.#organisation = rows.some((row) => row.level === 'org')
  }

  /** Whether some budget pays for a call of that grant. */
  isBudgeted(of: { readonly grant: string; readonly workload: string; readonly team: string | null }): boolean {
    return (
      this.#organisation ||
      this.#subjects.has(of.grant) ||
      this.#subjects.has(of.workload) ||
      (of.team !== null && this.#subjects.has(of.team))
    )
  }
}
