import { sql } from 'kysely'
import type { Database } from '../db/database.ts'
import { type Bind, credentialBind, fingerprintKeyBind, identityProviderBind, signingKeyBind } from './bind.ts'
import { rewrap } from './envelope.ts'
import { VaultError } from './errors.ts'
import { sealedFromJson, sealedToJson } from './installation.ts'
import type { KeyEncryptionKey } from './key-encryption-key.ts'
import type { Keyring } from './keyring.ts'

/*
 * Replaces the key-encryption key. States of a key: `current` (seals), `previous` (only opens; rows may be under it), `retired` (nothing is
 * under it). The new key becomes current in one short transaction, which waits for transactions that are sealing; from there on nothing new
 * comes under the old one. Then data keys are wrapped anew, a batch at a time, each row only if it is still as it was read: killed anywhere,
 * every row is under exactly one key that the database names, and running it again goes on. Ciphertexts are never touched.
 */

/** Tables with sealed secrets, in the order in which they are wrapped anew. */
const sealedTables = ['signing_keys', 'identity_providers', 'credential_versions'] as const
type SealedTable = (typeof sealedTables)[number]

export interface KeyRotationProgress {
  readonly table: 'installation' | SealedTable
  /** Data keys wrapped anew so far, in this table and this run. */
  readonly rewrapped: number
}

interface Row {
  readonly id: string
  readonly bind: Bind
  readonly wrapped: Buffer
}

/** Rows a batch: some milliseconds, and a progress line that moves. */
const batchRowsMax = 200

/**
 * Makes the key at `newUri` the current one and wraps every data key under it. A `file:` that does not exist is made. With the address of the
 * key that is already current it finishes a rotation that was broken off.
 * @throws VaultError where a key is missing; what has been wrapped stays wrapped
 */
export async function* rotateKeyEncryptionKey(db: Database, keyring: Keyring, newUri: string): AsyncGenerator<KeyRotationProgress> {
  const key = keyring.load(newUri, { create: true })
  await makeCurrent(db, key)
  const old = await db.selectFrom('encryption_keys').select('id').where('state', '!=', 'current').execute()
  yield* rewrapInstallation(db, keyring, key)
  for (const table of sealedTables) {
    let rewrapped = 0
    for (const { id } of old) {
      for (let rows = await readRows(db, table, id); rows.length > 0; rows = await readRows(db, table, id)) {
        const from = await keyring.get(id)
        await stillCurrent(db, key)
        const wrapped = await Promise.all(rows.map((row) => rewrap(row.wrapped, row.bind, from, key)))
        await writeRows(db, table, rows, wrapped, id, key.id)
        rewrapped += rows.length
        yield { table, rewrapped }
      }
    }
  }
  await retire(db)
}

async function makeCurrent(db: Database, key: KeyEncryptionKey): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(7411, 2)`.execute(trx)
    await trx.selectFrom('encryption_keys').select('id').where('state', '=', 'current').forUpdate().execute()
    await trx.updateTable('encryption_keys').set({ state: 'previous' }).where('state', '=', 'current').where('id', '!=', key.id).execute()
    await trx
      .insertInto('encryption_keys')
      .values({ id: key.id, uri: key.uri, state: 'current' })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ state: 'current', uri: key.uri }))
      .execute()
  })
}

async function stillCurrent(db: Database, key: KeyEncryptionKey): Promise<void> {
  const row = await db.selectFrom('encryption_keys').select('state').where('id', '=', key.id).executeTakeFirst()
  if (row?.state !== 'current')
    throw new VaultError('key-wrong', `Another key rotation has replaced ${key.id} meanwhile: that one goes on, this one ends`)
}

async function* rewrapInstallation(db: Database, keyring: Keyring, key: KeyEncryptionKey): AsyncGenerator<KeyRotationProgress> {
  const row = await db.selectFrom('installation').select(['id', 'fingerprint_key']).executeTakeFirstOrThrow()
  const sealed = sealedFromJson(row.fingerprint_key)
  if (sealed.encryptionKey === key.id) return
  const wrappedKey = await rewrap(sealed.wrappedKey, fingerprintKeyBind(row.id), await keyring.get(sealed.encryptionKey), key)
  await db
    .updateTable('installation')
    .set({ fingerprint_key: sealedToJson({ ...sealed, wrappedKey, encryptionKey: key.id }) })
    .where(sql<string>`fingerprint_key ->> 'encryption_key'`, '=', sealed.encryptionKey)
    .execute()
  yield { table: 'installation', rewrapped: 1 }
}

async function readRows(db: Database, table: SealedTable, keyId: string): Promise<Row[]> {
  if (table === 'signing_keys') {
    const rows = await db
      .selectFrom('signing_keys')
      .select(['kid', 'wrapped_key'])
      .where('encryption_key', '=', keyId)
      .limit(batchRowsMax)
      .execute()
    return rows.map((row) => ({ id: row.kid, bind: signingKeyBind(row.kid), wrapped: row.wrapped_key }))
  }
  if (table === 'identity_providers') {
    const rows = await db
      .selectFrom('identity_providers')
      .select(['id', 'wrapped_key'])
      .where('encryption_key', '=', keyId)
      .where('ciphertext', 'is not', null)
      .orderBy('id')
      .limit(batchRowsMax)
      .execute()
    return rows.map(({ id, wrapped_key }) => ({
      id,
      bind: identityProviderBind(id),
      wrapped: whole(`The identity provider ${id}`, wrapped_key),
    }))
  }
  const rows = await db
    .selectFrom('credential_versions')
    .select(['id', 'credential_id', 'number', 'wrapped_key'])
    .where('encryption_key', '=', keyId)
    .where('ciphertext', 'is not', null)
    .orderBy('id')
    .limit(batchRowsMax)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    bind: credentialBind(row.credential_id, row.number),
    wrapped: whole(`The version ${row.id}`, row.wrapped_key),
  }))
}

function whole(what: string, wrapped: Buffer | null): Buffer {
  if (wrapped === null) throw new VaultError('damaged', `${what} has a ciphertext without a wrapped key: restore it from a backup`)
  return wrapped
}

async function writeRows(
  db: Database,
  table: SealedTable,
  rows: readonly Row[],
  wrapped: readonly Buffer[],
  fromKey: string,
  toKey: string,
): Promise<void> {
  const ids = rows.map((row) => row.id)
  await sql`
    update ${sql.table(table)} t set wrapped_key = n.wrapped, encryption_key = ${toKey}
    from unnest(${ids}::text[], ${rows.map((row) => row.wrapped)}::bytea[], ${wrapped}::bytea[]) as n (id, old, wrapped)
    where t.${sql.ref(table === 'signing_keys' ? 'kid' : 'id')} = n.id and t.encryption_key = ${fromKey} and t.wrapped_key = n.old
  `.execute(db)
}

async function retire(db: Database): Promise<void> {
  await sql`
    update encryption_keys k set state = 'retired'
    where state = 'previous'
      and not exists (select from credential_versions where encryption_key = k.id and ciphertext is not null)
      and not exists (select from signing_keys where encryption_key = k.id)
      and not exists (select from identity_providers where encryption_key = k.id and ciphertext is not null)
      and not exists (select from installation where fingerprint_key ->> 'encryption_key' = k.id)
  `.execute(db)
}
