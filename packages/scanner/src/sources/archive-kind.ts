export type ArchiveKind = 'zip' | 'gzip' | 'zstd' | 'tar' | 'bzip2' | 'xz' | '7z' | 'rar'

/** Kinds that can be looked into. */
export const readableKinds: ReadonlySet<ArchiveKind> = new Set(['zip', 'gzip', 'zstd', 'tar'])

/** Where `ustar` stands in a tar's first header. */
const tarMagicOffset = 257

/** The kind of archive by its first bytes (512 are enough), never by its name. */
export function archiveKind(bytes: Uint8Array): ArchiveKind | undefined {
  const [a, b, c, d] = bytes
  if (a === 0x50 && b === 0x4b && ((c === 3 && d === 4) || (c === 5 && d === 6))) return 'zip'
  if (a === 0x1f && b === 0x8b && c === 8) return 'gzip'
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return 'zstd'
  if (a === 0x42 && b === 0x5a && c === 0x68 && d !== undefined && d >= 0x31 && d <= 0x39) return 'bzip2'
  if (a === 0xfd && b === 0x37 && c === 0x7a && d === 0x58) return 'xz'
  if (a === 0x37 && b === 0x7a && c === 0xbc && d === 0xaf) return '7z'
  if (a === 0x52 && b === 0x61 && c === 0x72 && d === 0x21) return 'rar'
  const ustar = [0x75, 0x73, 0x74, 0x61, 0x72]
  return bytes.length > tarMagicOffset + 5 && ustar.every((byte, index) => bytes[tarMagicOffset + index] === byte) ? 'tar' : undefined
}
