import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HeldKey, keyId } from '../../src/vault/key-encryption-key.ts'
import { createKeyFile, parseKey, readKeyFile } from '../../src/vault/key-file.ts'
import { defaultKeyUri, loadKey, parseKeyUri } from '../../src/vault/key-uri.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyward-key-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a key file', () => {
  test('is made once: a second maker leaves it, and no draft stays', () => {
    const path = join(folder, 'new', 'a.key')
    createKeyFile(path)
    const first = readFileSync(path, 'utf8')
    createKeyFile(path)
    expect(readFileSync(path, 'utf8')).toBe(first)
    expect(readdirSync(join(folder, 'new'))).toEqual(['a.key'])
    expect(readKeyFile(path)).toEqual(Buffer.from(first, 'base64'))
  })

  test('takes base64, base64url and hexadecimal, with white space around', () => {
    const key = randomBytes(32)
    for (const text of [
      key.toString('base64'),
      key.toString('base64url'),
      key.toString('hex'),
      ` ${key.toString('hex').toUpperCase()}\r\n`,
    ]) {
      expect(parseKey(text, 'here')).toEqual(key)
    }
  })

  test('refuses what is no key, without repeating it', () => {
    const path = join(folder, 'bad.key')
    for (const text of ['', 'FAKE-short', randomBytes(31).toString('base64'), randomBytes(33).toString('base64'), 'x'.repeat(5_000)]) {
      writeFileSync(path, text, { mode: 0o600 })
      expect(() => readKeyFile(path)).toThrow(expect.objectContaining({ code: 'key-malformed' }))
      expect(() => readKeyFile(path)).not.toThrow(/FAKE/)
    }
  })

  test('refuses folders, fifos and what others may read; follows a link to a safe file', () => {
    const path = join(folder, 'safe.key')
    createKeyFile(path)
    symlinkSync(path, join(folder, 'link.key'))
    expect(readKeyFile(join(folder, 'link.key'))).toEqual(readKeyFile(path))
    mkdirSync(join(folder, 'folder.key'))
    expect(() => readKeyFile(join(folder, 'folder.key'))).toThrow(expect.objectContaining({ code: 'key-unsafe' }))
    chmodSync(path, 0o644)
    expect(() => readKeyFile(path)).toThrow(/chmod 600/)
    expect(() => readKeyFile(join(folder, 'link.key'))).toThrow(/chmod 600/)
  })
})

describe('the address of a key', () => {
  test('is file: or env:, and nothing else; a key pasted there by mistake is not repeated', () => {
    expect(parseKeyUri('file:/a/b.key')).toEqual({ scheme: 'file', path: '/a/b.key' })
    expect(parseKeyUri('file:///a/b%20c.key')).toEqual({ scheme: 'file', path: '/a/b c.key' })
    expect(parseKeyUri('env:KEY')).toEqual({ scheme: 'env', name: 'KEY' })
    for (const uri of ['', 'env:', 'env:A-B', 'file:', 'http://x', 'FAKEFAKEFAKEKEY', '/a/b', 'file://host/a']) {
      expect(() => parseKeyUri(uri), uri).toThrow(expect.objectContaining({ code: 'key-address' }))
      if (uri.startsWith('FAKE')) expect(() => parseKeyUri(uri)).not.toThrow(/FAKE/)
    }
  })

  test('is one file for each data folder by default', () => {
    const one = mkdtempSync(join(folder, 'one-'))
    const two = mkdtempSync(join(folder, 'two-'))
    symlinkSync(one, join(folder, 'alias'))
    expect(defaultKeyUri('/c', one)).toMatch(/^file:\/c\/[0-9a-f]{16}\.key$/)
    expect(defaultKeyUri('/c', one)).not.toBe(defaultKeyUri('/c', two))
    expect(defaultKeyUri('/c', join(folder, 'alias'))).toBe(defaultKeyUri('/c', one))
  })
})

describe('a key-encryption key', () => {
  test('is told by an id that is not the key', () => {
    const material = randomBytes(32)
    expect(keyId(material)).toMatch(/^kek_[0-9a-f]{32}$/)
    expect(keyId(material)).toBe(keyId(Buffer.from(material)))
    expect(material.toString('hex')).not.toContain(keyId(material).slice(4, 20))
  })

  test('unwraps only what it wrapped, for what it wrapped it', async () => {
    const [key, other] = [
      new HeldKey(randomBytes(32), 'env:A', { readableByHolder: false }),
      new HeldKey(randomBytes(32), 'env:B', { readableByHolder: false }),
    ]
    const dataKey = randomBytes(32)
    const wrapped = await key.wrap(dataKey, Buffer.from('a'))
    expect(await key.unwrap(wrapped, Buffer.from('a'))).toEqual(dataKey)
    await expect(key.unwrap(wrapped, Buffer.from('b'))).rejects.toThrow()
    await expect(other.unwrap(wrapped, Buffer.from('a'))).rejects.toThrow()
    await expect(key.unwrap(Buffer.alloc(0), Buffer.from('a'))).rejects.toThrow()
  })

  test('proves its holder only where a person can read it', () => {
    const path = join(folder, 'holder.key')
    const held = loadKey(`file:${path}`, {}, { create: true })
    expect(held.deriveForHolder('x', Buffer.alloc(1))).toHaveLength(32)
    expect(held.deriveForHolder('x', Buffer.alloc(1))).not.toEqual(held.deriveForHolder('y', Buffer.alloc(1)))
    const fromEnv = loadKey('env:KEY', { KEY: readFileSync(path, 'utf8') })
    expect(fromEnv.id).toBe(held.id)
    expect(fromEnv.deriveForHolder('x', Buffer.alloc(1))).toBeUndefined()
  })
})
