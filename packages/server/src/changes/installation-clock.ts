import type { Clock } from '../observe/clock.ts'

/** How fast a small error is corrected: 100 ms a second. Quick enough for the drift of any clock, too slow to matter to a token's end. */
const slewRate = 0.1
/** A larger error forward is no drift: the database's clock was set, or this machine slept. */
const stepMs = 1_000

/**
 * Installation time: the database's clock, carried on by this process's monotonic clock between readings. It never goes back, and the wall
 * clock of this machine has no part in it, so that nodes whose clocks disagree agree on when a token ends.
 */
export class InstallationClock {
  readonly #clock: Clock
  /** Installation time minus monotonic time: as told now, and where it is heading. */
  #offset: number | undefined
  #target = 0
  #slewedAt = 0
  #last = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get known(): boolean {
    return this.#offset !== undefined
  }

  /**
   * @param databaseMs the database's clock, read at some moment between `sentMs` and `receivedMs` of the monotonic clock
   */
  heard(databaseMs: number, sentMs: number, receivedMs: number): void {
    const halfTrip = (receivedMs - sentMs) / 2
    const measured = databaseMs - (sentMs + halfTrip)
    if (this.#offset === undefined) {
      this.#offset = measured
      this.#target = measured
      this.#slewedAt = receivedMs
      return
    }
    this.#slew()
    // Within what the trip leaves open there is nothing to correct.
    const error = measured - this.#offset
    if (Math.abs(error) <= halfTrip) this.#target = this.#offset
    else if (error > stepMs + halfTrip) this.#offset = this.#target = measured
    else this.#target = measured
  }

  /** Milliseconds since the epoch. @throws Error before the first reading */
  nowMs(): number {
    this.#slew()
    if (this.#offset === undefined) throw new Error('installation time is not known before the change feed has started')
    this.#last = Math.max(this.#last, this.#clock.monotonicMs() + this.#offset)
    return this.#last
  }

  #slew(): void {
    if (this.#offset === undefined) return
    const now = this.#clock.monotonicMs()
    const most = (now - this.#slewedAt) * slewRate
    this.#slewedAt = now
    const error = this.#target - this.#offset
    this.#offset += Math.max(-most, Math.min(most, error))
  }
}
