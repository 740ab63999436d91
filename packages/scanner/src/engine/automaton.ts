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

/** Made at each start, in code that nothing has warmed up: rows are copied whole, and only what is in the trie is touched one by one. */
export function buildAutomaton(keywords: readonly string[]): Automaton {
  const folded = keywords.map((keyword) => keyword.toLowerCase())
  const columns = columnsOf(folded)
  const trie = buildTrie(folded, columns)
  const { failure, breadthFirst } = linkFailures(trie)
  const { order, acceptingFrom } = acceptingLast(trie.outputs)
  const numberOf = new Uint16Array(order.length)
  for (let index = 0; index < order.length; index++) numberOf[order[index] as number] = index
  const shift = Math.ceil(Math.log2(columns.width))
  const cells = new Uint16Array(order.length << shift)
  for (const state of breadthFirst) {
    const row = (numberOf[state] as number) << shift
    const fallback = (numberOf[failure[state] as number] as number) << shift
    if (state !== 0) cells.copyWithin(row, fallback, fallback + columns.width)
    for (let child = trie.firstChild[state] as number; child !== 0; child = trie.nextSibling[child] as number)
      cells[row + (trie.column[child] as number)] = numberOf[child] as number
  }
  return {
    cells,
    columnOf: columns.of,
    shift,
    acceptingFrom,
    outputs: Array.from(order.subarray(acceptingFrom), (state) => trie.outputs[state] ?? []),
    keywordBytesMax: folded.reduce((max, keyword) => Math.max(max, keyword.length), 0),
  }
}

interface Columns {
  /** Bytes that are in no keyword share column 0; the two cases of a letter share one. */
  readonly of: Uint8Array
  readonly width: number
}

/** The byte of a character in Latin-1; keywords are ASCII. */
function byteAt(keyword: string, at: number): number {
  return keyword.charCodeAt(at) & 0xff
}

function columnsOf(keywords: readonly string[]): Columns {
  const of = new Uint8Array(byteCount)
  let width = 1
  for (const keyword of keywords) {
    for (let at = 0; at < keyword.length; at++) {
      const byte = byteAt(keyword, at)
      if (of[byte] === 0) of[byte] = width++
    }
  }
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

/** The keywords' common beginnings. State 0 is the root and nobody's child, so that 0 also says that there is none. */
interface Trie {
  readonly firstChild: Uint16Array
  readonly nextSibling: Uint16Array
  /** The column of the byte that leads to a state. */
  readonly column: Uint8Array
  readonly outputs: number[][]
}

function childOf(trie: Trie, state: number, column: number): number {
  let child = trie.firstChild[state] as number
  while (child !== 0 && trie.column[child] !== column) child = trie.nextSibling[child] as number
  return child
}

function buildTrie(keywords: readonly string[], columns: Columns): Trie {
  const statesBound = 1 + keywords.reduce((sum, keyword) => sum + keyword.length, 0)
  if (statesBound > statesMax) throw new RangeError(`the keywords have ${statesBound} bytes together, at most ${statesMax} are possible`)
  const trie: Trie = {
    firstChild: new Uint16Array(statesBound),
    nextSibling: new Uint16Array(statesBound),
    column: new Uint8Array(statesBound),
    outputs: [[]],
  }
  for (const [index, keyword] of keywords.entries()) {
    let state = 0
    for (let at = 0; at < keyword.length; at++) {
      const column = columns.of[byteAt(keyword, at)] as number
      let child = childOf(trie, state, column)
      if (child === 0) {
        child = trie.outputs.push([]) - 1
        trie.column[child] = column
        trie.nextSibling[child] = trie.firstChild[state] as number
        trie.firstChild[state] = child
      }
      state = child
    }
    trie.outputs[state]?.push(index)
  }
  return trie
}

/** Where the search goes on when a state has no child for a byte: the longest other beginning that ends here. Adds what ends there too. */
function linkFailures(trie: Trie): { failure: Uint16Array; breadthFirst: readonly number[] } {
  const { outputs } = trie
  const failure = new Uint16Array(outputs.length)
  const queue = [0]
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head] as number
    const inherited = outputs[failure[state] as number]
    if (state !== 0 && inherited && inherited.length > 0) outputs[state]?.push(...inherited)
    for (let child = trie.firstChild[state] as number; child !== 0; child = trie.nextSibling[child] as number) {
      queue.push(child)
      if (state === 0) continue
      const column = trie.column[child] as number
      let fallback = failure[state] as number
      while (fallback !== 0 && childOf(trie, fallback, column) === 0) fallback = failure[fallback] as number
      failure[child] = childOf(trie, fallback, column)
    }
  }
  return { failure, breadthFirst: queue }
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
