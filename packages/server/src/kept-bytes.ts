const empty = Buffer.alloc(0)
const firstBytes = 1_024

/**
 * Bytes that wait for the rest. Copied, and grown by doubling: a body that comes a byte at a time, ten thousand of them in one read, costs no
 * more than one that comes at once. A list of the pieces would hold a hundred bytes for each, and keep the whole read that each lay in.
 */
export class KeptBytes {
  #buffer: Buffer = empty
  #length = 0

  get length(): number {
    return this.#length
  }

  append(part: Uint8Array): void {
    const length = this.#length + part.length
    if (length > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(firstBytes, length, 2 * this.#buffer.length))
      this.#buffer.copy(grown, 0, 0, this.#length)
      this.#buffer = grown
    }
    this.#buffer.set(part, this.#length)
    this.#length = length
  }

  /** The last bytes from `from` on, to look at: the next `append` may write over them. */
  from(from: number): Buffer {
    return this.#buffer.subarray(Math.max(0, from), this.#length)
  }

  /** All of them, handed over. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#length)
    this.clear()
    return bytes
  }

  clear(): void {
    this.#buffer = empty
    this.#length = 0
  }
}
