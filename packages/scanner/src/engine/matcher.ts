import { type CompiledDetector, matchBytesMax } from '../compiled-detector.ts'
import { judge } from '../judgement/judge.ts'
import { type Automaton, buildAutomaton, Hits, search } from './automaton.ts'
import { BacktrackingExpression, type Expression, type Span, type UserRules } from './expression.ts'
import type { Match } from './match.ts'
import { unescapeText } from './unescape.ts'

/** Characters on each side of a secret that judgement sees. */
const sideBytesMax = 200
/** Of the line on which it stands. */
const lineBytesMax = 500
/** Offsets that differ by no more than this are tried one by one instead of searched for. */
const offsetSpreadMax = 2
/** How far behind a keyword string escapes are taken off, when nothing matched with them. */
const escapedReachMax = 512
/** JSON in JSON in JSON, as logs of logs have it. */
const escapeLevelsMax = 3
/** Regions end here: one search must not see how long a run really is. */
const regionBytesMax = 262_144
/** Escapes are taken off regions up to this size. */
const escapedRegionMax = 16_384
/** Matches in one piece of text. A file of nothing but keys is told by its first ones. */
const matchesMax = 20_000

const noExamples = { match: [], noMatch: [] } as const
/** No credential holds control characters other than white space; what a loose pattern takes from a binary does. */
const notText = /[\x00-\x08\x0e-\x1f\x7f]/
const inlineAllowMark = /(?:keyward|gitleaks|betterleaks):allow\b[^\n]{0,200}/

interface Prepared {
  readonly detector: CompiledDetector
  readonly near: RegExp | undefined
  expression: Expression | undefined
  /** Match starts before this offset of the current text were tried. */
  triedTo: number
  /** Start positions that wait to be searched together; none where `regionTo` is negative. */
  regionFrom: number
  regionTo: number
}

/** One piece of text as it is matched. */
export interface Piece {
  readonly bytes: Uint8Array
  readonly path: string
}

/** A match in a piece, before its line is known. */
export type RawMatch = Omit<Match, 'line' | 'column' | 'via'>

/**
 * Finds what detectors describe in a piece of text: one pass of the automaton over all bytes, then, only where a keyword is, only its
 * detectors, only over the bytes in which a match can lie. Not reentrant; one a thread.
 */
export class Matcher {
  readonly #automaton: Automaton
  readonly #uses: readonly (readonly { readonly prepared: Prepared; readonly offset: readonly [number, number] | null }[])[]
  readonly #all: readonly Prepared[]
  readonly #keywordLengths: readonly number[]
  readonly #rules: UserRules | undefined
  readonly #low = new Hits()
  readonly #high = new Hits()
  /** The text did not fit its bounds: some matches were left out. */
  overflowed = false

  constructor(detectors: readonly CompiledDetector[], rules?: UserRules) {
    this.#rules = rules
    this.#all = detectors.map((detector) => ({
      detector,
      near: detector.context ? new RegExp(detector.context.near, 'i') : undefined,
      expression: undefined,
      triedTo: 0,
      regionFrom: 0,
      regionTo: -1,
    }))
    const uses = new Map<string, { prepared: Prepared; offset: readonly [number, number] | null }[]>()
    for (const prepared of this.#all) {
      for (const [index, keyword] of prepared.detector.keywords.entries()) {
        const list = uses.get(keyword.toLowerCase()) ?? []
        list.push({ prepared, offset: prepared.detector.keywordOffsets[index] ?? null })
        uses.set(keyword.toLowerCase(), list)
      }
    }
    const keywords = [...uses.keys()]
    this.#automaton = buildAutomaton(keywords)
    this.#keywordLengths = keywords.map((keyword) => keyword.length)
    this.#uses = [...uses.values()]
  }

  /** True where any keyword is in the bytes: the whole cost of most files. */
  hasKeyword(piece: Piece): boolean {
    search(this.#automaton, piece.bytes, this.#low, this.#high)
    return this.#low.length + this.#high.length > 0
  }

  /** All judged matches in the piece, in no order. */
  match(piece: Piece): RawMatch[] {
    if (!this.hasKeyword(piece)) return []
    const text = Buffer.from(piece.bytes.buffer, piece.bytes.byteOffset, piece.bytes.byteLength).toString('latin1')
    for (const prepared of this.#all) {
      prepared.triedTo = 0
      prepared.regionTo = -1
    }
    const found: RawMatch[] = []
    for (const hits of [this.#low, this.#high]) this.#follow(hits, text, piece, found)
    for (const prepared of this.#all) if (prepared.regionTo >= 0) this.#searchRegion(prepared, text, piece, found)
    return found
  }

  #follow(hits: Hits, text: string, piece: Piece, found: RawMatch[]): void {
    const { acceptingFrom, outputs } = this.#automaton
    const { pairs, length } = hits
    for (let index = 0; index < length; index += 2) {
      const end = pairs[index] as number
      for (const keyword of outputs[(pairs[index + 1] as number) - acceptingFrom] ?? []) {
        const start = end - (this.#keywordLengths[keyword] as number)
        for (const use of this.#uses[keyword] ?? []) this.#try(use.prepared, use.offset, start, end, text, piece, found)
        if (found.length > matchesMax) {
          this.overflowed = true
          return
        }
      }
    }
  }

  #try(
    prepared: Prepared,
    offset: readonly [number, number] | null,
    keywordStart: number,
    keywordEnd: number,
    text: string,
    piece: Piece,
    found: RawMatch[],
  ): void {
    const { detector } = prepared
    const reach = detector.widthBytesMax + (detector.context?.distanceBytes ?? 0)
    const last = offset ? keywordStart - offset[0] : Math.min(text.length, keywordEnd + (detector.context?.distanceBytes ?? 0))
    const first = Math.max(prepared.triedTo, offset ? keywordStart - offset[1] : keywordStart - reach, 0)
    if (last < first) return
    prepared.expression ??= this.#expressionOf(detector)
    prepared.triedTo = last + 1
    if (!offset || last - first > offsetSpreadMax) {
      this.#extend(prepared, first, last, text, piece, found)
      return
    }
    const base = Math.max(0, first - 1)
    const window = text.slice(base, last + detector.widthBytesMax + 1)
    const before = found.length
    for (let start = first; start <= last; start++) {
      const span = prepared.expression.at(window, start - base)
      if (!span) continue
      this.#accept(prepared, span, base, text, piece, found)
      break
    }
    if (found.length === before) this.#tryUnescaped(prepared, base, last, text, piece, found)
  }

  /** Start positions that lie near each other are searched as one region, so that dense keywords cost one pass and not one each. */
  #extend(prepared: Prepared, first: number, last: number, text: string, piece: Piece, found: RawMatch[]): void {
    const near = prepared.regionTo >= 0 && first <= prepared.regionTo + prepared.detector.widthBytesMax
    if (near && last - prepared.regionFrom <= regionBytesMax) {
      prepared.regionTo = last
      return
    }
    this.#searchRegion(prepared, text, piece, found)
    prepared.regionFrom = first
    prepared.regionTo = last
  }

  #searchRegion(prepared: Prepared, text: string, piece: Piece, found: RawMatch[]): void {
    const { regionFrom: first, regionTo: last, detector } = prepared
    prepared.regionTo = -1
    if (last < 0) return
    const base = Math.max(0, first - 1)
    const window = text.slice(base, last + detector.widthBytesMax + 1)
    const before = found.length
    this.#sweep(prepared, window, first - base, last - base, base, text, piece, found)
    if (found.length === before && last - first < escapedRegionMax) this.#tryUnescaped(prepared, base, last, text, piece, found)
  }

  #expressionOf(detector: CompiledDetector): Expression {
    if (detector.dialect === 'js') return new BacktrackingExpression(detector)
    if (!this.#rules) throw new Error(`${detector.id} is a user's detector, and there is nothing to run it`)
    return this.#rules.expression(detector)
  }

  #sweep(
    prepared: Prepared,
    window: string,
    first: number,
    last: number,
    base: number,
    text: string,
    piece: Piece,
    found: RawMatch[],
  ): void {
    for (let from = first; from <= last; ) {
      const span = prepared.expression?.after(window, from)
      if (!span) return
      this.#accept(prepared, span, base, text, piece, found)
      from = Math.max(span.end - 1, span.start + 1)
    }
  }

  /** Inside JSON and source strings, `\n`, `\"` and `\u002d` stand in the way of a match: once more without them. */
  #tryUnescaped(prepared: Prepared, base: number, last: number, text: string, piece: Piece, found: RawMatch[]): void {
    const from = Math.max(0, base - 8)
    const reach = Math.min(prepared.detector.widthBytesMax, escapedReachMax)
    const near = text.slice(from, last + reach)
    if (!near.includes('\\')) return
    let window = near
    for (let level = 0; level < escapeLevelsMax && window.includes('\\'); level++) {
      window = unescapeText(window)
      const span = prepared.expression?.after(window, 0)
      if (!span || span.start > last - from + 1) continue
      const secret = window.slice(span.secretStart, span.secretEnd)
      const at = Math.max(text.indexOf(secret.slice(0, 12), from), from)
      this.#judge(prepared, secret, { start: at, end: Math.min(at + secret.length, text.length) }, text, piece, found)
      return
    }
  }

  #accept(prepared: Prepared, span: Span, base: number, text: string, piece: Piece, found: RawMatch[]): void {
    const start = base + span.secretStart
    const end = base + span.secretEnd
    if (end > start) this.#judge(prepared, text.slice(start, end), { start, end }, text, piece, found)
  }

  #judge(prepared: Prepared, secret: string, at: { start: number; end: number }, text: string, piece: Piece, found: RawMatch[]): void {
    const { detector, near } = prepared
    const { start, end } = at
    if (secret.length > matchBytesMax || notText.test(secret)) return
    if (near && detector.context) {
      const distance = detector.context.distanceBytes
      if (!near.test(text.slice(Math.max(0, start - distance), end + distance))) return
    }
    const line = lineRound(text, start, end)
    if (detector.dialect === 're2' && this.#rules?.excuses(detector, { secret, line, path: piece.path })) return
    const judgement = judge({
      detector: { ...detector, examples: noExamples },
      secret,
      before: text.slice(Math.max(0, start - sideBytesMax), start),
      after: text.slice(end, end + sideBytesMax),
      line,
      path: piece.path,
    })
    const inlineAllow = inlineAllowMark.exec(line)?.[0] ?? nextLineAllow(text, start)
    found.push({
      detector,
      secret,
      start,
      end,
      judgement,
      ...(inlineAllow === undefined ? {} : { inlineAllow }),
    })
  }
}

/** What a `keyward:allow-next-line` on the line above says. */
function nextLineAllow(text: string, start: number): string | undefined {
  const lineStart = text.lastIndexOf('\n', start - 1)
  if (lineStart < 1) return undefined
  const above = text.slice(Math.max(0, lineStart - lineBytesMax, text.lastIndexOf('\n', lineStart - 1) + 1), lineStart)
  return above.includes('keyward:allow-next-line') ? inlineAllowMark.exec(above)?.[0] : undefined
}

function lineRound(text: string, start: number, end: number): string {
  const spare = Math.max(20, Math.floor((lineBytesMax - (end - start)) / 2))
  const from = Math.max(text.lastIndexOf('\n', start - 1) + 1, start - spare, 0)
  const newline = text.indexOf('\n', end)
  return text.slice(from, Math.min(newline < 0 ? text.length : newline, end + spare))
}
