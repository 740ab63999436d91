import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { z } from 'zod'
import type { Database } from '../db/database.ts'
import { newId } from '../observe/ids.ts'
import type { Log } from '../observe/log.ts'
import { fingerprintKeyBind } from './bind.ts'
import { type Sealed, seal } from './envelope.ts'
import { VaultError } from './errors.ts'
import { type KeyEncryptionKey, keyBytes } from './key-encryption-key.ts'
import { type Keyring, type Queries, wrongKey } from './keyring.ts'
import { Secret } from './secret.ts'

export interface Installation {
  readonly id: string
  readonly organisation: string
  /** Sealed; see `fingerprintKeyBind`. */
  readonly fingerprintKey: Sealed
}

export interface InstallationOptions {
  readonly organisation: string
  /** What the operator set as KEYWARD_KEK. */
  readonly kekUri: string | undefined
  /** Where a key is made at the first start if the operator set none. */
  readonly defaultKekUri: string
  readonly log: Log
}

/**
 * Reads the installation, with its current key-encryption key on the ring; at the first start makes both. Of several nodes that start at
 * once one makes them and the others find them.
 * @throws VaultError where the key is not the one that the secrets here are sealed under
 */
export async function openInstallation(db: Database, keyring: Keyring, options: InstallationOptions): Promise<Installation> {
  return db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(7411, 2)`.execute(trx)
    const row = await trx.selectFrom('installation').selectAll().executeTakeFirst()
    if (row === undefined) return makeInstallation(trx, keyring, options)
    await findCurrentKey(trx, keyring, options)
    return { id: row.id, organisation: row.organisation, fingerprintKey: sealedFromJson(row.fingerprint_key) }
  })
}

async function makeInstallation(trx: Queries, keyring: Keyring, options: InstallationOptions): Promise<Installation> {
  const key = keyring.load(options.kekUri ?? options.defaultKekUri, { create: true })
  const id = newId('installation')
  const material = Secret.taking(randomBytes(keyBytes))
  const fingerprintKey = await seal(material, fingerprintKeyBind(id), key)
  material.destroy()
  await trx.insertInto('encryption_keys').values({ id: key.id, uri: key.uri, state: 'current' }).execute()
  await trx
    .insertInto('installation')
    .values({ id, organisation: options.organisation, fingerprint_key: sealedToJson(fingerprintKey) })
    .execute()
  options.log.info(
    { installation: id, key: key.id, address: key.uri },
    'a new installation: keep a copy of its key-encryption key in a safe place',
  )
  return { id, organisation: options.organisation, fingerprintKey }
}

/** Holds the current key, from KEYWARD_KEK, from where it was last time, or from where it is by default. */
async function findCurrentKey(trx: Queries, keyring: Keyring, { kekUri, defaultKekUri, log }: InstallationOptions): Promise<void> {
  const known = await trx.selectFrom('encryption_keys').selectAll().execute()
  const current = known.find((one) => one.state === 'current')
  if (current === undefined)
    throw new VaultError('key-missing', 'The database names no current key-encryption key: restore the table encryption_keys from a backup')
  let found = 'there is no key there'
  for (const uri of kekUri === undefined ? [current.uri, defaultKekUri] : [kekUri]) {
    let key: KeyEncryptionKey
    try {
      key = keyring.load(uri)
    } catch (error) {
      if (!(error instanceof VaultError) || error.code === 'key-unsafe') throw error
      found = lowerFirst(error.message)
      continue
    }
    if (key.id === current.id) {
      if (key.uri !== current.uri) await trx.updateTable('encryption_keys').set({ uri: key.uri }).where('id', '=', key.id).execute()
      return
    }
    found = `${key.uri} holds ${key.id}`
    if (known.some((one) => one.id === key.id)) {
      await keyring.get(current.id, trx)
      log.warn({ key: key.id, current: current.id }, `KEYWARD_KEK names a key that has been replaced: set it to ${current.uri}`)
      return
    }
  }
  throw wrongKey(current.id, current.uri, found)
}

const SealedJson = z.object({ ciphertext: z.base64(), nonce: z.base64(), wrapped_key: z.base64(), encryption_key: z.string() })

export function sealedToJson(sealed: Sealed): string {
  return JSON.stringify({
    ciphertext: sealed.ciphertext.toString('base64'),
    nonce: sealed.nonce.toString('base64'),
    wrapped_key: sealed.wrappedKey.toString('base64'),
    encryption_key: sealed.encryptionKey,
  })
}

export function sealedFromJson(json: unknown): Sealed {
  const { ciphertext, nonce, wrapped_key, encryption_key } = SealedJson.parse(json)
  const bytes = (text: string) => Buffer.from(text, 'base64')
  return { ciphertext: bytes(ciphertext), nonce: bytes(nonce), wrappedKey: bytes(wrapped_key), encryptionKey: encryption_key }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
