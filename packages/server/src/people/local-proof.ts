import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { deriveFromKey } from '../vault/key-encryption-key.ts'
import { readKeyFile } from '../vault/key-file.ts'
import { parseKeyUri } from '../vault/key-uri.ts'

/*
 * `keyward login --local` proves that its caller can read two things: the data folder, which holds a random login key that the server makes
 * anew at each start, and the file of the key-encryption key. The key of the proof is derived from both (HKDF, the login key as salt), and
 * the proof is an HMAC of the server's challenge under it. Neither key is ever sent.
 */

/** In the data folder, mode 0600, written at each start. */
export const localLoginFileName = 'local-login.json'
export const localLoginInfo = 'keyward/local-login/1'

const LocalLoginFile = z.object({
  /** Where the server of this data folder listens: `http://127.0.0.1:7411`. */
  address: z.url(),
  /** base64 */
  login_key: z.base64(),
  /** Address of the key-encryption key: `file:/…`. */
  key_encryption_key: z.string(),
})
export type LocalLoginFile = z.infer<typeof LocalLoginFile>

/** The answer to a challenge, base64url. `proofKey` is derived with `localLoginInfo` from both keys. */
export function localProof(proofKey: Uint8Array, challenge: string): string {
  return createHmac('sha256', proofKey).update(challenge).digest('base64url')
}

/**
 * The client's side: where the server of a data folder is, and how to answer its challenge.
 * @throws Error with the fix where there is no such file (no Keyward has run there, or local login is impossible), and VaultError where the
 *   key-encryption key can't be read
 */
export function readLocalLogin(dataFolder: string): { readonly address: string; prove(challenge: string): string } {
  const path = join(dataFolder, localLoginFileName)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EACCES') throw new Error(`${path} belongs to another user: run this as the user that runs Keyward`)
    throw new Error(
      `There is no local login in ${dataFolder}: start Keyward there, or name its data folder with KEYWARD_DATA. ` +
        'Where the key-encryption key is in no file (env:), local login does not exist.',
    )
  }
  const file = LocalLoginFile.parse(JSON.parse(text))
  const address = parseKeyUri(file.key_encryption_key)
  if (address.scheme !== 'file') throw new Error('Local login needs a key-encryption key in a file')
  const material = readKeyFile(address.path)
  try {
    const proofKey = deriveFromKey(material, localLoginInfo, Buffer.from(file.login_key, 'base64'))
    return { address: file.address, prove: (challenge) => localProof(proofKey, challenge) }
  } finally {
    material.fill(0)
  }
}
