import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { accountFailuresMax, addressFailuresMax } from '../../src/people/attempts.ts'
import { PasswordHasher } from '../../src/people/password-hash.ts'
import { problem, type TestConsole, testConsole } from './console.ts'

const password = 'FAKE example words of a test'
let keyward: TestConsole
let email: string
let userId: string
beforeAll(async () => {
  keyward = await testConsole()
})
beforeEach(async () => {
  await forget()
  const browser = await keyward.signedIn('admin')
  userId = browser.userId
  expect((await browser.put('/api/v1/me/password', { password })).status).toBe(204)
  email = (await browser.get('/api/v1/me')).body.user.email
})
afterAll(() => keyward.end())

const signIn = (name: string, word: string) => keyward.browser().post('/api/v1/sign-in/password', { email: name, password: word })
const forget = () => keyward.db.deleteFrom('attempt_counters').execute()

describe('signing in with a password', () => {
  test('works with the address in any case, and in any form of the same letters', async () => {
    expect((await signIn(email, password)).body).toMatchObject({ user: { id: userId }, session: { method: 'password', fresh: true } })
    expect((await signIn(` ${email.toUpperCase()}`, password)).status).toBe(200)
    const browser = await keyward.signedIn('viewer')
    await browser.put('/api/v1/me/password', { password: 'FAKE exämple wörds of a test' })
    const { email: other } = (await browser.get('/api/v1/me')).body.user
    expect((await signIn(other, 'FAKE exämple wörds of a test'.normalize('NFD'))).status).toBe(200)
  })

  test('the built-in administrator signs in as `admin`', async () => {
    const admin = await keyward.signedInAsAdmin()
    await admin.put('/api/v1/me/password', { password })
    expect((await signIn('admin', password)).body.user.id).toBe(keyward.adminId)
  })

  test('a wrong password, an unknown address, a user without a password and a disabled one get the same answer', async () => {
    const without = await keyward.signedIn('viewer')
    const { email: noPassword } = (await without.get('/api/v1/me')).body.user
    const wrong = await signIn(email, 'FAKE wrong words')
    expect(wrong.status).toBe(401)
    expect(problem(await signIn('nobody@example.com', password))).toEqual(problem(wrong))
    expect(problem(await signIn(noPassword, password))).toEqual(problem(wrong))
    await keyward.db.updateTable('users').set({ state: 'disabled' }).where('id', '=', userId).execute()
    expect(problem(await signIn(email, password))).toEqual(problem(wrong))
  })

  test('refusals are on record, with neither the address tried nor the password', async () => {
    await sql`delete from audit_entries`.execute(keyward.db)
    await signIn('nobody@example.com', 'FAKE wrong words')
    const { rows } = await sql`select e::text as line from audit_entries e where action = 'session.start' and decision = 'refused'`.execute(
      keyward.db,
    )
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toMatch(/nobody|FAKE/)
  })
})

describe('guessing', () => {
  test('an account takes so many wrong passwords in a quarter of an hour, then 429 with Retry-After, also for the right one', async () => {
    for (let i = 0; i < accountFailuresMax; i++) expect((await signIn(email, `FAKE wrong ${i}`)).status).toBe(401)
    const refused = await signIn(email, password)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(800)
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(900)
    await sql`update attempt_counters set window_ends_at = now() - interval '1 second'`.execute(keyward.db)
    expect((await signIn(email, password)).status).toBe(200)
  })

  test('a hundred guesses at once get no further than ten one after the other', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => signIn(email, `FAKE wrong ${i}`)))
    expect(answers.filter((answer) => answer.status === 401)).toHaveLength(accountFailuresMax)
    expect(answers.filter((answer) => answer.status === 429)).toHaveLength(40 - accountFailuresMax)
  })

  test('an unknown account is closed like a known one', async () => {
    for (let i = 0; i < accountFailuresMax; i++) await signIn('nobody@example.com', 'FAKE wrong')
    expect((await signIn('nobody@example.com', 'FAKE wrong')).status).toBe(429)
  })

  test('one address that tries many accounts is stopped', async () => {
    const answers = []
    for (let i = 0; i < addressFailuresMax + 1; i++) answers.push((await signIn(`nobody-${i}@example.com`, 'FAKE wrong')).status)
    expect(answers.slice(0, -1).every((status) => status === 401)).toBe(true)
    expect(answers.at(-1)).toBe(429)
  })

  test('a success takes its attempt back and starts the account anew', async () => {
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < accountFailuresMax - 1; i++) await signIn(email, 'FAKE wrong')
      expect((await signIn(email, password)).status).toBe(200)
    }
  })

  test('the counters name no account and no address', async () => {
    await signIn(email, 'FAKE wrong')
    const { rows } = await sql`select encode(key, 'hex') as key from attempt_counters`.execute(keyward.db)
    expect(rows).toHaveLength(2)
    for (const subject of [email, `account ${email}`, '127.0.0.1'])
      expect(JSON.stringify(rows)).not.toContain(createHash('sha256').update(subject).digest('hex'))
  })
})

describe('changing a password', () => {
  test('needs the current one from whoever signed in with it, and ends the other sessions', async () => {
    const [here, there] = [keyward.browser(), keyward.browser()]
    await here.post('/api/v1/sign-in/password', { email, password })
    await there.post('/api/v1/sign-in/password', { email, password })
    const next = 'FAKE other words of a test'
    expect((await here.put('/api/v1/me/password', { password: next })).body.code).toBe('sign-in-failed')
    expect((await here.put('/api/v1/me/password', { current: 'FAKE wrong words', password: next })).body.code).toBe('sign-in-failed')
    expect((await here.put('/api/v1/me/password', { current: password, password: next })).status).toBe(204)
    expect((await here.get('/api/v1/me')).status).toBe(200)
    expect((await there.get('/api/v1/me')).status).toBe(401)
    await forget()
    expect((await signIn(email, password)).status).toBe(401)
    expect((await signIn(email, next)).status).toBe(200)
  })

  test('the current one cannot be guessed there either', async () => {
    const browser = keyward.browser()
    await browser.post('/api/v1/sign-in/password', { email, password })
    const answers = []
    for (let i = 0; i < accountFailuresMax + 1; i++)
      answers.push((await browser.put('/api/v1/me/password', { current: 'FAKE no', password: 'FAKE other words' })).status)
    expect(answers.at(-1)).toBe(429)
  })

  test('needs a fresh authentication', async () => {
    const browser = await keyward.signedIn('viewer')
    await sql`update sessions set authenticated_at = now() - interval '11 minutes'`.execute(keyward.db)
    expect((await browser.put('/api/v1/me/password', { password })).body.code).toBe('fresh-auth-required')
  })

  test.each(['short', 'aaaaaaaaaaaaaaaa', 'somebody1234', 'keywardkeyward1'])('refuses %j and names the field', async (weak) => {
    const browser = await keyward.signedIn('viewer')
    const answer = await browser.put('/api/v1/me/password', { password: weak })
    expect(answer.status).toBe(400)
    expect(answer.body.errors[0].field).toBe('/password')
    expect(answer.text).not.toContain(weak)
  })
})

describe('what is stored of a password', () => {
  test('is scrypt with its cost and a salt; a changed cost is taken over at the next sign-in', async () => {
    const stored = async () =>
      (await keyward.db.selectFrom('passwords').select('hash').where('user_id', '=', userId).executeTakeFirstOrThrow()).hash
    const before = await stored()
    expect(before).toMatch(/^\$scrypt\$ln=11,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    await keyward.db
      .updateTable('passwords')
      .set({ hash: await new PasswordHasher({ cost: { logN: 10, r: 8, p: 1 } }).hash(password) })
      .where('user_id', '=', userId)
      .execute()
    expect((await signIn(email, password)).status).toBe(200)
    expect(await stored()).toMatch(/ln=11/)
  })

  test('by default takes 64 MiB, twice', async () => {
    const hasher = new PasswordHasher()
    const hash = await hasher.hash(password)
    expect(hash).toMatch(/^\$scrypt\$ln=16,r=8,p=2\$/)
    expect(await hasher.verify(password, hash)).toEqual({ right: true, outdated: false })
    expect((await hasher.verify(`${password}.`, hash)).right).toBe(false)
    expect((await hasher.verify(password, undefined)).right).toBe(false)
  })

  test('a flood is turned away at the door and the rest is done', async () => {
    const hasher = new PasswordHasher({ cost: { logN: 10, r: 8, p: 1 }, runningMax: 1, waitingMax: 3 })
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => hasher.hash(password)))
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(4)
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'too-many-requests' })
    expect((await hasher.verify(password, await hasher.hash(password))).right).toBe(true)
  })
})
