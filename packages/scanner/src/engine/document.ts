import { decodeRuns } from '../decode/base64.ts'
import { decodeColours, withoutColours } from '../decode/colours.ts'
import type { Decoded } from '../decode/decoded.ts'
import { decodeEscapes, decodePercent } from '../decode/escapes.ts'
import { decodeFolded } from '../decode/folded.ts'
import { decodeJoined } from '../decode/joined.ts'
import { utf16Order, utf16Strings, utf16ToLatin1 } from '../decode/utf16.ts'
import { LineCounter } from './lines.ts'
import type { Match } from './match.ts'
import type { Matcher, RawMatch } from './matcher.ts'
import { pairParts } from './pair.ts'
import { resolveOverlaps } from './resolve.ts'

/** Encodings within encodings that are followed. */
export const decodeDepthMax = 5
/** Decoded bytes a document may bring, for each of its own and at least: what a bomb of nested encodings is cut to. */
const decodedBytesRatioMax = 4
const decodedBytesFloor = 1_048_576
/** Bytes at the beginning in which a NUL means that it is no text. */
const binarySampleBytes = 8192

type PlacedMatch = RawMatch & { readonly via: readonly string[] }

/** Scans one document (a file, an archive member, a diff's added lines) that is in memory. */
export class DocumentScanner {
  readonly #matcher: Matcher
  #decodedBytesLeft = 0
  /** Some of what the last document holds was not looked at: it decodes to more than its bound. */
  bounded = false

  constructor(matcher: Matcher) {
    this.#matcher = matcher
  }

  /** Matches in the bytes by offset. `firstLine` is the number of the first line. */
  scan(bytes: Uint8Array, path: string, firstLine = 1): Match[] {
    this.#decodedBytesLeft = Math.max(decodedBytesFloor, bytes.length * decodedBytesRatioMax)
    this.bounded = false
    this.#matcher.overflowed = false
    const placed = this.#document(bytes, path)
    if (this.#matcher.overflowed) this.bounded = true
    if (placed.length === 0) return []
    const lines = new LineCounter(bytes, firstLine)
    const matches = placed.sort((a, b) => a.start - b.start).map((match): Match => ({ ...match, ...lines.at(match.start) }))
    return pairParts(matches)
  }

  #document(bytes: Uint8Array, path: string): PlacedMatch[] {
    const order = utf16Order(bytes)
    if (order) {
      const narrow = utf16ToLatin1(bytes, order)
      return this.#text(narrow, path, 0).map((match) => ({ ...match, start: match.start * 2, end: match.end * 2 }))
    }
    return bytes.subarray(0, binarySampleBytes).includes(0) ? this.#binary(bytes, path) : this.#text(bytes, path, 0)
  }

  #binary(bytes: Uint8Array, path: string): PlacedMatch[] {
    const found: PlacedMatch[] = this.#matcher.match({ bytes, path }).map((match) => ({ ...match, via: [] }))
    decodeRuns(bytes, (decoded) => this.#decoded(decoded, path, 1, found))
    const wide = utf16Strings(bytes)
    if (wide) this.#decoded({ bytes: wide, start: 0, end: bytes.length, via: 'utf16' }, path, decodeDepthMax, found)
    return unify(found)
  }

  #text(written: Uint8Array, path: string, depth: number): PlacedMatch[] {
    const bytes = withoutColours(written)
    const found: PlacedMatch[] = this.#matcher.match({ bytes, path }).map((match) => ({ ...match, via: [] }))
    if (depth < decodeDepthMax) {
      const emit = (decoded: Decoded) => this.#decoded(decoded, path, depth + 1, found)
      decodeRuns(bytes, emit)
      decodePercent(bytes, emit)
      decodeEscapes(bytes, emit)
      decodeJoined(bytes, emit)
      decodeFolded(bytes, emit)
      if (bytes !== written) decodeColours(written, emit)
    }
    return unify(found)
  }

  #decoded(decoded: Decoded, path: string, depth: number, found: PlacedMatch[]): void {
    const { bytes, start, end, via } = decoded
    if (bytes.length > this.#decodedBytesLeft) {
      this.bounded = true
      return
    }
    this.#decodedBytesLeft -= bytes.length
    for (const match of this.#text(bytes, path, depth)) found.push({ ...match, start, end, via: [via, ...match.via] })
  }
}

/** Of the same secret found plain and decoded, the plain one; of overlapping ones, the most specific; all that one encoded run holds. */
function unify(found: readonly PlacedMatch[]): PlacedMatch[] {
  if (found.length < 2) return [...found]
  const sameRun = (a: PlacedMatch, b: PlacedMatch) => a.via.length > 0 && b.via.length > 0 && a.start === b.start && a.end === b.end
  const plainest = [...found].sort((a, b) => a.via.length - b.via.length)
  const seen: PlacedMatch[] = []
  for (const match of plainest) {
    const double = seen.some(
      (other) =>
        other.detector.id === match.detector.id && other.secret === match.secret && other.start < match.end && match.start < other.end,
    )
    if (!double) seen.push(match)
  }
  return resolveOverlaps(seen, sameRun)
}
