import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import { decrypt, encrypt, nonceBytes } from './aead.ts'
import { VaultError } from './errors.ts'

/** Bytes of a key-encryption key and of every data key: AES-256. */
export const keyBytes = 32

/**
 * A key that wraps data keys and nothing else. It may live in another process or machine (a KMS), so both acts are asynchronous and each
 * gets the associated data that it has to authenticate.
 */
export interface KeyEncryptionKey {
  /** `kek_` + 32 hexadecimal digits, derived from the key one way: tells keys apart, tells nothing of them. */
  readonly id: string
  /** Where the key is: `file:/…`, `env:NAME`. Never material. */
  readonly uri: string
  wrap(dataKey: Uint8Array, associated: Buffer): Promise<Buffer>
  /** @throws Error where it was not wrapped by this key with this associated data */
  unwrap(wrapped: Buffer, associated: Buffer): Promise<Buffer>
  /**
   * A key for another use, which says that its holder holds this key. Undefined where the key cannot be read by whoever may use it
   * (`env:`, a KMS): there, holding it proves nothing about a person.
   */
  deriveForHolder(info: string, salt: Uint8Array): Buffer | undefined
}

const format = 1

/** A key-encryption key whose 32 bytes this process holds. The wrapping key is derived, so that no key has two uses. */
export class HeldKey implements KeyEncryptionKey {
  readonly id: string
  readonly uri: string
  readonly #root: KeyObject
  readonly #wrapping: KeyObject
  readonly #readableByHolder: boolean

  /** Copies what it needs of `material`, which stays the caller's to zero. */
  constructor(material: Uint8Array, uri: string, options: { readableByHolder: boolean }) {
    if (material.length !== keyBytes) throw new VaultError('key-malformed', `A key-encryption key has exactly ${keyBytes} bytes`)
    this.uri = uri
    this.id = keyId(material)
    this.#root = createSecretKey(material)
    this.#wrapping = createSecretKey(deriveFromKey(this.#root, 'keyward/wrap/1', new Uint8Array()))
    this.#readableByHolder = options.readableByHolder
  }

  async wrap(dataKey: Uint8Array, associated: Buffer): Promise<Buffer> {
    const { ciphertext, nonce } = encrypt(this.#wrapping, dataKey, associated)
    return Buffer.concat([Buffer.of(format), nonce, ciphertext])
  }

  async unwrap(wrapped: Buffer, associated: Buffer): Promise<Buffer> {
    if (wrapped[0] !== format) throw new Error('wrapped in a form that this version does not know')
    return decrypt(this.#wrapping, wrapped.subarray(1 + nonceBytes), wrapped.subarray(1, 1 + nonceBytes), associated)
  }

  deriveForHolder(info: string, salt: Uint8Array): Buffer | undefined {
    return this.#readableByHolder ? deriveFromKey(this.#root, info, salt) : undefined
  }
}

/** The id of the key with these 32 bytes. */
export function keyId(material: Uint8Array): string {
  return `kek_${createHmac('sha256', material).update('keyward/key-encryption-key/id/1').digest('hex').slice(0, 32)}`
}

/** HKDF-SHA256 (RFC 5869) of a key: 32 bytes for the use that `info` names. */
export function deriveFromKey(key: KeyObject | Uint8Array, info: string, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, keyBytes))
}
