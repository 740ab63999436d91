/** Sets of byte values, as 256-entry tables: 1 where the byte is in the set. Text is latin1, so a byte is a character. */
export type ByteSet = Uint8Array

export const byteCount = 256

export function emptySet(): ByteSet {
  return new Uint8Array(byteCount)
}

export function setOf(...bytes: readonly number[]): ByteSet {
  const set = emptySet()
  for (const byte of bytes) set[byte] = 1
  return set
}

export function addRange(set: ByteSet, from: number, to: number): void {
  for (let byte = from; byte <= Math.min(to, byteCount - 1); byte++) set[byte] = 1
}

export function union(a: ByteSet, b: ByteSet): ByteSet {
  return a.map((value, byte) => value | (b[byte] ?? 0))
}

export function negate(set: ByteSet): ByteSet {
  return set.map((value) => 1 - value)
}

export function intersects(a: ByteSet, b: ByteSet): boolean {
  for (let byte = 0; byte < byteCount; byte++) if (a[byte] === 1 && b[byte] === 1) return true
  return false
}

/** The set with both cases of each letter that is in it. */
export function foldSet(set: ByteSet): ByteSet {
  const folded = set.slice()
  for (let lower = 0x61; lower <= 0x7a; lower++) if (set[lower] === 1 || set[lower - 32] === 1) folded[lower] = folded[lower - 32] = 1
  return folded
}

export const digits = ranged([0x30, 0x39])
export const wordBytes = ranged([0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a])
export const spaces = setOf(9, 10, 11, 12, 13, 32, 0xa0)
export const notNewline = negate(setOf(10, 13))

function ranged(...ranges: readonly (readonly [number, number])[]): ByteSet {
  const set = emptySet()
  for (const [from, to] of ranges) addRange(set, from, to)
  return set
}
