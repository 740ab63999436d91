/** A stretch of a text that says something else when it is decoded. */
export interface Decoded {
  readonly bytes: Uint8Array
  /** Offsets of the encoded stretch in the text it was found in. */
  readonly start: number
  readonly end: number
  readonly via: string
}

export type Emit = (decoded: Decoded) => void

/** The most bytes of one encoded stretch that are decoded: source maps and images inline are larger, keys in them are near the front or plain. */
export const stretchBytesMax = 4_194_304

/** Whether the bytes read like text: what a wrong decoding yields does not. Looks at the first 32. */
export function looksLikeText(bytes: Uint8Array): boolean {
  const end = Math.min(bytes.length, 32)
  for (let at = 0; at < end; at++) {
    const byte = bytes[at] as number
    if (byte > 0x7e || (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13)) return false
  }
  return end > 0
}
