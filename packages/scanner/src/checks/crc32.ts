import { crc32 } from 'node:zlib'

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** CRC-32 (IEEE, as in zip) of the text in base 62, digits first, then upper, then lower case, left-padded with `0` to 6 characters. */
export function crc32Base62(text: string): string {
  let rest = crc32(text)
  let digits = ''
  while (rest > 0) {
    digits = `${base62[rest % 62] ?? ''}${digits}`
    rest = Math.floor(rest / 62)
  }
  return digits.padStart(6, '0')
}

/** CRC-32 of the text in base 36, lower case, left-padded with `0` to 7 characters. */
export function crc32Base36(text: string): string {
  return crc32(text).toString(36).padStart(7, '0')
}
