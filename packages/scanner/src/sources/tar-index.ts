import { readSync } from 'node:fs'

/** Where a member of a tar file lies. */
export interface TarMember {
  readonly offset: number
  readonly length: number
}

const blockBytes = 512
/** Members of a saved image: layers, their configurations and manifests. */
const membersMax = 100_000

/** Members of a saved image by name, read from the headers alone. Names of image blobs fit the plain header; longer ones are left out. */
export function tarIndex(descriptor: number): ReadonlyMap<string, TarMember> {
  const members = new Map<string, TarMember>()
  const header = Buffer.alloc(blockBytes)
  for (let at = 0; members.size < membersMax; ) {
    if (readSync(descriptor, header, 0, blockBytes, at) < blockBytes || header[0] === 0) break
    const length = sizeOf(header)
    if (length === undefined) break
    const type = header[156]
    if (type === 0x30 || type === 0) {
      const prefix = text(header, 345, 155)
      const name = text(header, 0, 100)
      members.set((prefix === '' ? name : `${prefix}/${name}`).replace(/^\.\//, ''), { offset: at + blockBytes, length })
    }
    at += blockBytes + Math.ceil(length / blockBytes) * blockBytes
  }
  return members
}

function text(header: Buffer, from: number, length: number): string {
  const end = header.indexOf(0, from)
  return header.toString('utf8', from, end < 0 || end > from + length ? from + length : end)
}

/** Octal, or binary where the first bit is set (files from 8 GiB on). */
function sizeOf(header: Buffer): number | undefined {
  const first = header[124] as number
  const size = (first & 0x80) !== 0 ? Number(header.readBigUInt64BE(128)) : Number.parseInt(text(header, 124, 12).trim(), 8)
  return Number.isSafeInteger(size) && size >= 0 ? size : undefined
}
