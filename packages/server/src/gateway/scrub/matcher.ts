/** Two-byte blocks are hashed into this many slots. */
const slots = 4_096
/** Window of the search: a longer one fills the table of shifts, and then skips less (16 measured best with 14 forms). */
const windowBytesMax = 16

/**
 * Finds any of a few fixed byte strings in one pass (Wu and Manber, 1994): most bytes are skipped, so that an answer without a match costs
 * about a nanosecond for each ten bytes. Made for one call and thrown away with it, because it holds the secret.
 */
export class Matcher {
  readonly #forms: readonly Buffer[]
  readonly #window: number
  readonly #shift = new Uint8Array(slots)
  readonly #first = new Uint8Array(256)
  /** 1 in the slots of the forms' first two bytes. */
  readonly #begin = new Uint8Array(slots)
  /** Longest form in bytes. */
  readonly longest: number

  /** `forms`: at least one, each at least two bytes long. */
  constructor(forms: readonly Buffer[]) {
    this.#forms = forms
    let shortest = windowBytesMax
    let longest = 0
    for (const form of forms) {
      shortest = Math.min(shortest, form.length)
      longest = Math.max(longest, form.length)
    }
    this.longest = longest
    const window = shortest
    this.#window = window
    this.#shift.fill(window - 1)
    for (const form of forms) {
      this.#first[form[0] ?? 0] = 1
      this.#begin[slotOf(form[0] ?? 0, form[1] ?? 0)] = 1
      for (let end = 1; end < window; end++) {
        const slot = slotOf(form[end - 1] ?? 0, form[end] ?? 0)
        const shift = window - 1 - end
        if (shift < (this.#shift[slot] ?? 0)) this.#shift[slot] = shift
      }
    }
  }

  /** Start of the first match at or after `from`, with its length in `matched`; -1 where there is none. */
  find(bytes: Uint8Array, from: number): number {
    const window = this.#window
    const shifts = this.#shift
    let end = from + window - 1
    while (end < bytes.length) {
      const shift = shifts[slotOf(bytes[end - 1] ?? 0, bytes[end] ?? 0)] ?? 0
      if (shift > 0) {
        end += shift
        continue
      }
      const start = end - window + 1
      if (this.#first[bytes[start] ?? 0] === 1) {
        for (const form of this.#forms) {
          if (startsWith(bytes, start, form, form.length)) {
            this.matched = form.length
            return start
          }
        }
      }
      end += 1
    }
    return -1
  }

  /** Length of the match that `find` found last. */
  matched = 0

  /** How many bytes at the end could be the beginning of a match: they have to wait for what follows. */
  pending(bytes: Uint8Array, from: number): number {
    const last = bytes.length - 1
    const begin = this.#begin
    for (let start = Math.max(from, last - this.longest + 2); start < last; start++) {
      if (begin[slotOf(bytes[start] ?? 0, bytes[start + 1] ?? 0)] === 1 && this.#begins(bytes, start)) return last + 1 - start
    }
    return last >= from && this.#first[bytes[last] ?? 0] === 1 ? 1 : 0
  }

  /** True where all bytes from `start` on are the beginning of a form, and the form is longer. */
  #begins(bytes: Uint8Array, start: number): boolean {
    const rest = bytes.length - start
    for (const form of this.#forms) if (form.length > rest && startsWith(bytes, start, form, rest)) return true
    return false
  }

  /** Zeroes the forms. */
  destroy(): void {
    for (const form of this.#forms) form.fill(0)
    this.#first.fill(0)
    this.#begin.fill(0)
    this.#shift.fill(0)
  }
}

function slotOf(one: number, other: number): number {
  return ((one << 5) ^ other) & (slots - 1)
}

function startsWith(bytes: Uint8Array, start: number, form: Uint8Array, count: number): boolean {
  if (start + count > bytes.length) return false
  for (let i = count - 1; i >= 0; i--) if (bytes[start + i] !== form[i]) return false
  return true
}
