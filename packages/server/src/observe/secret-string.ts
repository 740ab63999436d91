import { createHash, randomBytes } from 'node:crypto'
import { formatSecret, type SecretKind, secretPrefixes } from '@keyward/contract/secret-format'

/** A new random secret string, and what is stored of it. */
export function newSecretString(kind: SecretKind): { readonly text: string; readonly hash: Buffer; readonly hint: string } {
  const text = formatSecret(kind, randomBytes(32))
  return { text, hash: hashOf(text), hint: `${secretPrefixes[kind]}_••••${text.slice(-4)}` }
}

/** SHA-256: enough for what has 256 random bits (no salt or slowness adds anything), and an index finds it. */
export function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
