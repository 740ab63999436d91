/** The little of DER (X.690) that a certificate needs. Each function gives one whole element: tag, length, value. */
export function element(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts)
  if (value.length < 0x80) return Buffer.concat([Buffer.from([tag, value.length]), value])
  const lengthBytes = Buffer.from(value.length.toString(16).padStart(value.length > 0xffff ? 6 : value.length > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | lengthBytes.length]), lengthBytes, value])
}

export const sequence = (...parts: Buffer[]): Buffer => element(0x30, ...parts)
export const set = (...parts: Buffer[]): Buffer => element(0x31, ...parts)
export const octets = (value: Buffer): Buffer => element(0x04, value)
export const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text, 'utf8'))
export const yes = element(0x01, Buffer.from([0xff]))
/** `[number]` around whole elements. */
export const explicit = (number: number, ...parts: Buffer[]): Buffer => element(0xa0 | number, ...parts)
/** `[number]` in place of a primitive's own tag. */
export const implicit = (number: number, value: Buffer): Buffer => element(0x80 | number, value)
export const bits = (value: Buffer, unusedBits = 0): Buffer => element(0x03, Buffer.from([unusedBits]), value)

/** A positive integer from its big-endian bytes. */
export function integer(value: Buffer): Buffer {
  return element(0x02, (value[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), value]) : value)
}

/** An object identifier in dots: `2.5.29.19`. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const part of rest) {
    const groups = [part & 0x7f]
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift(0x80 | (left & 0x7f))
    bytes.push(...groups)
  }
  return element(0x06, Buffer.from(bytes))
}

/** A point in time to the second: UTCTime until 2049, GeneralizedTime from then on (RFC 5280 section 4.1.2.5). */
export function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]/g, '').slice(0, 14)
  return at.getUTCFullYear() < 2050 ? element(0x17, Buffer.from(`${digits.slice(2)}Z`)) : element(0x18, Buffer.from(`${digits}Z`))
}
