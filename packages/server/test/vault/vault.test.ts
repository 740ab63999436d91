import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { credentialBind, signingKeyBind } from '../../src/vault/bind.ts'
import type { Sealed } from '../../src/vault/envelope.ts'
import { Secret } from '../../src/vault/secret.ts'
import type { Vault } from '../../src/vault/vault.ts'
import { openAll, storeCredential, type TestInstallation, testInstallation } from './installation.ts'

const plain = 'sk-FAKE-0123456789-not-a-real-key'
let installation: TestInstallation

beforeEach(async () => {
  installation = await testInstallation()
})
afterEach(() => installation.end())

const flipped = (bytes: Buffer, index: number, bit: number) => {
  const copy = Buffer.from(bytes)
  copy[index] = (copy[index] ?? 0) ^ (1 << bit)
  return copy
}

describe('what is sealed', () => {
  let vault: Vault
  const bind = credentialBind('cred_a', 1)
  beforeEach(async () => {
    vault = await installation.open()
  })

  test('opens to what it was, whatever it was', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const sealed = await vault.seal(Secret.of(bytes), bind)
        expect((await vault.open(sealed, bind)).revealBytes().equals(bytes)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('is refused when any bit of it was changed', async () => {
    const sealed = await vault.seal(Secret.of(plain), bind)
    for (const part of ['ciphertext', 'nonce', 'wrappedKey'] as const) {
      for (let index = 0; index < sealed[part].length; index++) {
        const changed: Sealed = { ...sealed, [part]: flipped(sealed[part], index, index % 8) }
        vault.forget(bind.id)
        await expect(vault.open(changed, bind), `${part}[${index}]`).rejects.toMatchObject({ code: 'damaged' })
      }
      for (const length of [0, 1, sealed[part].length - 1]) {
        await expect(vault.open({ ...sealed, [part]: sealed[part].subarray(0, length) }, bind)).rejects.toMatchObject({ code: 'damaged' })
      }
    }
  })

  test('is refused for any other credential, version or purpose, cached key or not', async () => {
    const sealed = await vault.seal(Secret.of(plain), bind)
    await vault.open(sealed, bind)
    for (const other of [
      credentialBind('cred_b', 1),
      credentialBind('cred_a', 2),
      signingKeyBind('cred_a'),
      credentialBind('cred_a","1', 1),
    ]) {
      expect(vault.openCached(sealed, other)).toBeUndefined()
      await expect(vault.open(sealed, other)).rejects.toMatchObject({ code: 'damaged' })
    }
  })

  test('cannot be put together from parts of two credentials', async () => {
    const a = await vault.seal(Secret.of('FAKE-A'), credentialBind('cred_a', 1))
    const b = await vault.seal(Secret.of('FAKE-B'), credentialBind('cred_b', 1))
    const mixes = [
      { ...a, wrappedKey: b.wrappedKey },
      { ...b, wrappedKey: a.wrappedKey },
      { ...a, ciphertext: b.ciphertext, nonce: b.nonce },
    ]
    for (const mix of mixes) {
      for (const id of ['cred_a', 'cred_b']) {
        await expect(vault.open(mix, credentialBind(id, 1))).rejects.toMatchObject({ code: 'damaged' })
      }
    }
  })

  test('differs each time, so that equal secrets cannot be told from their ciphertexts', async () => {
    const one = await vault.seal(Secret.of(plain), bind)
    const two = await vault.seal(Secret.of(plain), bind)
    expect(one.ciphertext.equals(two.ciphertext)).toBe(false)
    expect(one.wrappedKey.equals(two.wrappedKey)).toBe(false)
    expect((await vault.open(one, bind)).reveal()).toBe((await vault.open(two, bind)).reveal())
  })

  test('an error says which secret it was, and nothing of it', async () => {
    const sealed = await vault.seal(Secret.of(plain), bind)
    const error: unknown = await vault.open({ ...sealed, nonce: Buffer.alloc(12) }, bind).catch((one: unknown) => one)
    expect(String(error)).toContain('cred_a, version 1')
    expect(JSON.stringify(error)).not.toContain('0123456789')
  })
})

describe('unwrapped data keys', () => {
  test('are at hand after the first opening and gone after forget', async () => {
    const vault = await installation.open()
    const bind = credentialBind('cred_a', 1)
    const sealed = await vault.seal(Secret.of(plain), bind)
    expect(vault.openCached(sealed, bind)).toBeUndefined()
    await vault.open(sealed, bind)
    expect(vault.openCached(sealed, bind)?.reveal()).toBe(plain)
    vault.forget('cred_b')
    expect(vault.openCached(sealed, bind)?.reveal()).toBe(plain)
    vault.forget('cred_a')
    expect(vault.openCached(sealed, bind)).toBeUndefined()
    await vault.open(sealed, bind)
    vault.forgetAll()
    expect(vault.openCached(sealed, bind)).toBeUndefined()
  })

  test('an unwrap that began before a forget does not come back', async () => {
    const vault = await installation.open()
    const bind = credentialBind('cred_a', 1)
    const sealed = await vault.seal(Secret.of(plain), bind)
    const opening = vault.open(sealed, bind)
    vault.forget('cred_a')
    expect((await opening).reveal()).toBe(plain)
    expect(vault.openCached(sealed, bind)).toBeUndefined()
  })
})

describe('a stolen database', () => {
  test('holds no secret, no digest of one, no key; and cannot be searched for a known secret', async () => {
    const vault = await installation.open()
    await storeCredential(installation.db, vault, [plain])
    const key = (await vault.currentKey()).uri.slice('file:'.length)
    const tables = await sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public'`.execute(installation.db)
    let dump = ''
    for (const { name } of tables.rows) {
      const { rows } = await sql`select t::text as line from ${sql.table(name)} t`.execute(installation.db)
      dump += JSON.stringify(rows)
    }
    expect(dump).toContain('cred_')
    const material = Buffer.from(readFileSync(key, 'utf8'), 'base64')
    const sha256 = createHash('sha256').update(plain).digest()
    for (const bytes of [Buffer.from(plain), sha256, createHash('sha256').update(sha256).digest(), material]) {
      for (const form of ['hex', 'base64', 'latin1'] as const) expect(dump).not.toContain(bytes.toString(form))
    }
  })

  test('fingerprints of one secret are equal within an installation and differ between two', async () => {
    const other = await testInstallation()
    try {
      const [here, there] = [await installation.open(), await other.open()]
      const sha256 = createHash('sha256').update(plain).digest()
      expect(here.fingerprint(Secret.of(plain))).toEqual(here.fingerprintOfDigest(sha256))
      expect((await installation.open()).fingerprint(Secret.of(plain))).toEqual(here.fingerprint(Secret.of(plain)))
      expect(here.fingerprint(Secret.of(`${plain}x`))).not.toEqual(here.fingerprint(Secret.of(plain)))
      expect(there.fingerprint(Secret.of(plain))).not.toEqual(here.fingerprint(Secret.of(plain)))
      expect(() => here.fingerprintOfDigest(Buffer.from('short'))).toThrow(RangeError)
    } finally {
      await other.end()
    }
  })
})

describe('the first start', () => {
  test('of several nodes at once makes one installation and one key', async () => {
    const vaults = await Promise.all(Array.from({ length: 5 }, () => installation.open()))
    expect(new Set(vaults.map((vault) => vault.installation.id)).size).toBe(1)
    expect(new Set(vaults.map((vault) => vault.fingerprint(Secret.of(plain)).toString('hex'))).size).toBe(1)
    expect(readdirSync(installation.configurationFolder)).toHaveLength(1)
  })

  test('puts the key outside the data folder, for its user alone', async () => {
    const vault = await installation.open()
    const path = (await vault.currentKey()).uri.slice('file:'.length)
    expect(path.startsWith(installation.dataFolder)).toBe(false)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(installation.configurationFolder).mode & 0o777).toBe(0o700)
  })

  test('with env: takes the key from the variable and removes it, so that no child inherits it', async () => {
    const env: Record<string, string | undefined> = { KEY: Buffer.alloc(32, 7).toString('base64'), OTHER: 'stays' }
    const vault = await installation.open({ kekUri: 'env:KEY', env })
    const sealed = await vault.seal(Secret.of(plain), credentialBind('cred_a', 1))
    expect(env).toEqual({ OTHER: 'stays' })
    const again = await installation.open({ kekUri: 'env:KEY', env: { KEY: Buffer.alloc(32, 7).toString('hex') } })
    expect((await again.open(sealed, credentialBind('cred_a', 1))).reveal()).toBe(plain)
  })
})

describe('the wrong key', () => {
  test('a lost key file is never replaced by a new one: the error names the key and where it was', async () => {
    const { id, uri } = await (await installation.open()).currentKey()
    rmSync(uri.slice('file:'.length))
    const error: unknown = await installation.open().catch((one: unknown) => one)
    expect(error).toMatchObject({ code: 'key-wrong' })
    expect(String(error)).toContain(id)
    expect(String(error)).toContain(uri)
    expect(String(error)).toMatch(/backup/)
    expect(readdirSync(installation.configurationFolder)).toHaveLength(0)
  })

  test('another key at the right place is refused, and named', async () => {
    const { id, uri } = await (await installation.open()).currentKey()
    writeFileSync(uri.slice('file:'.length), Buffer.alloc(32, 1).toString('base64'))
    const error: unknown = await installation.open().catch((one: unknown) => one)
    expect(error).toMatchObject({ code: 'key-wrong' })
    expect(String(error)).toContain(id)
    expect(String(error)).toMatch(/holds kek_[0-9a-f]{32}/)
  })

  test('a KEYWARD_KEK that was set wrongly is refused, with the address of the right one', async () => {
    const { uri } = await (await installation.open()).currentKey()
    const kekUri = 'env:KEY'
    await expect(installation.open({ kekUri, env: { KEY: Buffer.alloc(32, 9).toString('hex') } })).rejects.toThrow(uri)
    await expect(installation.open({ kekUri, env: {} })).rejects.toThrow(/KEY .*is not set/)
    await expect(installation.open({ kekUri: `file:${installation.folder}/absent.key` })).rejects.toMatchObject({ code: 'key-wrong' })
    expect(readdirSync(installation.folder)).not.toContain('absent.key')
  })

  test('a key file that others may read stops the start, with the fix', async () => {
    const { uri } = await (await installation.open()).currentKey()
    const path = uri.slice('file:'.length)
    for (const mode of [0o640, 0o604, 0o620]) {
      chmodSync(path, mode)
      await expect(installation.open()).rejects.toMatchObject({
        code: 'key-unsafe',
        message: expect.stringContaining(`chmod 600 ${path}`) as string,
      })
    }
  })

  test('a key file may be moved: its new place is remembered', async () => {
    const first = await installation.open()
    const credential = await storeCredential(installation.db, first, [plain])
    const path = (await first.currentKey()).uri.slice('file:'.length)
    const moved = join(installation.folder, 'elsewhere', 'key')
    mkdirSync(join(installation.folder, 'elsewhere'))
    renameSync(path, moved)
    const second = await installation.open({ kekUri: `file:${moved}` })
    expect(await openAll(installation.db, second, credential)).toEqual([plain])
    const third = await installation.open()
    expect((await third.currentKey()).uri).toBe(`file:${moved}`)
  })

  test('a moved data folder still finds its key', async () => {
    const first = await installation.open()
    const credential = await storeCredential(installation.db, first, [plain])
    const moved = join(installation.folder, 'data-moved')
    renameSync(installation.dataFolder, moved)
    mkdirSync(installation.dataFolder)
    copyFileSync((await first.currentKey()).uri.slice('file:'.length), join(installation.folder, 'backup.key'))
    expect(await openAll(installation.db, await installation.open(), credential)).toEqual([plain])
  })
})
