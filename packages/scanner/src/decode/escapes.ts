import { unescapeText } from '../engine/unescape.ts'
import type { Emit } from './decoded.ts'

/** A token with escapes in it is decoded with at most this much round the first one. */
const reachBytes = 512
const percent = 0x25
const backslash = 0x5c

/** Emits tokens that hold `%XX`, with the escapes resolved. */
export function decodePercent(bytes: Uint8Array, emit: Emit): void {
  decodeTokens(
    bytes,
    percent,
    isPercentEscape,
    'percent',
    (text) => text.replace(/%([2-7][0-9a-fA-F])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    emit,
  )
}

/** Colours as strings of JSON, JavaScript and C have them. */
const writtenColour = /\\(?:u001[bB]|x1[bB]|033)\[/g

/** Emits tokens that hold `\u00XX` or `\xXX` for printable characters or a terminal's colours, with the escapes resolved. */
export function decodeEscapes(bytes: Uint8Array, emit: Emit): void {
  const decode = (text: string) => unescapeText(text.replace(writtenColour, '\x1b['))
  decodeTokens(bytes, backslash, (all, at) => isCharacterEscape(all, at) || isColourEscape(all, at), 'escape', decode, emit)
}

function decodeTokens(
  bytes: Uint8Array,
  mark: number,
  isEscape: (bytes: Uint8Array, at: number) => boolean,
  via: string,
  decode: (text: string) => string,
  emit: Emit,
): void {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const to = bytes.length
  let floor = 0
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) {
    if (!isEscape(bytes, at)) continue
    let start = at
    while (start > floor && at - start < reachBytes && !isEdge(bytes[start - 1] as number)) start--
    let end = at + 1
    while (end < to && end - at < reachBytes && !isEdge(bytes[end] as number)) end++
    emit({ bytes: Buffer.from(decode(view.toString('latin1', start, end)), 'latin1'), start, end, via })
    floor = end
    at = end - 1
  }
}

/** White space and quotes end a token; a backslash before a quote does not matter here. */
function isEdge(byte: number): boolean {
  return byte <= 0x20 || byte === 0x22 || byte === 0x27 || byte === 0x60 || byte === 0x3c || byte === 0x3e
}

function isPercentEscape(bytes: Uint8Array, at: number): boolean {
  const high = bytes[at + 1] as number
  return high >= 0x32 && high <= 0x37 && isHex(bytes[at + 2] as number)
}

function isCharacterEscape(bytes: Uint8Array, at: number): boolean {
  const kind = bytes[at + 1]
  if (kind === 0x78) return isPercentEscape(bytes, at + 1)
  return kind === 0x75 && bytes[at + 2] === 0x30 && bytes[at + 3] === 0x30 && isPercentEscape(bytes, at + 3)
}

/** `\u001b[`, `\x1b[` or `\033[`. */
function isColourEscape(bytes: Uint8Array, at: number): boolean {
  switch (bytes[at + 1]) {
    case 0x78:
      return isEscapeNumber(bytes, at + 2)
    case 0x75:
      return bytes[at + 2] === 0x30 && bytes[at + 3] === 0x30 && isEscapeNumber(bytes, at + 4)
    case 0x30:
      return bytes[at + 2] === 0x33 && bytes[at + 3] === 0x33 && bytes[at + 4] === 0x5b
    default:
      return false
  }
}

function isEscapeNumber(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x31 && ((bytes[at + 1] as number) | 0x20) === 0x62 && bytes[at + 2] === 0x5b
}

function isHex(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
}
