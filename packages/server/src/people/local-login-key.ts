import { randomBytes } from 'node:crypto'

/** The login key of this run of the server. */
export interface LocalLoginKey {
  readonly bytes: Buffer
  /** Address of the key-encryption key, `file:/…`. */
  readonly keyUri: string
}

/** A new login key, where local logins are possible at all: the key-encryption key is in a file that its owner can read. */
export function newLocalLoginKey(keyUri: string): LocalLoginKey | undefined {
  return keyUri.startsWith('file:') ? { bytes: randomBytes(32), keyUri } : undefined
}
