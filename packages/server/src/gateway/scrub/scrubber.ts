import { formsOf, mask } from './encodings.ts'
import { Matcher } from './matcher.ts'

const nothing = Buffer.alloc(0)

/**
 * Takes a secret out of an answer's bytes, in every form of `formsOf`, also where it lies across chunks: only bytes that could be the
 * beginning of the secret are held back until the next chunk decides. One for each call; `destroy` zeroes what it knows.
 */
export class Scrubber {
  readonly #matcher: Matcher | undefined
  #held: Buffer = nothing
  /** How many times the secret was found. */
  found = 0

  constructor(secret: Uint8Array) {
    const forms = formsOf(secret)
    this.#matcher = forms.length === 0 ? undefined : new Matcher(forms)
  }

  /** The bytes that can go on now; empty where all of them have to wait. Does not change `chunk`. */
  push(chunk: Buffer): Buffer {
    const matcher = this.#matcher
    if (matcher === undefined) return chunk
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = nothing
    let parts: Buffer[] | undefined
    let from = 0
    let at = matcher.find(bytes, 0)
    while (at !== -1) {
      parts ??= []
      parts.push(bytes.subarray(from, at), mask)
      this.found += 1
      from = at + matcher.matched
      at = matcher.find(bytes, from)
    }
    const pending = matcher.pending(bytes, from)
    if (pending > 0) this.#held = Buffer.from(bytes.subarray(bytes.length - pending))
    const rest = from === 0 && pending === 0 ? bytes : bytes.subarray(from, bytes.length - pending)
    if (parts === undefined) return rest
    parts.push(rest)
    return Buffer.concat(parts)
  }

  /** What was held back: the answer ended, so it was no secret. */
  end(): Buffer {
    const rest = this.#held
    this.#held = nothing
    return rest
  }

  /** Scrubs names and values of a flat header list in place. */
  headers(list: string[]): void {
    const matcher = this.#matcher
    if (matcher === undefined || matcher.find(Buffer.from(list.join('\n'), 'latin1'), 0) === -1) return
    for (let i = 0; i < list.length; i++) {
      const value = Buffer.from(list[i] ?? '', 'latin1')
      if (matcher.find(value, 0) === -1) continue
      const clean = this.push(value)
      list[i] = Buffer.concat([clean, this.end()]).toString('latin1')
    }
  }

  destroy(): void {
    this.#matcher?.destroy()
    this.#held.fill(0)
    this.#held = nothing
  }
}
