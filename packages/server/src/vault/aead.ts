import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'

const algorithm = 'aes-256-gcm'
export const nonceBytes = 12
export const tagBytes = 16

/** AES-256-GCM (NIST SP 800-38D) under a fresh random nonce; the tag follows the ciphertext. */
export function encrypt(key: KeyObject, plaintext: Uint8Array, associated: Buffer): { ciphertext: Buffer; nonce: Buffer } {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(associated)
  const head = cipher.update(plaintext)
  return { ciphertext: Buffer.concat([head, cipher.final(), cipher.getAuthTag()]), nonce }
}

/**
 * The plaintext in bytes of its own, the caller's to zero.
 * @throws Error where key, nonce, ciphertext, tag or associated data are not those of `encrypt`
 */
export function decrypt(key: KeyObject, ciphertext: Buffer, nonce: Buffer, associated: Buffer): Buffer {
  if (ciphertext.length < tagBytes || nonce.length !== nonceBytes) throw new Error('not of the right length')
  const end = ciphertext.length - tagBytes
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(associated)
  decipher.setAuthTag(ciphertext.subarray(end))
  const plaintext = decipher.update(ciphertext.subarray(0, end))
  try {
    decipher.final()
  } catch (error) {
    plaintext.fill(0)
    throw error
  }
  return plaintext
}
