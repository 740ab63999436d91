/**
 * Time, as something that a test can hold still. Wall time is what people read; monotonic time measures how long something took and never
 * jumps. Neither decides across nodes: that is installation time (changes/feed.ts).
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  wallMs(): number
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonicMs(): number
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
}
