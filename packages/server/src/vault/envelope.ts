import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { decrypt, encrypt } from './aead.ts'
import { associatedData, type Bind, bindName } from './bind.ts'
import { VaultError } from './errors.ts'
import { type KeyEncryptionKey, keyBytes } from './key-encryption-key.ts'
import { Secret } from './secret.ts'

/**
 * A secret at rest. The secret is encrypted under a data key of its own; the data key is wrapped by a key-encryption key. Both layers are
 * AES-256-GCM and authenticate the bind.
 */
export interface Sealed {
  /** With the 16 bytes of the tag at its end. */
  readonly ciphertext: Buffer
  readonly nonce: Buffer
  readonly wrappedKey: Buffer
  /** Id of the key-encryption key. */
  readonly encryptionKey: string
}

/** Seals a secret under a fresh data key. */
export async function seal(secret: Secret, bind: Bind, key: KeyEncryptionKey): Promise<Sealed> {
  const dataKey = randomBytes(keyBytes)
  try {
    const held = createSecretKey(dataKey)
    const { ciphertext, nonce } = secret.useBytes((bytes) => encrypt(held, bytes, associatedData('secret', bind)))
    return { ciphertext, nonce, wrappedKey: await wrapDataKey(dataKey, bind, key), encryptionKey: key.id }
  } finally {
    dataKey.fill(0)
  }
}

/** @throws VaultError `damaged` where anything of it was changed or belongs to another bind */
export async function unwrapDataKey(sealed: Sealed, bind: Bind, key: KeyEncryptionKey): Promise<KeyObject> {
  const dataKey = await unwrapBytes(sealed.wrappedKey, bind, key)
  try {
    return createSecretKey(dataKey)
  } finally {
    dataKey.fill(0)
  }
}

/** @throws VaultError `damaged` where anything of it was changed or belongs to another bind */
export function openWith(dataKey: KeyObject, sealed: Sealed, bind: Bind): Secret {
  let plaintext: Buffer
  try {
    plaintext = decrypt(dataKey, sealed.ciphertext, sealed.nonce, associatedData('secret', bind))
  } catch (error) {
    throw damaged(bind, error)
  }
  return Secret.taking(plaintext)
}

/** The same data key under another key-encryption key; the ciphertext is not touched. */
export async function rewrap(wrapped: Buffer, bind: Bind, from: KeyEncryptionKey, to: KeyEncryptionKey): Promise<Buffer> {
  const dataKey = await unwrapBytes(wrapped, bind, from)
  try {
    return await wrapDataKey(dataKey, bind, to)
  } finally {
    dataKey.fill(0)
  }
}

function wrapDataKey(dataKey: Uint8Array, bind: Bind, key: KeyEncryptionKey): Promise<Buffer> {
  return key.wrap(dataKey, associatedData('data-key', bind, key.id))
}

async function unwrapBytes(wrapped: Buffer, bind: Bind, key: KeyEncryptionKey): Promise<Buffer> {
  try {
    return await key.unwrap(wrapped, associatedData('data-key', bind, key.id))
  } catch (error) {
    throw damaged(bind, error)
  }
}

function damaged(bind: Bind, cause: unknown): VaultError {
  return new VaultError(
    'damaged',
    `The stored secret of ${bindName(bind)} was changed, or belongs to something else: it can't be opened. Restore that row from a backup, or store the secret again`,
    { cause },
  )
}
