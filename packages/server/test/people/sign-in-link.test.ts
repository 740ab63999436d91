import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { firstSignInLink, issueSignInLink } from '../../src/people/sign-in-links.ts'
import { problem, type TestConsole, testConsole } from './console.ts'

let keyward: TestConsole
beforeEach(async () => {
  keyward = await testConsole()
})
afterEach(() => keyward.end())

const link = async () => (await issueSignInLink(keyward.people, keyward.db, keyward.adminId, 'invite')).url.split('token=')[1]
const redeem = (token: unknown) => keyward.browser().post('/api/v1/sign-in/link', { token })

describe('a sign-in link', () => {
  test('has its secret in the fragment, and only a digest of it is stored', async () => {
    const { url } = await issueSignInLink(keyward.people, keyward.db, keyward.adminId, 'invite')
    expect(url).toMatch(/^http:\/\/localhost:\d+\/#\/sign-in\?token=kwl_[0-9A-Za-z]{49}$/)
    const { rows } = await sql`select l::text as line from sign_in_links l`.execute(keyward.db)
    expect(JSON.stringify(rows)).not.toContain(url.split('kwl_')[1])
  })

  test('signs in once', async () => {
    const token = await link()
    const first = await redeem(token)
    expect(first.status).toBe(200)
    expect(first.body).toMatchObject({
      user: { id: keyward.adminId },
      session: { method: 'link', fresh: true },
      needs_sign_in_method: true,
    })
    expect((await redeem(token)).status).toBe(401)
  })

  test('signs in one of ten who come at once', async () => {
    const token = await link()
    const answers = await Promise.all(Array.from({ length: 10 }, () => redeem(token)))
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array.from({ length: 9 }, () => 401)])
  })

  test('unknown, malformed, used, expired, or of a disabled user: the same answer', async () => {
    const [used, expired, disabled] = [await link(), await link(), await link()]
    const other = await keyward.signedIn('viewer')
    await redeem(used)
    await sql`update sign_in_links set expires_at = now() - interval '1 second' where used_at is null`.execute(keyward.db)
    const late = await redeem(expired)
    const { url } = await issueSignInLink(keyward.people, keyward.db, other.userId, 'invite')
    await keyward.db.updateTable('users').set({ state: 'disabled' }).where('id', '=', other.userId).execute()
    const answers = [
      await redeem(used),
      await redeem(disabled),
      await redeem(url.split('token=')[1]),
      await redeem('kwl_FAKE'),
      await redeem(`${used}x`),
    ]
    expect(late.status).toBe(401)
    for (const answer of answers) expect(problem(answer)).toEqual(problem(late))
  })

  test('is refused where another site sends it, so that nobody is signed in as somebody else', async () => {
    const token = await link()
    const foreign = await keyward
      .browser()
      .post('/api/v1/sign-in/link', { token }, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' })
    expect(foreign.body.code).toBe('csrf-refused')
    expect((await redeem(token)).status).toBe(200)
  })
})

describe('the first start', () => {
  test('gives a link for ten minutes, in a file for its user alone where there is no terminal; redeeming it removes the file', async () => {
    const url = await firstSignInLink(keyward.people, { toFile: true })
    const path = join(keyward.folder, 'sign-in-link')
    expect(readFileSync(path, 'utf8')).toBe(`${url}\n`)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const left = await sql<{
      minutes: number
    }>`select extract(epoch from expires_at - now())::float8 / 60 as minutes from sign_in_links`.execute(keyward.db)
    expect(left.rows[0]?.minutes).toBeGreaterThan(9)
    expect(left.rows[0]?.minutes).toBeLessThanOrEqual(10)
    expect((await redeem(url?.split('token=')[1])).status).toBe(200)
    expect(existsSync(path)).toBe(false)
  })

  test('on a terminal leaves no file', async () => {
    await firstSignInLink(keyward.people, { toFile: true })
    expect(await firstSignInLink(keyward.people, { toFile: false })).toContain('kwl_')
    expect(existsSync(join(keyward.folder, 'sign-in-link'))).toBe(false)
  })

  test('each start gives a link until an admin has a way to sign in, then none', async () => {
    expect(await firstSignInLink(keyward.people, { toFile: true })).toBeDefined()
    expect(await firstSignInLink(keyward.people, { toFile: true })).toBeDefined()
    const viewer = await keyward.signedIn('viewer')
    await viewer.put('/api/v1/me/password', { password: 'FAKE example viewer words' })
    expect(await firstSignInLink(keyward.people, { toFile: true })).toBeDefined()
    const admin = await keyward.signedInAsAdmin()
    expect((await admin.put('/api/v1/me/password', { password: 'FAKE example admin words' })).status).toBe(204)
    expect(await firstSignInLink(keyward.people, { toFile: true })).toBeUndefined()
    expect(existsSync(join(keyward.folder, 'sign-in-link'))).toBe(false)
  })

  test('of several nodes makes one built-in administrator', async () => {
    await Promise.all(Array.from({ length: 5 }, () => firstSignInLink(keyward.people, { toFile: false })))
    expect(await keyward.db.selectFrom('users').select('id').where('built_in', '=', true).execute()).toHaveLength(1)
  })
})
