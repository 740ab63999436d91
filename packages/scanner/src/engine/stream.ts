import type { DocumentScanner } from './document.ts'
import { countLines } from './lines.ts'
import type { Match } from './match.ts'

/** What is scanned at once of a document that doesn't fit. */
export const windowBytes = 4_194_304
/** The longest match plus its context must fit into what two windows share. */
const sharedBytes = 65_536
/** Context before a match that the next window still sees. */
const behindBytes = 4096

/** Scans a document of any length in constant memory: windows that share an edge, each match told once. */
export class StreamScanner {
  readonly #scanner: DocumentScanner
  readonly #path: string
  #buffer = Buffer.allocUnsafe(262_144)
  #length = 0
  /** Matches that begin before this offset of the buffer were told. */
  #toldTo = 0
  #firstLine = 1
  #offset = 0
  bounded = false

  constructor(scanner: DocumentScanner, path: string) {
    this.#scanner = scanner
    this.#path = path
  }

  /** Takes the next bytes; returns the matches that are certain by now. */
  push(chunk: Uint8Array): Match[] {
    const found: Match[] = []
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + windowBytes - this.#length)
      this.#reserve(part.length)
      this.#buffer.set(part, this.#length)
      this.#length += part.length
      at += part.length
      if (this.#length === windowBytes) found.push(...this.#flush(this.#length - sharedBytes))
    }
    return found
  }

  /** The document has ended. */
  end(): Match[] {
    return this.#flush(this.#length)
  }

  /** For live streams: everything up to now is looked at, also what may yet go on. */
  peek(): Match[] {
    if (this.#length <= this.#toldTo) return []
    const lastLine = this.#buffer.subarray(0, this.#length).lastIndexOf(10) + 1
    return lastLine > this.#toldTo ? this.#flush(lastLine) : []
  }

  #flush(tellTo: number): Match[] {
    const matches = this.#scanner.scan(this.#buffer.subarray(0, this.#length), this.#path, this.#firstLine)
    this.bounded ||= this.#scanner.bounded
    const told = matches
      .filter((match) => match.start >= this.#toldTo && match.start < tellTo)
      .map((match) => ({ ...match, start: match.start + this.#offset, end: match.end + this.#offset }))
    const drop = this.#buffer.subarray(0, Math.max(0, tellTo - behindBytes)).lastIndexOf(10) + 1 || Math.max(0, tellTo - behindBytes)
    this.#firstLine += countLines(this.#buffer, 0, drop)
    this.#buffer.copyWithin(0, drop, this.#length)
    this.#length -= drop
    this.#toldTo = tellTo - drop
    this.#offset += drop
    return told
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.min(windowBytes, Math.max(this.#buffer.length * 2, this.#length + more)))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }
}
