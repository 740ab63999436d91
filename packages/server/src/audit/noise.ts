import type { AuditRecord } from './record.ts'

/** Records a second for callers whom nobody knows; what exceeds it is counted and recorded as one, or a flood would fill the disk. */
const recordsPerSecondMax = 20
const windowMs = 1_000
/**
 * And an hour: a burst is told one by one, a flood that goes on for days as one sum a minute. Twenty a second for ever would be a gigabyte a
 * day that nobody reads.
 */
const recordsPerHourMax = 1_000
const floodWindowMs = 60_000
const hourMs = 3_600_000

export interface NoiseDeps {
  /** Of what is counted: `gateway.call`, `token.mint`. */
  readonly action: string
  readonly journal: { record(record: AuditRecord): Promise<unknown> }
  readonly log: { warn(fields: object, message: string): void }
}

/** Records refusals of callers whom nobody knows, within a bound. */
export class NoiseJournal {
  readonly #deps: NoiseDeps
  #recorded = 0
  #hourBeganMs = Number.NEGATIVE_INFINITY
  #recordedInHour = 0
  #suppressed = 0
  #codes = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined

  constructor(deps: NoiseDeps) {
    this.#deps = deps
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
      await this.#deps.journal.record(record)
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
    const { action, journal, log } = this.#deps
    try {
      await journal.record({ action, decision: 'refused', actor: { kind: 'anonymous', id: null }, details })
    } catch (error) {
      log.warn({ err: error }, 'refusals could not be recorded')
    }
  }
}
