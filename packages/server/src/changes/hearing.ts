import type { Clock } from '../observe/clock.ts'

/**
 * Whether this node can hear revocations: judged from the start of the last poll that succeeded, because whatever was committed before that
 * start is known. Both clocks count: the monotonic one stands still while the machine sleeps, the wall clock may be set back. Whichever says
 * that more time has passed is believed, so that a doubt refuses.
 */
export class Hearing {
  readonly #clock: Clock
  readonly #deafAfterMs: number
  #monotonicMs = Number.NEGATIVE_INFINITY
  #wallMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, deafAfterMs: number) {
    this.#clock = clock
    this.#deafAfterMs = deafAfterMs
  }

  /** The moment at which a poll starts, for `heard` if it succeeds. */
  moment(): { readonly monotonicMs: number; readonly wallMs: number } {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.wallMs() }
  }

  heard(start: { readonly monotonicMs: number; readonly wallMs: number }): void {
    this.#monotonicMs = start.monotonicMs
    this.#wallMs = start.wallMs
  }

  get silentMs(): number {
    return Math.max(this.#clock.monotonicMs() - this.#monotonicMs, this.#clock.wallMs() - this.#wallMs)
  }

  get deaf(): boolean {
    return !(this.silentMs <= this.#deafAfterMs)
  }
}
