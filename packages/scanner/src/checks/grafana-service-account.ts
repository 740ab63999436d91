import { crc32 } from 'node:zlib'
import type { Check } from './check.ts'

/** `glsa_…_xxxxxxxx`: the eight hex digits are the CRC-32 of all before the last underscore, little-endian. Source: Grafana's key generator; a fixture of its tests. */
export const grafanaServiceAccount: Check = (secret) => {
  const cut = secret.lastIndexOf('_')
  const sum = Buffer.alloc(4)
  sum.writeUInt32LE(crc32(secret.slice(0, cut)))
  return sum.toString('hex') === secret.slice(cut + 1) ? 'proved' : 'refuted'
}
