import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { type TestDatabase, testDatabase } from '../../../../tests/support/postgres.ts'
import { type Database, databaseOn } from '../../src/db/database.ts'
import { silentLog } from '../../src/db/log.ts'
import { createPool } from '../../src/db/pool.ts'
import { newId } from '../../src/observe/ids.ts'
import { createLog } from '../../src/observe/log.ts'
import { credentialBind } from '../../src/vault/bind.ts'
import { Secret } from '../../src/vault/secret.ts'
import { openVault, type Vault } from '../../src/vault/vault.ts'

/** A database and folders of one installation under test. */
export interface TestInstallation {
  readonly db: Database
  readonly database: TestDatabase
  readonly folder: string
  readonly dataFolder: string
  readonly configurationFolder: string
  /** A vault as a node that starts now would open it. */
  open(options?: { kekUri?: string; env?: Record<string, string | undefined> }): Promise<Vault>
  end(): Promise<void>
}

export async function testInstallation(): Promise<TestInstallation> {
  const database = await testDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'keyward-vault-'))
  const pool = createPool(database.connection, { name: 'keyward test', connectionsMax: 6, log: silentLog })
  const db = databaseOn(pool)
  const configurationFolder = join(folder, 'configuration')
  const dataFolder = mkdtempSync(join(folder, 'data-'))
  return {
    db,
    database,
    folder,
    dataFolder,
    configurationFolder,
    open: ({ kekUri, env = {} } = {}) =>
      openVault({ db, kekUri, dataFolder, configurationFolder, organisation: 'Example', log: createLog({ level: 'silent' }), env }),
    async end() {
      await pool.end()
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Stores one credential with `texts` as its versions, and gives its id. */
export async function storeCredential(db: Database, vault: Vault, texts: readonly string[]): Promise<string> {
  const owner = newId('owner')
  const credential = newId('credential')
  await db.insertInto('owners').values({ id: owner, kind: 'team', name: owner, contact: 'team@example.com' }).execute()
  await sql`insert into credentials (id, name, kind, provider, purpose, authority, environment, owner)
    values (${credential}, ${credential}, 'api_key', 'openai', 'model', '{consume}', 'development', ${owner})`.execute(db)
  const values = []
  for (const [index, text] of texts.entries()) {
    const secret = Secret.of(text)
    const sealed = await vault.seal(secret, credentialBind(credential, index + 1))
    values.push({
      id: newId('version'),
      credential_id: credential,
      number: index + 1,
      state: index === texts.length - 1 ? ('current' as const) : ('previous' as const),
      ciphertext: sealed.ciphertext,
      nonce: sealed.nonce,
      wrapped_key: sealed.wrappedKey,
      encryption_key: sealed.encryptionKey,
      fingerprint: vault.fingerprint(secret),
      hint: '••••',
    })
  }
  for (let i = 0; i < values.length; i += 500)
    await db
      .insertInto('credential_versions')
      .values(values.slice(i, i + 500))
      .execute()
  return credential
}

/** Every secret of a credential, opened by `vault` from what the database holds now. */
export async function openAll(db: Database, vault: Vault, credential: string): Promise<string[]> {
  const rows = await db.selectFrom('credential_versions').selectAll().where('credential_id', '=', credential).orderBy('number').execute()
  const opened = rows.map(async (row) => {
    if (!row.ciphertext || !row.nonce || !row.wrapped_key || !row.encryption_key) throw new Error('no ciphertext')
    const sealed = { ciphertext: row.ciphertext, nonce: row.nonce, wrappedKey: row.wrapped_key, encryptionKey: row.encryption_key }
    return (await vault.open(sealed, credentialBind(credential, row.number))).reveal()
  })
  return Promise.all(opened)
}
