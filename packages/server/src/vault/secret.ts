import { createHash, timingSafeEqual } from 'node:crypto'
import { inspect } from 'node:util'

const hidden = '[secret]'

/**
 * A secret value in clear, for as short a time as possible. Whatever prints, serialises, copies or compares it by accident gets
 * `[secret]` or nothing; only `reveal` and `revealBytes` give the value, so that every place where a secret is in clear can be found by
 * these two words.
 *
 * The bytes live outside the JavaScript heap and `destroy` zeroes them. A string made by `reveal` cannot be zeroed: it goes when the
 * garbage collector takes it. Prefer `revealBytes` wherever bytes will do.
 */
export class Secret {
  #bytes: Buffer
  #destroyed = false

  private constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Copies text (as UTF-8) or bytes. The caller's bytes stay the caller's to zero. */
  static of(value: string | Uint8Array): Secret {
    if (typeof value === 'string') return Secret.taking(Buffer.from(value, 'utf8'))
    const bytes = Buffer.allocUnsafeSlow(value.byteLength)
    bytes.set(value)
    return new Secret(bytes)
  }

  /** Takes over bytes, which the caller must not use any more: no copy of them is left. */
  static taking(bytes: Uint8Array): Secret {
    const { buffer, byteOffset, byteLength } = bytes
    if (buffer.byteLength === byteLength) return new Secret(Buffer.from(buffer, byteOffset, byteLength))
    // A part of something larger, such as the pool that small buffers are cut from: it stays there for others to find.
    const secret = Secret.of(bytes)
    bytes.fill(0)
    return secret
  }

  /** The value as text (UTF-8). */
  reveal(): string {
    return this.#open().toString('utf8')
  }

  /** A copy of the bytes, the caller's to zero. */
  revealBytes(): Buffer {
    return Buffer.from(this.#open())
  }

  /** Calls `use` with the bytes themselves, without a copy; `use` must not keep them. */
  useBytes<T>(use: (bytes: Uint8Array) => T): T {
    return use(this.#open())
  }

  get lengthBytes(): number {
    return this.#bytes.length
  }

  get destroyed(): boolean {
    return this.#destroyed
  }

  /** Compares in a time that tells nothing about either value. */
  equals(other: Secret): boolean {
    return timingSafeEqual(digest(this.#open()), digest(other.#open()))
  }

  /** Zeroes the bytes. Revealing it afterwards is an error. Idempotent. */
  destroy(): void {
    this.#bytes.fill(0)
    this.#destroyed = true
  }

  [Symbol.dispose](): void {
    this.destroy()
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }

  toLocaleString(): string {
    return hidden
  }

  valueOf(): string {
    return hidden
  }

  [Symbol.toPrimitive](): string {
    return hidden
  }

  [inspect.custom](): string {
    return hidden
  }

  #open(): Buffer {
    if (this.#destroyed) throw new Error('this secret has been destroyed: it was used after its call had ended')
    return this.#bytes
  }
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
