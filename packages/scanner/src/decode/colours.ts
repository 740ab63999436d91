import type { Emit } from './decoded.ts'

/** Parameters of a colour are short; what is longer is no escape sequence of a terminal. */
const sequenceBytesMax = 64
/** A secret with colours in it is put together up to this size. */
const runBytesMax = 1024
const escapeByte = 0x1b
const space = 0x20

/**
 * The bytes with each terminal sequence (ECMA-48 section 5.4: colours, erased lines, as logs of CI have them) made spaces, so that a key
 * behind a colour begins at a word's edge and every offset stays. The same bytes where there is none.
 */
export function withoutColours(bytes: Uint8Array): Uint8Array {
  let at = bytes.indexOf(escapeByte)
  if (at < 0) return bytes
  const copy = Buffer.from(bytes)
  for (; at >= 0; at = bytes.indexOf(escapeByte, at + 1)) {
    const end = sequenceEnd(bytes, at)
    if (end !== undefined) copy.fill(space, at, end)
  }
  return copy
}

/** Emits words that hold a sequence in their middle, as a search that marks what it found leaves them, as one word without. */
export function decodeColours(bytes: Uint8Array, emit: Emit): void {
  let floor = 0
  for (let at = bytes.indexOf(escapeByte); at >= 0; at = bytes.indexOf(escapeByte, at + 1)) {
    if (at < floor) continue
    if (at === floor || !isWord(bytes[at - 1] as number)) {
      floor = sequenceEnd(bytes, at) ?? at + 1
      continue
    }
    let start = at
    while (start > floor && at - start < runBytesMax && isWord(bytes[start - 1] as number)) start--
    const pieces: Uint8Array[] = [bytes.subarray(start, at)]
    let end = at
    while (end - start < runBytesMax) {
      const after = bytes[end] === escapeByte ? sequenceEnd(bytes, end) : undefined
      if (after !== undefined) {
        end = after
        continue
      }
      const from = end
      while (end < bytes.length && end - start < runBytesMax && isWord(bytes[end] as number)) end++
      if (end === from) break
      pieces.push(bytes.subarray(from, end))
    }
    if (pieces.length > 1) emit({ bytes: Buffer.concat(pieces), start, end, via: 'colour' })
    floor = Math.max(end, at + 1)
  }
}

/** Behind the sequence that begins at `at`: `ESC [` with parameters and a final byte. */
function sequenceEnd(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at + 1] !== 0x5b) return undefined
  for (let end = at + 2; end < bytes.length && end - at < sequenceBytesMax; end++) {
    const byte = bytes[end] as number
    if (byte >= 0x40 && byte <= 0x7e) return end + 1
    if (byte < 0x20 || byte > 0x7e) return undefined
  }
  return undefined
}

/** What credentials are made of. */
function isWord(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x5f ||
    byte === 0x2d ||
    byte === 0x2e ||
    byte === 0x2b ||
    byte === 0x2f ||
    byte === 0x3d
  )
}
