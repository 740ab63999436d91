/**
 * Aho-Corasick automaton over bytes, flattened into one table with a row of 256 cells a state, letters folded to one case. Accepting
 * states have the highest numbers, so that a step of the search costs one dependent load and one comparison.
 */
export interface Automaton {
  /** `cells[(state << 8) | byte]` is the next state. State 0 is the root. */
  readonly cells: Uint16Array
  readonly acceptingFrom: number
  /** For each accepting state, counted from `acceptingFrom`: indexes of the keywords that end there. */
  readonly outputs: readonly (readonly number[])[]
  readonly keywordBytesMax: number
}

/** States are 16-bit numbers. */
const statesMax = 65_535
const row = 256

export function buildAutomaton(keywords: readonly string[]): Automaton {
  const folded = keywords.map((keyword) => Buffer.from(keyword.toLowerCase(), 'latin1'))
  const { next, outputs } = buildTrie(folded)
  linkFailures(next, outputs)
  const accepting = outputs.map((list) => list.length > 0)
  const order = [...outputs.keys()].sort((a, b) => Number(accepting[a]) - Number(accepting[b]) || a - b)
  const renumbered = new Uint16Array(order.length)
  for (const [index, state] of order.entries()) renumbered[state] = index
  const cells = new Uint16Array(order.length * row)
  for (const [index, state] of order.entries()) {
    for (let byte = 0; byte < row; byte++) {
      const lower = byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte
      cells[index * row + byte] = renumbered[next[state * row + lower] ?? 0] ?? 0
    }
  }
  const acceptingFrom = order.findIndex((state) => accepting[state])
  return {
    cells,
    acceptingFrom: acceptingFrom < 0 ? order.length : acceptingFrom,
    outputs: order.filter((state) => accepting[state]).map((state) => outputs[state] ?? []),
    keywordBytesMax: folded.reduce((max, keyword) => Math.max(max, keyword.length), 0),
  }
}

function buildTrie(keywords: readonly Buffer[]): { next: Int32Array; outputs: number[][] } {
  const statesBound = 1 + keywords.reduce((sum, keyword) => sum + keyword.length, 0)
  if (statesBound > statesMax) throw new RangeError(`the keywords have ${statesBound} bytes together, at most ${statesMax} are possible`)
  const next = new Int32Array(statesBound * row)
  const outputs: number[][] = [[]]
  for (const [index, keyword] of keywords.entries()) {
    let state = 0
    for (const byte of keyword) {
      const cell = state * row + byte
      if (next[cell] === 0) {
        next[cell] = outputs.length
        outputs.push([])
      }
      state = next[cell] ?? 0
    }
    outputs[state]?.push(index)
  }
  return { next, outputs }
}

function linkFailures(next: Int32Array, outputs: number[][]): void {
  const failure = new Int32Array(outputs.length)
  const queue = [...next.subarray(0, row)].filter((state) => state !== 0)
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head] ?? 0
    const fallback = failure[state] ?? 0
    outputs[state]?.push(...(outputs[fallback] ?? []))
    for (let byte = 0; byte < row; byte++) {
      const cell = state * row + byte
      const child = next[cell] ?? 0
      const other = next[fallback * row + byte] ?? 0
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
  const { cells, acceptingFrom, keywordBytesMax } = automaton
  const half = bytes.length >> 1
  let left = 0
  let right = 0
  low.length = 0
  high.length = 0
  for (let at = 0; at < half; at++) {
    left = cells[(left << 8) | (bytes[at] as number)] as number
    right = cells[(right << 8) | (bytes[at + half] as number)] as number
    if (left >= acceptingFrom) low.push(at + 1, left)
    if (right >= acceptingFrom) high.push(at + half + 1, right)
  }
  if (bytes.length & 1) {
    right = cells[(right << 8) | (bytes[bytes.length - 1] as number)] as number
    if (right >= acceptingFrom) high.push(bytes.length, right)
  }
  const seamEnd = Math.min(bytes.length, half + keywordBytesMax - 1)
  for (let at = half; at < seamEnd; at++) {
    left = cells[(left << 8) | (bytes[at] as number)] as number
    if (left >= acceptingFrom) low.push(at + 1, left)
  }
}
