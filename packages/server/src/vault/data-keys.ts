import type { KeyObject } from 'node:crypto'
import type { Bind } from './bind.ts'

/** Data keys kept unwrapped: one for every credential version that a node uses. A key object is some 300 bytes: 3 MB when full. */
export const dataKeysMax = 10_000

/** Unwrapped data keys by what they belong to; the least recently used one goes first. Holds keys, never secrets. */
export class DataKeys {
  readonly #max: number
  readonly #keys = new Map<string, KeyObject>()
  #forgotten = 0

  constructor(max = dataKeysMax) {
    this.#max = max
  }

  get size(): number {
    return this.#keys.size
  }

  get(bind: Bind): KeyObject | undefined {
    const name = nameOf(bind)
    const key = this.#keys.get(name)
    if (key === undefined) return undefined
    this.#keys.delete(name)
    this.#keys.set(name, key)
    return key
  }

  /** To be taken before an unwrap begins and given to `keep` after it: what was forgotten in between is not kept. */
  get mark(): number {
    return this.#forgotten
  }

  keep(bind: Bind, key: KeyObject, mark: number): void {
    if (mark !== this.#forgotten) return
    this.#keys.set(nameOf(bind), key)
    if (this.#keys.size <= this.#max) return
    const oldest = this.#keys.keys().next()
    if (!oldest.done) this.#keys.delete(oldest.value)
  }

  drop(bind: Bind): void {
    this.#keys.delete(nameOf(bind))
  }

  /** Drops the keys of every version of `id`, and of every unwrap that is under way. */
  forget(id: string): void {
    this.#forgotten++
    for (const name of [...this.#keys.keys()]) if (name.startsWith(`${id} `)) this.#keys.delete(name)
  }

  /** Drops everything: what was missed meanwhile may be about any of it. */
  forgetAll(): void {
    this.#forgotten++
    this.#keys.clear()
  }
}

/** Ids hold no space. */
function nameOf(bind: Bind): string {
  return `${bind.id} ${bind.version} ${bind.purpose}`
}
