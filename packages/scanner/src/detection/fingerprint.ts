import { createHash, createHmac } from 'node:crypto'

/** Secrets with fewer bits than this could be found from their digest by trying: they get no digest. */
const digestBitsMin = 64

/** SHA-256 of the secret's bytes, the form in which scanners and the inventory speak of a secret. Hexadecimal. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret, 'latin1').digest('hex')
}

/**
 * What a detection is known by, in baselines, allow-lists and other tools, without saying the secret:
 * - with a key `hmac-sha256:` and HMAC(key, SHA-256(secret)), as the inventory keeps it;
 * - otherwise `sha256:` and the digest, where the secret is too long to be guessed from it;
 * - otherwise `place:` and a digest of detector, path and the shape of the secret, which tells nobody what it is.
 */
export function fingerprintOf(
  secret: string,
  from: { readonly key?: Uint8Array; readonly detector: string; readonly path: string },
): string {
  const digest = digestOf(secret)
  if (from.key) return `hmac-sha256:${createHmac('sha256', from.key).update(Buffer.from(digest, 'hex')).digest('hex')}`
  if (guessableBits(secret) >= digestBitsMin) return `sha256:${digest}`
  const shape = createHash('sha256').update(`${from.detector}\n${from.path}\n${secret.length}`).digest('hex')
  return `place:${shape.slice(0, 40)}`
}

/** Shannon entropy of the secret's characters times its length, in bits: what a guesser would face at most. */
export function guessableBits(secret: string): number {
  const counts = new Map<string, number>()
  for (const char of secret) counts.set(char, (counts.get(char) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= count * Math.log2(count / secret.length)
  return bits
}
