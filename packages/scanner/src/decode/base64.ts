import { gunzipSync } from 'node:zlib'
import { type Emit, looksLikeText, stretchBytesMax } from './decoded.ts'
import { utf16ToLatin1 } from './utf16.ts'

/** Encoded characters of the shortest credential that is looked for (20 bytes). Every `runCharsMin`-th byte of a text is probed. */
const runCharsMin = 27
/** Lines of folded base64 are at least this long; the last may be shorter. */
const foldedLineCharsMin = 40
const padding = 0x3d
/** What a gunzipped stretch may grow to. */
const inflatedBytesMax = 8_388_608

/** 1: base64 alphabet (both kinds), 2: of those, also hexadecimal. */
const kindOf = new Uint8Array(256)
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_') kindOf[char.charCodeAt(0)] = 1
for (const char of '0123456789abcdefABCDEF') kindOf[char.charCodeAt(0)] = 2
const sextetOf = new Uint8Array(256)
for (const [value, char] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  sextetOf[char.charCodeAt(0)] = value
sextetOf['-'.charCodeAt(0)] = 62
sextetOf['_'.charCodeAt(0)] = 63

/**
 * Emits what base64 (plain, URL-safe, folded over lines) and hexadecimal runs say, where that is text, UTF-16 text
 * or gzip. Looks at one byte in 27 until it finds a run, and at the first nine decoded bytes until it believes it.
 */
export function decodeRuns(bytes: Uint8Array, emit: Emit): void {
  const to = bytes.length
  let probe = runCharsMin - 1
  let floor = 0
  while (probe < to) {
    if (kindOf[bytes[probe] as number] === 0) {
      probe += runCharsMin
      continue
    }
    let start = probe
    while (start > floor && kindOf[bytes[start - 1] as number] !== 0) start--
    if (start + runCharsMin > to) return
    let end = probe + 1
    if (probe - start < runCharsMin - 1) {
      const need = start + runCharsMin
      while (end < need && kindOf[bytes[end] as number] !== 0) end++
      if (end < need) {
        floor = end
        probe = end + runCharsMin
        continue
      }
    }
    if (believable(bytes, start, to)) {
      while (end < to && end - start < stretchBytesMax && kindOf[bytes[end] as number] !== 0) end++
      end = decodeRun(bytes, start, end, to, emit)
    } else {
      while (end < to && kindOf[bytes[end] as number] !== 0) end++
    }
    floor = end
    probe = end + runCharsMin
  }
}

/** The first nine bytes are text, or UTF-16 text, or begin as gzip does; or the first twelve characters are hexadecimal text. */
function believable(bytes: Uint8Array, start: number, to: number): boolean {
  if (start + 12 > to) return false
  let text = true
  let wide = true
  for (let quad = 0; quad < 12; quad += 4) {
    const at = start + quad
    const bits =
      ((sextetOf[bytes[at] as number] as number) << 18) |
      ((sextetOf[bytes[at + 1] as number] as number) << 12) |
      ((sextetOf[bytes[at + 2] as number] as number) << 6) |
      (sextetOf[bytes[at + 3] as number] as number)
    const one = bits >> 16
    const two = (bits >> 8) & 0xff
    const three = bits & 0xff
    text = text && printable(one) && printable(two) && printable(three)
    wide = wide && (quad === 4 ? one === 0 && printable(two) && three === 0 : printable(one) && two === 0 && printable(three))
    if (!text && !wide) return isGzip(bytes, start) || believableHex(bytes, start)
  }
  return true
}

function isGzip(bytes: Uint8Array, start: number): boolean {
  return bytes[start] === 0x48 && bytes[start + 1] === 0x34 && bytes[start + 2] === 0x73 && bytes[start + 3] === 0x49
}

function believableHex(bytes: Uint8Array, start: number): boolean {
  for (let at = start; at < start + 12; at += 2) {
    const high = bytes[at] as number
    if (kindOf[high] !== 2 || kindOf[bytes[at + 1] as number] !== 2 || high < 0x32 || high > 0x37) return false
  }
  return true
}

function printable(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 10 || byte === 13 || byte === 9
}

/** Decodes the run and its folded continuation; returns where it ends. */
function decodeRun(bytes: Uint8Array, start: number, firstEnd: number, to: number, emit: Emit): number {
  let end = firstEnd
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pieces = [view.toString('latin1', start, end)]
  let lastLength = end - start
  while (lastLength >= foldedLineCharsMin && end < to && end - start < stretchBytesMax) {
    const next = continuation(bytes, end, to)
    if (next === undefined) break
    let stop = next
    while (stop < to && kindOf[bytes[stop] as number] !== 0) stop++
    lastLength = stop - next
    pieces.push(view.toString('latin1', next, stop))
    end = stop
  }
  while (end < to && end - firstEnd < stretchBytesMax && bytes[end] === padding) end++
  const joined = pieces.join('')
  if (/^(?:[0-9a-f]+|[0-9A-F]+)$/.test(joined) && believableHex(bytes, start)) {
    const decoded = Buffer.from(joined.slice(0, joined.length & ~1), 'hex')
    if (looksLikeText(decoded)) {
      emit({ bytes: decoded, start, end, via: 'hex' })
      return end
    }
  }
  emitBase64(Buffer.from(joined, 'base64'), start, end, emit)
  return end
}

function emitBase64(decoded: Buffer, start: number, end: number, emit: Emit): void {
  if (decoded[0] === 0x1f && decoded[1] === 0x8b) {
    try {
      emit({ bytes: gunzipSync(decoded, { maxOutputLength: inflatedBytesMax }), start, end, via: 'base64+gzip' })
    } catch {
      // not gzip after all, or larger than its bound: nothing to read
    }
    return
  }
  const narrow = decoded[1] === 0 && decoded[3] === 0 ? utf16ToLatin1(decoded, 'le') : undefined
  emit(narrow ? { bytes: narrow, start, end, via: 'base64+utf16' } : { bytes: decoded, start, end, via: 'base64' })
}

/** After a line's end, the `\n` of a string, or a closing and opening quote: where the next line of the same run begins. */
function continuation(bytes: Uint8Array, from: number, to: number): number | undefined {
  let at = from
  const limit = Math.min(to, from + 80)
  let broke = false
  while (at < limit) {
    const byte = bytes[at] as number
    if (byte === 10) broke = true
    else if (byte === 0x5c && (bytes[at + 1] === 0x6e || bytes[at + 1] === 0x72)) {
      broke = true
      at++
    } else if (kindOf[byte] !== 0 && !(byte === 0x2b && !broke)) return broke ? at : undefined
    else if (byte !== 13 && byte !== 32 && byte !== 9 && byte !== 0x22 && byte !== 0x27 && byte !== 0x5c && byte !== 0x2b) return undefined
    at++
  }
  return undefined
}
