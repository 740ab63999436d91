import type { Emit } from './decoded.ts'

/** A chain of joined literals is read no further than this. */
const chainBytesMax = 4096
const quotes = [0x22, 0x27, 0x60]

/** Ends of lines that a literal closes without anything behind it: Python and C join it to the one that opens the next line. */
const lineEnds = ['"\n', "'\n", '"\r\n', "'\r\n"].map((end) => Buffer.from(end))

/** Emits string literals that are split over concatenation (`"sk-" + "proj-…"`), or that stand under each other with nothing between, as one text. */
export function decodeJoined(bytes: Uint8Array, emit: Emit): void {
  const to = bytes.length
  let floor = 0
  for (const at of [...joins(bytes), ...stacked(bytes)].sort((a, b) => a - b)) {
    if (at < floor) continue
    const quote = bytes[at] as number
    const start = literalStart(bytes, at, quote, floor)
    if (start === undefined) continue
    const joined: Buffer[] = [Buffer.from(bytes.subarray(start, at))]
    let closing = at
    for (let opening = nextLiteral(bytes, closing, to); opening !== undefined; opening = nextLiteral(bytes, closing, to)) {
      const end = literalEnd(bytes, opening, to)
      if (end === undefined) break
      joined.push(Buffer.from(bytes.subarray(opening + 1, end)))
      closing = end
      if (closing - start > chainBytesMax) break
    }
    if (joined.length > 1) emit({ bytes: Buffer.concat(joined), start, end: closing, via: 'joined' })
    floor = closing + 1
  }
}

/** Offsets of closing quotes after which a joining operator stands: found from the operators, which are rarer than quotes. */
function* joins(bytes: Uint8Array): Generator<number> {
  const plus = 0x2b
  const to = bytes.length
  for (let at = bytes.indexOf(plus); at >= 0; at = bytes.indexOf(plus, at + 1)) {
    let left = at - 1
    while (left > 0 && isBlank(bytes[left] as number)) left--
    if (!quotes.includes(bytes[left] as number)) continue
    let right = at + 1
    while (right < to && isBlank(bytes[right] as number)) right++
    if (quotes.includes(bytes[right] as number)) yield left
  }
}

/** Offsets of closing quotes at the end of a line, where the next is indented and begins with a literal that is no name of a value. */
function* stacked(bytes: Uint8Array): Generator<number> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isWindows = text[text.indexOf(10) - 1] === 13
  for (const needle of lineEnds.slice(isWindows ? 2 : 0, isWindows ? 4 : 2)) {
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) {
      let next = at + needle.length
      while (bytes[next] === 0x20 || bytes[next] === 9) next++
      if (next > at + needle.length && quotes.includes(bytes[next] as number) && !isName(bytes, next)) yield at
    }
  }
}

/** Whether a colon or an equals sign follows the literal. */
function isName(bytes: Uint8Array, opening: number): boolean {
  let at = (literalEnd(bytes, opening, bytes.length) ?? bytes.length) + 1
  while (bytes[at] === 0x20 || bytes[at] === 9) at++
  return bytes[at] === 0x3a || bytes[at] === 0x3d
}

function literalStart(bytes: Uint8Array, closing: number, quote: number, floor: number): number | undefined {
  for (let at = closing - 1; at >= floor && closing - at < 512; at--) {
    if (bytes[at] === quote) return at + 1
    if (bytes[at] === 10) return undefined
  }
  return undefined
}

function literalEnd(bytes: Uint8Array, opening: number, to: number): number | undefined {
  const quote = bytes[opening]
  for (let at = opening + 1; at < to && at - opening < chainBytesMax; at++) {
    if (bytes[at] === quote) return at
    if (bytes[at] === 10) return undefined
  }
  return undefined
}

/** The opening quote of the literal that is joined to the one that closes at `closing`. */
function nextLiteral(bytes: Uint8Array, closing: number, to: number): number | undefined {
  let at = closing + 1
  while (at < to && isBlank(bytes[at] as number)) at++
  if (bytes[at] === 0x2b) {
    at++
    while (at < to && isBlank(bytes[at] as number)) at++
  }
  return quotes.includes(bytes[at] as number) ? at : undefined
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 9 || byte === 10 || byte === 13
}
