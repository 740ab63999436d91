import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { credentialBind, signingKeyBind } from '../../src/vault/bind.ts'
import { Secret } from '../../src/vault/secret.ts'
import type { Vault } from '../../src/vault/vault.ts'
import { openAll, storeCredential, type TestInstallation, testInstallation } from './installation.ts'

let installation: TestInstallation
beforeEach(async () => {
  installation = await testInstallation()
})
afterEach(() => installation.end())

const texts = (count: number) => Array.from({ length: count }, (_, index) => `sk-FAKE-${index}-not-a-real-key`)
const newUri = () => `file:${join(installation.folder, 'new.key')}`
const pathOf = async (vault: Vault) => (await vault.currentKey()).uri.slice('file:'.length)
const states = async () =>
  Object.fromEntries((await installation.db.selectFrom('encryption_keys').selectAll().execute()).map((row) => [row.id, row.state]))

async function rotate(vault: Vault, uri = newUri()): Promise<string[]> {
  const steps: string[] = []
  for await (const { table, rewrapped } of vault.rotateKeyEncryptionKey(uri)) steps.push(`${table} ${rewrapped}`)
  return steps
}

const ciphertexts = async () =>
  installation.db.selectFrom('credential_versions').select(['id', 'ciphertext', 'nonce', 'fingerprint']).orderBy('id').execute()

async function storeSigningKey(vault: Vault): Promise<string> {
  const kid = 'kid-of-a-test'
  const sealed = await vault.seal(Secret.of('FAKE PRIVATE KEY'), signingKeyBind(kid))
  const row = {
    kid,
    alg: 'ES256' as const,
    state: 'current' as const,
    public_jwk: '{}',
    ciphertext: sealed.ciphertext,
    nonce: sealed.nonce,
  }
  await installation.db
    .insertInto('signing_keys')
    .values({ ...row, wrapped_key: sealed.wrappedKey, encryption_key: sealed.encryptionKey })
    .execute()
  return kid
}

async function openSigningKey(vault: Vault, kid: string): Promise<string> {
  const row = await installation.db.selectFrom('signing_keys').selectAll().where('kid', '=', kid).executeTakeFirstOrThrow()
  const sealed = { ciphertext: row.ciphertext, nonce: row.nonce, wrappedKey: row.wrapped_key, encryptionKey: row.encryption_key }
  return (await vault.open(sealed, signingKeyBind(kid))).reveal()
}

test('a key rotation wraps everything anew, touches no ciphertext, and the old key is needed no more', async () => {
  const vault = await installation.open()
  const credential = await storeCredential(installation.db, vault, texts(450))
  const kid = await storeSigningKey(vault)
  const fingerprint = vault.fingerprint(Secret.of('FAKE'))
  const old = await vault.currentKey()
  const before = await ciphertexts()

  const steps = await rotate(vault)

  expect(steps).toEqual([
    'installation 1',
    'signing_keys 1',
    'credential_versions 200',
    'credential_versions 400',
    'credential_versions 450',
  ])
  expect(await ciphertexts()).toEqual(before)
  const now = await vault.currentKey()
  expect(await states()).toEqual({ [old.id]: 'retired', [now.id]: 'current' })
  rmSync(old.uri.slice('file:'.length))
  const fresh = await installation.open()
  expect(await openAll(installation.db, fresh, credential)).toEqual(texts(450))
  expect(await openSigningKey(fresh, kid)).toBe('FAKE PRIVATE KEY')
  expect(fresh.fingerprint(Secret.of('FAKE'))).toEqual(fingerprint)
})

test.each([['installation 1'], ['signing_keys 1'], ['credential_versions 200'], ['credential_versions 200', 'credential_versions 200']])(
  'a rotation that is killed after %s leaves every secret readable, and running it again finishes it',
  { timeout: 90_000 },
  async (...kills) => {
    const vault = await installation.open()
    const credential = await storeCredential(installation.db, vault, texts(500))
    const kid = await storeSigningKey(vault)
    const old = await vault.currentKey()
    for (const killAt of kills) {
      expect(await runUntil(killAt)).toBe(killAt)
      const fresh = await installation.open()
      expect(Object.values(await states()).sort()).toEqual(['current', 'previous'])
      expect(await openAll(installation.db, fresh, credential)).toEqual(texts(500))
      expect(await openSigningKey(fresh, kid)).toBe('FAKE PRIVATE KEY')
    }
    await rotate(await installation.open())
    expect((await states())[old.id]).toBe('retired')
    rmSync(old.uri.slice('file:'.length))
    expect(await openAll(installation.db, await installation.open(), credential)).toEqual(texts(500))
  },
)

test('a node that runs through a rotation elsewhere goes on sealing and opening, under the new key', async () => {
  const [here, there] = [await installation.open(), await installation.open()]
  const before = await storeCredential(installation.db, there, ['FAKE-before'])
  await rotate(here)
  const after = await storeCredential(installation.db, there, ['FAKE-after'])
  const row = await installation.db
    .selectFrom('credential_versions')
    .select('encryption_key')
    .where('credential_id', '=', after)
    .executeTakeFirst()
  expect(row?.encryption_key).toBe((await here.currentKey()).id)
  expect(await openAll(installation.db, there, before)).toEqual(['FAKE-before'])
  expect(await openAll(installation.db, here, after)).toEqual(['FAKE-after'])
})

test('a rotation waits for a transaction that is sealing, so that nothing is left under the old key', async () => {
  const vault = await installation.open()
  const old = await vault.currentKey()
  const credential = await storeCredential(installation.db, vault, ['FAKE-one'])
  const order: string[] = []
  let rotating: Promise<void> | undefined
  await installation.db.transaction().execute(async (trx) => {
    const bind = credentialBind(credential, 2)
    const sealed = await vault.seal(Secret.of('FAKE-two'), bind, trx)
    expect(sealed.encryptionKey).toBe(old.id)
    rotating = rotate(vault).then(() => void order.push('rotated'))
    await waitForLock()
    await trx
      .insertInto('credential_versions')
      .values({
        id: 'ver_of_a_test',
        credential_id: credential,
        number: 2,
        state: 'pending',
        ciphertext: sealed.ciphertext,
        nonce: sealed.nonce,
        wrapped_key: sealed.wrappedKey,
        encryption_key: sealed.encryptionKey,
        fingerprint: Buffer.alloc(32),
        hint: '',
      })
      .execute()
    order.push('stored')
  })
  await rotating
  expect(order).toEqual(['stored', 'rotated'])
  expect((await states())[old.id]).toBe('retired')
  expect(await openAll(installation.db, vault, credential)).toEqual(['FAKE-one', 'FAKE-two'])
})

test('a damaged row stops the rotation with its name; nothing is lost, and the old key stays', async () => {
  const vault = await installation.open()
  const old = await pathOf(vault)
  const credential = await storeCredential(installation.db, vault, ['FAKE-one', 'FAKE-two'])
  await installation.db
    .updateTable('credential_versions')
    .set({ wrapped_key: Buffer.alloc(61, 1) })
    .where('number', '=', 2)
    .execute()
  await expect(rotate(vault)).rejects.toThrow(`${credential}, version 2`)
  expect(Object.values(await states()).sort()).toEqual(['current', 'previous'])
  expect(existsSync(old)).toBe(true)
})

test('a KEYWARD_KEK that still names the replaced key starts, because the current one is where the database says', async () => {
  const vault = await installation.open()
  const old = await vault.currentKey()
  const credential = await storeCredential(installation.db, vault, ['FAKE-one'])
  await rotate(vault)
  const fresh = await installation.open({ kekUri: old.uri })
  expect((await fresh.currentKey()).uri).toBe(newUri())
  expect(await openAll(installation.db, fresh, credential)).toEqual(['FAKE-one'])
})

test('rotating back to an earlier key makes it current again', async () => {
  const vault = await installation.open()
  const old = await vault.currentKey()
  const credential = await storeCredential(installation.db, vault, ['FAKE-one'])
  await rotate(vault)
  await rotate(vault, old.uri)
  expect((await vault.currentKey()).id).toBe(old.id)
  expect(Object.values(await states()).sort()).toEqual(['current', 'retired'])
  expect(await openAll(installation.db, await installation.open(), credential)).toEqual(['FAKE-one'])
})

/** Runs a rotation in a process of its own and kills it when it says `line`. */
async function runUntil(line: string): Promise<string | undefined> {
  const program = join(import.meta.dirname, 'rotate-key-program.ts')
  const { url } = installation.database
  const child = spawn(process.execPath, [program, url, installation.dataFolder, installation.configurationFolder, newUri()], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let last: string | undefined
  for await (const said of createInterface({ input: child.stdout })) {
    last = said
    if (said === line) child.kill('SIGKILL')
    if (said === line) break
  }
  await exited
  return last
}

/** Until some statement of this database waits for a lock. */
async function waitForLock(): Promise<void> {
  const deadline = Date.now() + 10_000
  while (Date.now() < deadline) {
    const waiting = await sql`select pid from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`.execute(
      installation.db,
    )
    if (waiting.rows.length > 0) return
  }
  throw new Error('nothing waits for a lock')
}
