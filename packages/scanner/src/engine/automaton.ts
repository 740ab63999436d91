/**
 * Aho-Corasick automaton over bytes, flattened into one table, letters folded to one case. Accepting states have the highest numbers, so
 * that a step of the search costs one dependent load and one comparison. Bytes that are in no keyword share a column: the table of 650
 * keywords has 440 KB and stays in the processor's cache, and is made in some milliseconds at each start.
 */
export interface Automaton {
  /** `cells[(state << shift) | columnOf[byte]]` is the next state. State 0 is the root. */
  readonly cells: Uint16Array
  readonly columnOf: Uint8Array
  readonly shift: number
  readonly acceptingFrom: number
  /** For each accepting state, counted from `acceptingFrom`: indexes of the keywords that end there. */
  readonly outputs: readonly (readonly number[])[]
  readonly keywordBytesMax: number
}

/** States are 16-bit numbers. */
const statesMax = 65_535
const byteCount = 256

export function buildAutomaton(keywords: readonly string[]): Automaton {
  const folded = keywords.map((keyword) => Buffer.from(keyword.toLowerCase(), 'latin1'))
  const columns = columnsOf(folded)
  const { next, outputs } = buildTrie(folded, columns)
  linkFailures(next, outputs, columns.width)
  const { order, acceptingFrom } = acceptingLast(outputs)
  const renumbered = new Uint16Array(order.length)
  for (let index = 0; index < order.length; index++) renumbered[order[index] as number] = index
  const shift = Math.ceil(Math.log2(columns.width))
  const cells = new Uint16Array(order.length << shift)
  for (let index = 0; index < order.length; index++) {
    const from = (order[index] as number) * columns.width
    const to = index << shift
    for (let column = 0; column < columns.width; column++) cells[to + column] = renumbered[next[from + column] as number] as number
  }
  return {
    cells,
    columnOf: columns.of,
    shift,
    acceptingFrom,
    outputs: Array.from(order.subarray(acceptingFrom), (state) => outputs[state] ?? []),
    keywordBytesMax: folded.reduce((max, keyword) => Math.max(max, keyword.length), 0),
  }
}

interface Columns {
  /** Bytes that are in no keyword share column 0; the two cases of a letter share one. */
  readonly of: Uint8Array
  readonly width: number
}

function columnsOf(keywords: readonly Buffer[]): Columns {
  const of = new Uint8Array(byteCount)
  let width = 1
  for (const keyword of keywords) for (const byte of keyword) if (of[byte] === 0) of[byte] = width++
  for (let upper = 0x41; upper <= 0x5a; upper++) of[upper] = of[upper + 32] as number
  return { of, width }
}

function acceptingLast(outputs: readonly (readonly number[])[]): { order: Uint16Array; acceptingFrom: number } {
  const order = new Uint16Array(outputs.length)
  let at = 0
  for (let state = 0; state < outputs.length; state++) if (outputs[state]?.length === 0) order[at++] = state
  const acceptingFrom = at
  for (let state = 0; state < outputs.length; state++) if (outputs[state]?.length !== 0) order[at++] = state
  return { order, acceptingFrom }
}

function buildTrie(keywords: readonly Buffer[], columns: Columns): { next: Uint16Array; outputs: number[][] } {
  const statesBound = 1 + keywords.reduce((sum, keyword) => sum + keyword.length, 0)
  if (statesBound > statesMax) throw new RangeError(`the keywords have ${statesBound} bytes together, at most ${statesMax} are possible`)
  const next = new Uint16Array(statesBound * columns.width)
  const outputs: number[][] = [[]]
  for (const [index, keyword] of keywords.entries()) {
    let state = 0
    for (const byte of keyword) {
      const cell = state * columns.width + (columns.of[byte] as number)
      if (next[cell] === 0) {
        next[cell] = outputs.length
        outputs.push([])
      }
      state = next[cell] as number
    }
    outputs[state]?.push(index)
  }
  return { next, outputs }
}

function linkFailures(next: Uint16Array, outputs: number[][], width: number): void {
  const failure = new Uint16Array(outputs.length)
  const queue = [...next.subarray(0, width)].filter((state) => state !== 0)
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head] as number
    const fallback = failure[state] as number
    const inherited = outputs[fallback]
    if (inherited && inherited.length > 0) outputs[state]?.push(...inherited)
    for (let column = 0; column < width; column++) {
      const cell = state * width + column
      const child = next[cell] as number
      const other = next[fallback * width + column] as number
      if (child === 0) next[cell] = other
      else {
        failure[child] = other
        queue.push(child)
      }
    }
  }
}

/** Where keywords ended: pairs of the offset after the last byte and the accepting state. Reused from search to search. */
export class Hits {
  pairs = new Int32Array(8192)
  length = 0

  push(end: number, state: number): void {
    if (this.length + 2 > this.pairs.length) {
      const larger = new Int32Array(this.pairs.length * 2)
      larger.set(this.pairs)
      this.pairs = larger
    }
    this.pairs[this.length++] = end
    this.pairs[this.length++] = state
  }
}

/**
 * Finds all keywords in the bytes, in order of where they end within each half. Two halves go through one loop, because a step waits
 * for its table cell: the processor fills one's wait with the other's step. Hits of the first half are in `low`, those of the second
 * in `high`; a keyword at the seam is in `low`, and one that ends soon after it may be in both.
 */
export function search(automaton: Automaton, bytes: Uint8Array, low: Hits, high: Hits): void {
  const { cells, columnOf, shift, acceptingFrom, keywordBytesMax } = automaton
  const half = bytes.length >> 1
  let left = 0
  let right = 0
  low.length = 0
  high.length = 0
  for (let at = 0; at < half; at++) {
    left = cells[(left << shift) | (columnOf[bytes[at] as number] as number)] as number
    right = cells[(right << shift) | (columnOf[bytes[at + half] as number] as number)] as number
    if (left >= acceptingFrom) low.push(at + 1, left)
    if (right >= acceptingFrom) high.push(at + half + 1, right)
  }
  if (bytes.length & 1) {
    right = cells[(right << shift) | (columnOf[bytes[bytes.length - 1] as number] as number)] as number
    if (right >= acceptingFrom) high.push(bytes.length, right)
  }
  const seamEnd = Math.min(bytes.length, half + keywordBytesMax - 1)
  for (let at = half; at < seamEnd; at++) {
    left = cells[(left << shift) | (columnOf[bytes[at] as number] as number)] as number
    if (left >= acceptingFrom) low.push(at + 1, left)
  }
}
