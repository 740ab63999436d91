import { createHash, createHmac } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Authenticator, type Faults } from './authenticator.ts'
import { type Browser, problem, type TestConsole, testConsole } from './console.ts'

let keyward: TestConsole
beforeAll(async () => {
  keyward = await testConsole()
})
afterAll(() => keyward.end())
beforeEach(() => keyward.db.deleteFrom('attempt_counters').execute())

async function register(browser: Browser, faults: Faults = {}, authenticator = new Authenticator()) {
  const options = (await browser.post('/api/v1/me/passkeys/options')).body
  const response = authenticator.create(options, keyward.origin, faults)
  const answer = await browser.post('/api/v1/me/passkeys', { name: 'Laptop', response })
  return { authenticator, options, response, answer }
}

async function signIn(authenticator: Authenticator, faults: Faults = {}, browser = keyward.browser()) {
  const options = (await browser.post('/api/v1/sign-in/passkey/options')).body
  const response = authenticator.get(options, keyward.origin, faults)
  return { browser, response, answer: await browser.post('/api/v1/sign-in/passkey', { response }) }
}

/** A challenge like those that the server makes, with an end of our choice. */
function endingIn(ms: number): string {
  const head = Buffer.alloc(22, 5)
  head.writeUIntBE(Date.now() + ms, 16, 6)
  const key = keyward.people.vault.fingerprintOfDigest(createHash('sha256').update('keyward/challenges/1').digest())
  const mac = createHmac('sha256', key)
    .update(JSON.stringify(['passkey-sign-in', '']))
    .update(head)
    .digest()
    .subarray(0, 16)
  return Buffer.concat([head, mac]).toString('base64url')
}

describe('adding a passkey', () => {
  test('asks for a discoverable one with the person verified, bound to this host', async () => {
    const browser = await keyward.signedIn('viewer')
    const options = (await browser.post('/api/v1/me/passkeys/options')).body
    expect(options).toMatchObject({
      rp: { id: 'localhost', name: 'Keyward (Example)' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
    expect(Buffer.from(options.user.id, 'base64url').toString()).toBe(browser.userId)
  })

  test('works, is listed, is on record, and is excluded from the next ceremony', async () => {
    const browser = await keyward.signedIn('viewer')
    const { answer, authenticator } = await register(browser)
    expect(answer.status).toBe(201)
    expect(answer.body).toMatchObject({ name: 'Laptop', last_used_at: null })
    expect((await browser.get('/api/v1/me/passkeys')).body.items).toEqual([answer.body])
    expect((await browser.get('/api/v1/me')).body).toMatchObject({ needs_sign_in_method: false, user: { sign_in: { passkeys: 1 } } })
    const again = (await browser.post('/api/v1/me/passkeys/options')).body
    expect(again.excludeCredentials).toEqual([
      expect.objectContaining({ id: authenticator.id.toString('base64url'), transports: ['internal'] }),
    ])
    const { rows } = await sql`select from audit_entries where action = 'passkey.add' and target_id = ${answer.body.id}`.execute(keyward.db)
    expect(rows).toHaveLength(1)
  })

  test.each<[string, Faults]>([
    ['for another origin', { origin: 'http://localhost:1' }],
    ['for another host', { rpId: 'evil.example' }],
    ['without verifying the person', { userVerified: false }],
    ['for a challenge that is not ours', { challenge: Buffer.alloc(38, 7).toString('base64url') }],
  ])('made %s is refused', async (_name, faults) => {
    const browser = await keyward.signedIn('viewer')
    const { answer } = await register(browser, faults)
    expect([answer.status, answer.body.code]).toEqual([401, 'sign-in-failed'])
    expect((await browser.get('/api/v1/me/passkeys')).body.items).toEqual([])
  })

  test('takes each challenge once, and only from the person that it was made for', async () => {
    const [browser, thief] = [await keyward.signedIn('viewer'), await keyward.signedIn('viewer')]
    const options = (await browser.post('/api/v1/me/passkeys/options')).body
    expect((await thief.post('/api/v1/me/passkeys', { response: new Authenticator().create(options, keyward.origin) })).status).toBe(401)
    expect((await browser.post('/api/v1/me/passkeys', { response: new Authenticator().create(options, keyward.origin) })).status).toBe(201)
    expect((await browser.post('/api/v1/me/passkeys', { response: new Authenticator().create(options, keyward.origin) })).status).toBe(401)
  })

  test('that somebody has already is refused', async () => {
    const { authenticator } = await register(await keyward.signedIn('viewer'))
    expect((await register(await keyward.signedIn('viewer'), {}, authenticator)).answer.status).toBe(401)
  })

  test('needs a fresh authentication', async () => {
    const browser = await keyward.signedIn('viewer')
    await sql`update sessions set authenticated_at = now() - interval '11 minutes' where user_id = ${browser.userId}`.execute(keyward.db)
    expect((await browser.post('/api/v1/me/passkeys/options')).body.code).toBe('fresh-auth-required')
  })

  test.each([
    {},
    { id: 7 },
    { id: 'x', rawId: 'x', type: 'public-key', response: {} },
    { id: 'x', rawId: 'x', response: { clientDataJSON: '{', attestationObject: 'oA' } },
  ])('garbage %j is refused as such', async (response) => {
    const browser = await keyward.signedIn('viewer')
    expect((await browser.post('/api/v1/me/passkeys', { response })).status).toBe(401)
    expect((await browser.post('/api/v1/sign-in/passkey', { response })).status).toBe(401)
  })
})

describe('signing in with a passkey', () => {
  test('works without saying who, and counts', async () => {
    const owner = await keyward.signedIn('operator')
    const { authenticator, answer: made } = await register(owner)
    const { answer } = await signIn(authenticator)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ user: { id: owner.userId }, session: { method: 'passkey', fresh: true } })
    const row = await keyward.db
      .selectFrom('passkeys')
      .select(['sign_count', 'last_used_at'])
      .where('id', '=', made.body.id)
      .executeTakeFirstOrThrow()
    expect([row.sign_count, row.last_used_at === null]).toEqual([1n, false])
    expect((await signIn(authenticator, { userHandle: null })).answer.status).toBe(200)
  })

  test('an answer works once, also sent five times at once', async () => {
    const { authenticator } = await register(await keyward.signedIn('viewer'))
    const browser = keyward.browser()
    const options = (await browser.post('/api/v1/sign-in/passkey/options')).body
    const response = authenticator.get(options, keyward.origin)
    const answers = await Promise.all(Array.from({ length: 5 }, () => keyward.browser().post('/api/v1/sign-in/passkey', { response })))
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 401, 401, 401, 401])
  })

  test.each<[string, Faults]>([
    ['for another origin', { origin: 'https://evil.example' }],
    ['for another host', { rpId: 'evil.example' }],
    ['without verifying the person', { userVerified: false }],
    ['with a signature that is not right', { signature: Buffer.alloc(70, 1) }],
    ['with a counter that stood still: a copy of the key', { counter: 1 }],
    ['for another user', { userHandle: Buffer.from('usr_other').toString('base64url') }],
    ['for a challenge that is not ours', { challenge: Buffer.alloc(38, 7).toString('base64url') }],
  ])('%s is refused like an unknown key', async (_name, faults) => {
    const { authenticator } = await register(await keyward.signedIn('viewer'))
    expect((await signIn(authenticator)).answer.status).toBe(200)
    const unknown = (await signIn(new Authenticator())).answer
    const { answer, browser } = await signIn(authenticator, faults)
    expect(problem(answer)).toEqual(problem(unknown))
    expect(browser.cookies.size).toBe(0)
  })

  test('a challenge of adding does not sign in', async () => {
    const browser = await keyward.signedIn('viewer')
    const { authenticator } = await register(browser)
    const { challenge } = (await browser.post('/api/v1/me/passkeys/options')).body
    expect((await signIn(authenticator, { challenge })).answer.status).toBe(401)
  })

  test('a challenge is over after five minutes', async () => {
    const { authenticator } = await register(await keyward.signedIn('viewer'))
    const options = (await keyward.browser().post('/api/v1/sign-in/passkey/options')).body
    const endMs = Buffer.from(options.challenge, 'base64url').readUIntBE(16, 6)
    const { rows } = await sql<{
      seconds: number
    }>`select extract(epoch from to_timestamp(${endMs}::float8 / 1000) - now())::float8 as seconds`.execute(keyward.db)
    expect(rows[0]?.seconds).toBeGreaterThan(290)
    expect(rows[0]?.seconds).toBeLessThanOrEqual(300)
    expect((await signIn(authenticator, { challenge: endingIn(60_000) })).answer.status).toBe(200)
    expect((await signIn(authenticator, { challenge: endingIn(-1_000) })).answer.status).toBe(401)
  })

  test('of a disabled user is refused', async () => {
    const owner = await keyward.signedIn('viewer')
    const { authenticator } = await register(owner)
    await keyward.db.updateTable('users').set({ state: 'disabled' }).where('id', '=', owner.userId).execute()
    expect((await signIn(authenticator)).answer.status).toBe(401)
  })

  test('guessing is counted by address', async () => {
    let last = 0
    for (let i = 0; i < 61; i++) last = (await keyward.browser().post('/api/v1/sign-in/passkey', { response: { id: 'x' } })).status
    expect(last).toBe(429)
  })

  test('handing out options stores nothing', async () => {
    const count = () => sql`select id from challenges`.execute(keyward.db)
    const before = (await count()).rows.length
    for (let i = 0; i < 20; i++) await keyward.browser().post('/api/v1/sign-in/passkey/options')
    expect((await count()).rows).toHaveLength(before)
  })
})

describe('removing a passkey', () => {
  test('works while another way in is left; the last one stays', async () => {
    const browser = await keyward.signedIn('viewer')
    const first = (await register(browser)).answer.body.id
    const second = (await register(browser)).answer.body.id
    expect((await browser.delete(`/api/v1/me/passkeys/${first}`)).status).toBe(204)
    const refused = await browser.delete(`/api/v1/me/passkeys/${second}`)
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict'])
    await browser.put('/api/v1/me/password', { password: 'FAKE example words of a test' })
    expect((await browser.delete(`/api/v1/me/passkeys/${second}`)).status).toBe(204)
  })

  test('of somebody else is not found', async () => {
    const id = (await register(await keyward.signedIn('viewer'))).answer.body.id
    expect((await (await keyward.signedIn('viewer')).delete(`/api/v1/me/passkeys/${id}`)).status).toBe(404)
  })
})

test('where the installation has an address and no name, passkeys say what to do', async () => {
  const bare = await testConsole({ origin: 'https://192.0.2.7' })
  try {
    const answer = await bare.browser().post('/api/v1/sign-in/passkey/options', undefined, { origin: 'https://192.0.2.7' })
    expect(answer.status).toBe(401)
    expect(answer.body.detail).toContain('https://localhost')
  } finally {
    await bare.end()
  }
})
