/** The hours of a day, each with the slowest effect that was measured in it. */
const hours = 24
const hourMs = 3_600_000

/** How long revocations take from their commit until this node has applied them, the last one and the slowest of 24 hours. In memory. */
export class EffectTimes {
  readonly #slowest = new Map<number, number>()
  #last: number | undefined

  /** @param nowMs installation time */
  add(effectMs: number, nowMs: number): void {
    const hour = Math.floor(nowMs / hourMs)
    this.#last = effectMs
    this.#slowest.set(hour, Math.max(this.#slowest.get(hour) ?? 0, effectMs))
    for (const old of this.#slowest.keys()) if (old <= hour - hours) this.#slowest.delete(old)
  }

  get lastMs(): number | undefined {
    return this.#last
  }

  slowestMs(nowMs: number): number | undefined {
    const oldest = Math.floor(nowMs / hourMs) - hours
    const recent = [...this.#slowest].filter(([hour]) => hour > oldest).map(([, ms]) => ms)
    return recent.length === 0 ? undefined : Math.max(...recent)
  }
}
