import { createHash } from 'node:crypto'

/** What is stored of a code that a person types: keyed, because its few letters could be found from a plain hash. */
export function userCodeDigest(keyedDigest: (sha256: Buffer) => Buffer, letters: string): Buffer {
  return keyedDigest(createHash('sha256').update(`keyward/device/1 ${letters}`).digest())
}
