import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLog } from '../../src/observe/log.ts'
import { useChallenge } from '../../src/people/challenges.ts'
import { publishLocalLogin } from '../../src/people/local-login.ts'
import { readLocalLogin } from '../../src/people/local-proof.ts'
import { openVault } from '../../src/vault/vault.ts'
import { request, type TestConsole, testConsole } from './console.ts'

let keyward: TestConsole
beforeAll(async () => {
  keyward = await testConsole()
  publishLocalLogin(keyward.people, keyward.origin)
})
afterAll(() => keyward.end())

const challenge = async (headers: Record<string, string> = {}) =>
  request(keyward.origin, 'POST', '/api/v1/sign-in/local/challenge', undefined, headers)
const login = (body: unknown, headers: Record<string, string> = {}) =>
  request(keyward.origin, 'POST', '/api/v1/sign-in/local', body, headers)
const proven = async (folder = keyward.folder) => {
  const { challenge: text } = (await challenge()).body
  return { challenge: text, proof: readLocalLogin(folder).prove(text) }
}

describe('local login', () => {
  test('gives whoever can read data folder and key one hour as administrator, dangerous acts included, and says so in the log', async () => {
    expect(readLocalLogin(keyward.folder).address).toBe(keyward.origin)
    const answer = await login(await proven())
    expect(answer.status).toBe(200)
    const { token, expires_at } = answer.body
    expect((Date.parse(expires_at) - Date.now()) / 60_000).toBeGreaterThan(59)
    expect((Date.parse(expires_at) - Date.now()) / 60_000).toBeLessThan(60.1)
    const authorization = { authorization: `Bearer ${token}` }
    const me = await request(keyward.origin, 'GET', '/api/v1/me', undefined, authorization)
    expect(me.body).toMatchObject({ user: { id: keyward.adminId }, session: { method: 'local', fresh: true } })
    const made = await request(
      keyward.origin,
      'POST',
      '/api/v1/users',
      { name: 'x', email: 'local@example.com', roles: [{ role: 'viewer' }] },
      authorization,
    )
    expect(made.status).toBe(201)
    const { rows } =
      await sql`select details from audit_entries where action = 'session.start' and decision = 'done' and details ->> 'method' = 'local'`.execute(
        keyward.db,
      )
    expect(rows).toHaveLength(1)
    expect((await request(keyward.origin, 'POST', '/api/v1/sign-out', undefined, authorization)).status).toBe(204)
    expect((await request(keyward.origin, 'GET', '/api/v1/me', undefined, authorization)).status).toBe(401)
  })

  test('takes each challenge once, also when they come at the same time', async () => {
    const answer = await proven()
    const answers = await Promise.all(Array.from({ length: 5 }, () => login(answer)))
    expect(answers.map((one) => one.status).sort()).toEqual([200, 401, 401, 401, 401])
  })

  test('refuses a challenge that is not ours, or older than five minutes', async () => {
    const { prove } = readLocalLogin(keyward.folder)
    for (const text of ['', 'FAKE', 'A'.repeat(54), 'x'.repeat(199)])
      expect((await login({ challenge: text, proof: prove(text) })).status).toBe(401)
    const { challenge: text } = (await challenge()).body
    const bytes = Buffer.from(text, 'base64url')
    bytes.writeUIntBE(Date.now() + 3_600_000, 16, 6)
    const later = bytes.toString('base64url')
    expect((await login({ challenge: later, proof: prove(later) })).status).toBe(401)
    const old = Buffer.from(text, 'base64url')
    expect(await useChallenge(keyward.people, 'passkey-sign-in', text)).toBe(false)
    expect(await useChallenge(keyward.people, 'local-login', text, 'usr_x')).toBe(false)
    expect(old.readUIntBE(16, 6) - Date.now()).toBeLessThanOrEqual(301_000)
    expect(await useChallenge(keyward.people, 'local-login', text)).toBe(true)
  })

  test('needs both halves: the data folder alone, or the key alone, proves nothing', async () => {
    const { challenge: text } = (await challenge()).body
    const own = JSON.parse(readFileSync(join(keyward.folder, 'local-login.json'), 'utf8'))
    const folder = mkdtempSync(join(tmpdir(), 'keyward-thief-'))
    try {
      const otherKey = join(folder, 'other.key')
      writeFileSync(otherKey, Buffer.alloc(32, 3).toString('base64'), { mode: 0o600 })
      writeFileSync(join(folder, 'local-login.json'), JSON.stringify({ ...own, key_encryption_key: `file:${otherKey}` }))
      expect((await login({ challenge: text, proof: readLocalLogin(folder).prove(text) })).status).toBe(401)
      writeFileSync(join(folder, 'local-login.json'), JSON.stringify({ ...own, login_key: Buffer.alloc(32).toString('base64') }))
      expect((await login({ challenge: text, proof: readLocalLogin(folder).prove(text) })).status).toBe(401)
      expect((await login({ challenge: text, proof: '' })).status).toBe(401)
      copyFileSync(join(keyward.folder, 'local-login.json'), join(folder, 'local-login.json'))
      expect((await login({ challenge: text, proof: readLocalLogin(folder).prove(text) })).status).toBe(200)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test.each([
    ['a page in a browser', { origin: 'http://localhost:1' }],
    ['a page of our own', { 'sec-fetch-site': 'same-origin' }],
    ['a proxy', { 'x-forwarded-for': '127.0.0.1' }],
    ['a proxy that follows the RFC', { forwarded: 'for=127.0.0.1' }],
  ])('is not for %s', async (_name, headers) => {
    expect((await challenge(headers as Record<string, string>)).status).toBe(401)
    expect((await login(await proven(), headers as Record<string, string>)).status).toBe(401)
  })

  test('is not for other machines', async () => {
    const away = await testConsole({ ip: '192.0.2.7' })
    try {
      const answer = await request(away.origin, 'POST', '/api/v1/sign-in/local/challenge')
      expect([answer.status, answer.body.code]).toEqual([401, 'sign-in-failed'])
    } finally {
      await away.end()
    }
  })

  test('does not exist where the key is in no file', async () => {
    const env = await testConsole({ kek: 'env' })
    try {
      writeFileSync(join(env.folder, 'local-login.json'), '{}')
      publishLocalLogin(env.people, env.origin)
      expect(existsSync(join(env.folder, 'local-login.json'))).toBe(false)
      expect(() => readLocalLogin(env.folder)).toThrow(/no local login/)
      expect((await request(env.origin, 'POST', '/api/v1/sign-in/local/challenge')).status).toBe(401)
    } finally {
      await env.end()
    }
  })

  test('goes on after the key-encryption key was replaced under a running server', async () => {
    const log = createLog({ level: 'silent' })
    const options = { db: keyward.db, kekUri: undefined, dataFolder: keyward.folder, organisation: 'Example', log }
    const vault = await openVault({ ...options, configurationFolder: join(keyward.folder, 'configuration') })
    for await (const _ of vault.rotateKeyEncryptionKey(`file:${join(keyward.folder, 'configuration', 'new.key')}`));
    expect((await login(await proven())).status).toBe(200)
  })

  test('the file is for its user alone, and is replaced whole', () => {
    const path = join(keyward.folder, 'local-login.json')
    chmodSync(path, 0o644)
    publishLocalLogin(keyward.people, keyward.origin)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })
})
