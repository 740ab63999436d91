const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** RFC 4648 section 6, upper case, without padding. */
export function base32(bytes: Uint8Array): string {
  let out = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      out += alphabet[(held >> bits) & 31] ?? ''
    }
  }
  return bits > 0 ? out + (alphabet[(held << (5 - bits)) & 31] ?? '') : out
}

/** The number that base-32 digits spell, or undefined where one is no digit. */
export function base32Number(text: string): bigint | undefined {
  let value = 0n
  for (const char of text) {
    const digit = alphabet.indexOf(char)
    if (digit < 0) return undefined
    value = (value << 5n) | BigInt(digit)
  }
  return value
}
