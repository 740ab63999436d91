/** Text of 16-bit characters as latin1; characters beyond it become `?`, which no credential contains. */
export function utf16ToLatin1(bytes: Uint8Array, order: 'le' | 'be'): Buffer {
  const narrow = Buffer.allocUnsafe(bytes.length >> 1)
  const low = order === 'le' ? 0 : 1
  for (let at = 0; at < narrow.length; at++) narrow[at] = bytes[at * 2 + 1 - low] === 0 ? (bytes[at * 2 + low] as number) : 0x3f
  return narrow
}

/** Bytes that are looked at to tell 16-bit text from other bytes. */
const sampleBytes = 1024

/** Whether a document is UTF-16: by its byte order mark, or because every second byte of its beginning is zero and the others aren't. */
export function utf16Order(bytes: Uint8Array): 'le' | 'be' | undefined {
  const to = bytes.length
  if (to >= 2 && bytes[0] === 0xff && bytes[1] === 0xfe) return 'le'
  if (to >= 2 && bytes[0] === 0xfe && bytes[1] === 0xff) return 'be'
  const end = Math.min(to, sampleBytes) & ~1
  if (end < 32) return undefined
  let evenZeros = 0
  let oddZeros = 0
  for (let at = 0; at < end; at += 2) {
    if (bytes[at] === 0) evenZeros++
    if (bytes[at + 1] === 0) oddZeros++
  }
  const half = end / 2
  if (oddZeros > half * 0.7 && evenZeros < half * 0.05) return 'le'
  if (evenZeros > half * 0.7 && oddZeros < half * 0.05) return 'be'
  return undefined
}

/** Shortest run of 16-bit characters in a binary that is read as text. */
const runCharsMin = 16

/** The 16-bit strings inside a binary (Windows programs, databases), each on its own line. Probes every sixteenth pair of bytes. */
export function utf16Strings(bytes: Uint8Array): Buffer | undefined {
  const pieces: Buffer[] = []
  const to = bytes.length
  let floor = 0
  for (let at = 0; at + 4 < to; at += runCharsMin) {
    const zero = bytes[at] === 0 ? at : bytes[at + 1] === 0 ? at + 1 : -1
    if (zero <= floor || !printable(bytes[zero - 1] as number) || bytes[zero + 2] !== 0 || !printable(bytes[zero + 1] as number)) continue
    let start = zero - 1
    while (start - 2 >= floor && bytes[start - 1] === 0 && printable(bytes[start - 2] as number)) start -= 2
    let end = zero + 1
    while (end + 1 < to && bytes[end + 1] === 0 && printable(bytes[end] as number)) end += 2
    if (end - start >= runCharsMin * 2) pieces.push(utf16ToLatin1(bytes.subarray(start, end), 'le'), Buffer.from('\n'))
    floor = end
    at = Math.max(at, end - runCharsMin)
  }
  return pieces.length > 0 ? Buffer.concat(pieces) : undefined
}

function printable(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f
}
