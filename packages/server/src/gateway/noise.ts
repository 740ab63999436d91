import type { AuditRecord } from '../audit/record.ts'
import type { GatewayLog, RefusalJournal } from './seams.ts'

/** Records a second for callers without a valid token; what exceeds it is counted and recorded as one, or a flood would fill the disk. */
const recordsPerSecondMax = 20
const windowMs = 1_000
/**
 * And an hour: a burst is told call by call, a flood that goes on for days as one sum a minute. Twenty a second for ever would be a gigabyte a
 * day that nobody reads.
 */
const recordsPerHourMax = 1_000
const floodWindowMs = 60_000
const hourMs = 3_600_000

/** Records refusals of callers whom nobody knows, within a bound. */
export class NoiseJournal {
  readonly #journal: RefusalJournal
  readonly #log: GatewayLog
  #recorded = 0
  #hourBeganMs = Number.NEGATIVE_INFINITY
  #recordedInHour = 0
  #suppressed = 0
  #codes = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(journal: RefusalJournal, log: GatewayLog) {
    this.#journal = journal
    this.#log = log
  }

  /** Resolves when it is durable, or at once where it is counted into the next summary. */
  async record(record: AuditRecord): Promise<void> {
    const now = performance.now()
    if (now - this.#hourBeganMs >= hourMs) {
      this.#hourBeganMs = now
      this.#recordedInHour = 0
    }
    const flood = this.#recordedInHour >= recordsPerHourMax
    this.#timer ??= setTimeout(() => this.#endWindow(), flood ? floodWindowMs : windowMs).unref()
    if (!flood && this.#recorded < recordsPerSecondMax) {
      this.#recorded += 1
      this.#recordedInHour += 1
      await this.#journal.record(record)
      return
    }
    this.#suppressed += 1
    const code = record.code ?? 'unknown'
    this.#codes.set(code, (this.#codes.get(code) ?? 0) + 1)
  }

  /** Records what was only counted so far. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#endWindow()
  }

  async #endWindow(): Promise<void> {
    this.#timer = undefined
    this.#recorded = 0
    if (this.#suppressed === 0) return
    const details = { count: this.#suppressed, codes: Object.fromEntries(this.#codes) }
    this.#suppressed = 0
    this.#codes = new Map()
    try {
      await this.#journal.record({ action: 'gateway.call', decision: 'refused', actor: { kind: 'anonymous', id: null }, details })
    } catch (error) {
      this.#log.warn({ err: error }, 'refusals could not be recorded')
    }
  }
}
