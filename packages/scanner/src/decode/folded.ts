import type { Emit } from './decoded.ts'

const backslash = 0x5c
const lineFeed = 10
const carriageReturn = 13
/** A word that is folded over lines is put together up to this size. */
const runBytesMax = 4096

/**
 * Emits words that a backslash folds over lines (shells, C, quoted strings of YAML 1.2 section 7.3.1, TOML, properties), the next line's
 * indentation left out.
 */
export function decodeFolded(bytes: Uint8Array, emit: Emit): void {
  let floor = 0
  for (let at = bytes.indexOf(backslash); at >= 0; at = bytes.indexOf(backslash, at + 1)) {
    if (at < floor || at === 0 || behindFold(bytes, at) === undefined || isSpace(bytes[at - 1] as number)) continue
    let start = at
    while (start > floor && at - start < runBytesMax && !isSpace(bytes[start - 1] as number)) start--
    const pieces: Uint8Array[] = []
    let from = start
    let end = start
    while (end < bytes.length && end - start < runBytesMax && !isSpace(bytes[end] as number)) {
      const next = bytes[end] === backslash ? behindFold(bytes, end) : undefined
      if (next === undefined) {
        end++
        continue
      }
      pieces.push(bytes.subarray(from, end))
      from = next
      end = next
    }
    pieces.push(bytes.subarray(from, end))
    emit({ bytes: Buffer.concat(pieces), start, end, via: 'folded' })
    floor = Math.max(end, at + 1)
  }
}

/** Where the text goes on behind a backslash that ends a line. */
function behindFold(bytes: Uint8Array, at: number): number | undefined {
  let next = at + 1
  if (bytes[next] === carriageReturn) next++
  if (bytes[next] !== lineFeed) return undefined
  next++
  while (bytes[next] === 0x20 || bytes[next] === 9) next++
  return next
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 9 || byte === lineFeed || byte === carriageReturn
}
