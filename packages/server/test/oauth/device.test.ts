import { userCodeLetters } from '@keyward/contract/device'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connecting, type Person, redirectUri, startConnecting } from '../../../../tests/support/connecting.ts'

/* Logins of the command line: by device code (RFC 8628), and by a browser on the same machine (RFC 8252). */

let at: Connecting
let person: Person
beforeAll(async () => {
  at = await startConnecting()
  person = await at.addPerson('ada', [{ role: 'operator' }])
}, 60_000)
afterAll(async () => {
  await at?.stop()
})

const client = { client_id: 'keyward-cli' }

async function begin(form: Record<string, string> = {}): Promise<{ status: number; body: Record<string, string> }> {
  const response = await fetch(`${at.keyward.origin}/oauth2/device_authorization`, {
    method: 'POST',
    body: new URLSearchParams({ ...client, machine: 'build-7', ...form }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}

/** Polls as if the interval had passed: waiting five seconds proves nothing more. */
async function poll(device: string | undefined) {
  await at.sql("update device_logins set polled_at = polled_at - interval '10 seconds'")
  return await at.token({ grant_type: 'urn:ietf:params:oauth:grant-type:device_code', ...client, device_code: device })
}

const decide = (who: Person, code: string | undefined, approve = true) =>
  who.ask('POST', '/api/v1/device-logins/decide', { user_code: code, approve })

test('RFC 8628 3.2: a device gets a code to show, an address without it, an end and an interval', async () => {
  const { status, body } = await begin()
  expect(status).toBe(200)
  expect(body).toMatchObject({ verification_uri: `${at.keyward.issuer}/device`, expires_in: 600, interval: 5 })
  expect(body).not.toHaveProperty('verification_uri_complete')
  expect(body.user_code).toMatch(new RegExp(`^[${userCodeLetters}]{4}-[${userCodeLetters}]{4}$`))
})

test('RFC 8628 6.1: the letters of a code are not taken for one another, and make no words', () => {
  for (const letter of 'AEIOUY01') expect(userCodeLetters).not.toContain(letter)
})

test('RFC 8628 3.3 to 3.5: pending, then what the person approved: an API token of theirs, for hours, once', async () => {
  const { body } = await begin()
  expect((await poll(body.device_code)).body.error).toBe('authorization_pending')
  const found = await person.ask('POST', '/api/v1/device-logins/find', { user_code: body.user_code?.toLowerCase().replace('-', ' ') })
  expect(found.body).toMatchObject({ machine: 'build-7', ip: expect.any(String), hours: 12 })
  expect((await decide(person, body.user_code)).status).toBe(204)
  const { status, body: token } = await poll(body.device_code)
  expect([status, token.token_type, token.expires_in]).toEqual([200, 'Bearer', 43_200])
  const me = await fetch(`${at.keyward.origin}/api/v1/me`, { headers: { authorization: `Bearer ${token.access_token}` } })
  expect(await me.json()).toMatchObject({ user: { id: person.id }, session: { fresh: false } })
  const [kind] = (await person.ask('GET', '/api/v1/me/api-tokens')).body.items
  expect(kind).toMatchObject({ kind: 'login', name: 'keyward login, build-7' })
  expect((await poll(body.device_code)).body.error).toBe('invalid_grant')
})

test('RFC 8628 3.5: slow_down, access_denied and expired_token', async () => {
  const fast = (await begin()).body
  const ask = () => at.token({ grant_type: 'urn:ietf:params:oauth:grant-type:device_code', ...client, device_code: fast.device_code })
  expect((await ask()).body.error).toBe('authorization_pending')
  expect((await ask()).body.error).toBe('slow_down')
  const refused = (await begin()).body
  await decide(person, refused.user_code, false)
  expect((await poll(refused.device_code)).body.error).toBe('access_denied')
  const late = (await begin()).body
  await at.sql("update device_logins set expires_at = now() - interval '1 second' where decided_at is null")
  expect((await poll(late.device_code)).body.error).toBe('expired_token')
  expect((await decide(person, late.user_code)).status).toBe(404)
})

test('a code is decided once, by a person at a browser', async () => {
  const { body } = await begin()
  const byToken = await fetch(`${at.keyward.origin}/api/v1/device-logins/decide`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await at.keyward.login()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ user_code: body.user_code, approve: true }),
  })
  expect(byToken.status).toBe(403)
  expect((await decide(person, body.user_code)).status).toBe(204)
  expect((await decide(at.admin, body.user_code)).status).toBe(404)
})

test('RFC 8628 5.1: a person who guesses codes is stopped after ten', async () => {
  const guesser = await at.addPerson('guesser', [{ role: 'viewer' }])
  const statuses = []
  for (let guess = 0; guess < 12; guess++) {
    const code = [...'BBBBBBBB'].map((_, place) => userCodeLetters[(guess * 7 + place) % userCodeLetters.length]).join('')
    statuses.push((await guesser.ask('POST', '/api/v1/device-logins/find', { user_code: code })).status)
  }
  expect(statuses).toEqual([...Array(10).fill(404), 429, 429])
})

test('codes are for the command line alone, are told to nobody twice, and are stored in no readable form', async () => {
  expect((await begin({ client_id: at.publish('editor') })).body.error).toBe('unauthorized_client')
  const { body } = await begin()
  const rows = JSON.stringify(
    await at.sql("select encode(device_hash, 'escape') d, encode(user_code_hash, 'escape') u, machine from device_logins"),
  )
  expect(rows).not.toContain(body.device_code)
  expect(rows).not.toContain(body.user_code?.replace('-', ''))
})

test('one address can have 20 codes waiting', async () => {
  await at.sql("update device_logins set expires_at = now() - interval '1 second'")
  const statuses = []
  for (let index = 0; index < 21; index++) statuses.push((await begin()).status)
  expect(statuses).toEqual([...Array(20).fill(200), 503])
  await at.sql("update device_logins set expires_at = now() - interval '1 second'")
})

test('a machine can call itself nothing that deceives', async () => {
  const { body } = await begin({ machine: `yours\u202e\u0007\n${'x'.repeat(200)}` })
  const found = await person.ask('POST', '/api/v1/device-logins/find', { user_code: body.user_code })
  expect(found.body.machine).toMatch(/^yoursx{50,64}$/)
})

test('RFC 8252: a login by a browser on the same machine gives an API token, once; a code that comes twice ends it', async () => {
  const { query, verifier } = at.request('keyward-cli', { resource: undefined })
  const request = await at.carried(query)
  const read = await person.ask('POST', '/api/v1/authorization-requests/read', { request })
  expect(read.body).toMatchObject({ purpose: 'login', client: { kind: 'command_line' }, redirect: { kind: 'loopback' }, grants: [] })
  const code = (await at.consent(person, query, { grant: undefined })).get('code') ?? ''
  const form = { grant_type: 'authorization_code', ...client, code, redirect_uri: redirectUri, code_verifier: verifier }
  const { status, body } = await at.token(form)
  expect(status).toBe(200)
  expect(body).toMatchObject({ access_token: expect.stringMatching(/^kwu_/), expires_in: 43_200 })
  expect(body).not.toHaveProperty('refresh_token')
  const me = () => fetch(`${at.keyward.origin}/api/v1/me`, { headers: { authorization: `Bearer ${body.access_token}` } })
  expect((await me()).status).toBe(200)
  expect((await at.token(form)).body.error).toBe('invalid_grant')
  expect((await me()).status).toBe(401)
})
