import { limits } from '@keyward/contract/limits'
import { KeptBytes } from '../../kept-bytes.ts'
import { isObject, type JsonObject, type JsonValue } from './json-body.ts'

/** Answers up to this size are kept and parsed as a whole: most are a few kilobytes. */
const wholeBytesMax = 65_536
const quote = 34
const backslash = 92

/**
 * Finds the `usage` member of a JSON answer while its bytes go through. A large answer (a batch of embeddings) is not kept: a scanner
 * follows it byte by byte and keeps the one member.
 */
export class JsonUsage {
  /** Most answers come in one piece, which needs no copy. */
  #first: Buffer | undefined
  readonly #kept = new KeptBytes()
  #scanner: MemberScanner | undefined

  push(chunk: Buffer): void {
    if (this.#scanner !== undefined) {
      this.#scanner.push(chunk)
      return
    }
    if (this.#first === undefined && this.#kept.length === 0 && chunk.length <= wholeBytesMax) {
      this.#first = chunk
      return
    }
    if (this.#first !== undefined) this.#kept.append(this.#first)
    this.#first = undefined
    this.#kept.append(chunk)
    if (this.#kept.length <= wholeBytesMax) return
    this.#scanner = new MemberScanner('usage')
    this.#scanner.push(this.#kept.take())
  }

  /** An object that has the answer's `usage`; undefined where the answer was no JSON object. */
  end(): JsonObject | undefined {
    const text =
      this.#scanner === undefined ? (this.#first ?? this.#kept.take()).toString('utf8') : `{"usage":${this.#scanner.value ?? 'null'}}`
    this.#first = undefined
    try {
      const value = JSON.parse(text) as JsonValue
      return isObject(value) ? value : undefined
    } catch {
      return undefined
    }
  }
}

/** Follows a JSON object's structure over chunk borders and keeps the text of one of its own members. */
class MemberScanner {
  readonly #name: string
  #depth = 0
  #inString = false
  #escaped = false
  /** The string that is being read at depth 1, where a member's name may stand. */
  #string: number[] | undefined
  #lastString = ''
  #capture: number[] | undefined
  /** The member's text, once it was seen; the last one where it was repeated. */
  value: string | undefined

  constructor(name: string) {
    this.#name = name
  }

  push(chunk: Buffer): void {
    for (let i = 0; i < chunk.length; i++) {
      if (this.#inString && this.#string === undefined && this.#capture === undefined && !this.#escaped) {
        i = this.#skipString(chunk, i)
        if (i >= chunk.length) return
      }
      this.#step(chunk[i] ?? 0)
    }
  }

  /** Index of the next quote or backslash: the bytes before it mean nothing to us. */
  #skipString(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(quote, from)
    const slash = chunk.subarray(from, end === -1 ? chunk.length : end).indexOf(backslash)
    if (slash !== -1) return from + slash
    return end === -1 ? chunk.length : end
  }

  #step(byte: number): void {
    this.#take(byte)
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (byte === backslash) this.#escaped = true
      else if (byte === quote) this.#endString()
      if (this.#inString && this.#string !== undefined && this.#string.length <= this.#name.length) this.#string.push(byte)
      return
    }
    switch (byte) {
      case quote:
        this.#inString = true
        if (this.#depth === 1 && this.#capture === undefined) this.#string = []
        break
      case 58:
        if (this.#depth === 1 && this.#capture === undefined && this.#lastString === this.#name) this.#capture = []
        this.#lastString = ''
        break
      case 123:
      case 91:
        this.#depth += 1
        break
      case 125:
      case 93:
        this.#depth -= 1
        if (this.#depth === 0) this.#endMember()
        break
      case 44:
        if (this.#depth === 1) this.#endMember()
    }
  }

  #take(byte: number): void {
    if (this.#capture === undefined) return
    this.#capture.push(byte)
    if (this.#capture.length > limits.sseEventBytesMax) this.#capture = undefined
  }

  #endString(): void {
    this.#inString = false
    this.#lastString = this.#string === undefined ? '' : Buffer.from(this.#string).toString('latin1')
    this.#string = undefined
  }

  #endMember(): void {
    if (this.#capture === undefined) return
    this.value = Buffer.from(this.#capture.slice(0, -1)).toString('utf8')
    this.#capture = undefined
  }
}
