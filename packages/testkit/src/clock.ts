/** Where the testkit reads time from. `wallMs` may jump (as an administrator's or NTP's step does); `monotonicMs` never goes back. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  wallMs(): number
  /** Milliseconds since an arbitrary start; never decreases. */
  monotonicMs(): number
  /** Calls `act` once, `delayMs` of monotonic time from now. Returns how to call it off. */
  after(delayMs: number, act: () => void): () => void
}

/** The machine's own clocks. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, act) => {
    const timer = setTimeout(act, delayMs)
    return () => clearTimeout(timer)
  },
}

interface Due {
  atMs: number
  order: number
  act: () => void
}

/**
 * A clock that moves only when told to. Timers run inside `advance`, in the order in which they fall due; a timer set by a timer
 * runs in the same `advance` when it falls due within it.
 */
export class ControlledClock implements Clock {
  #wallOffsetMs: number
  #monotonicMs = 0
  #order = 0
  #due: Due[] = []

  /** `startMs`: the wall clock's first reading, in milliseconds since the epoch. */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = startMs
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#monotonicMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  after(delayMs: number, act: () => void): () => void {
    const entry: Due = { atMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#order++, act }
    this.#due.push(entry)
    return () => {
      this.#due = this.#due.filter((one) => one !== entry)
    }
  }

  /** How many timers wait. */
  get waiting(): number {
    return this.#due.length
  }

  /** Moves both clocks forward by `durationMs` and runs what falls due on the way. Throws RangeError on a negative duration. */
  advance(durationMs: number): void {
    if (!(durationMs >= 0)) throw new RangeError('advance() goes forward only; use stepWall() to move the wall clock back')
    const endMs = this.#monotonicMs + durationMs
    for (;;) {
      const next = this.#due.filter((one) => one.atMs <= endMs).sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
      if (!next) break
      this.#due = this.#due.filter((one) => one !== next)
      this.#monotonicMs = Math.max(this.#monotonicMs, next.atMs)
      next.act()
    }
    this.#monotonicMs = endMs
  }

  /** Moves the wall clock alone, forward or back: what a correction of a wrong clock does. No timer notices. */
  stepWall(deltaMs: number): void {
    this.#wallOffsetMs += deltaMs
  }
}
