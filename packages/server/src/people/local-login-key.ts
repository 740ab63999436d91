import { randomBytes } from 'node:crypto'

/** The login key of this run of the server. */
export interface LocalLoginKey {
  readonly bytes: Buffer
  /** The key-encryption key whose holder may log in: the current one when the server started, also where it is replaced meanwhile. */
  readonly key: { readonly id: string; readonly uri: string }
}

/** A new login key, where local logins are possible at all: the key-encryption key is in a file that its owner can read. */
export function newLocalLoginKey(key: LocalLoginKey['key']): LocalLoginKey | undefined {
  return key.uri.startsWith('file:') ? { bytes: randomBytes(32), key } : undefined
}
