import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connecting, type Person, redirectUri, startConnecting } from '../support/connecting.ts'

/* What a thief, another site, a hostile client and another signed-in person try at the way to a person's yes. */

let at: Connecting
let victim: Person
let client: string
beforeAll(async () => {
  at = await startConnecting()
  victim = await at.addPerson('victim', [{ role: 'operator' }])
  client = at.publish('editor')
}, 60_000)
afterAll(async () => {
  await at?.stop()
})

const decide = (person: Person, request: string, headers: Record<string, string> = {}, more: Record<string, unknown> = {}) =>
  person.ask('POST', '/api/v1/authorization-requests/decide', { request, approve: true, grant: at.grant, ...more }, headers)

test('CSRF: another site cannot say yes with the person’s cookie, whatever it sends', async () => {
  const request = await at.carried(at.request(client).query)
  for (const headers of [
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    { origin: at.keyward.origin, 'sec-fetch-site': 'same-site' },
    { origin: 'null', 'sec-fetch-site': 'cross-site' },
    { origin: `${at.keyward.origin}.evil.example`, 'sec-fetch-site': 'same-origin' },
  ])
    expect([headers, (await decide(victim, request, headers)).status]).toEqual([headers, 403])
  const form = await fetch(`${at.keyward.origin}/api/v1/authorization-requests/decide`, {
    method: 'POST',
    headers: { cookie: victim.cookie, 'content-type': 'application/x-www-form-urlencoded' },
    body: `request=${request}&approve=true`,
  })
  expect(form.status).toBeGreaterThanOrEqual(400)
  expect(await at.sql('select 1 from consents where user_id = $1', [victim.id])).toEqual([])
})

test('login CSRF and forced consent: looking at a request, and being sent through the endpoint with a cookie, says yes to nothing', async () => {
  const { query } = at.request(client)
  const response = await fetch(`${at.keyward.origin}/oauth2/authorize?${query}`, { headers: { cookie: victim.cookie }, redirect: 'manual' })
  expect(response.headers.get('location')).toContain(`${at.keyward.issuer}/authorize?`)
  expect(response.headers.get('set-cookie')).toBeNull()
  await victim.ask('POST', '/api/v1/authorization-requests/read', { request: await at.carried(query) })
  expect(await at.sql('select 1 from authorization_codes where user_id = $1', [victim.id])).toEqual([])
})

test('clickjacking: neither the consent page nor a page of the endpoint can be framed', async () => {
  for (const path of ['/authorize?request=q', '/device', '/oauth2/authorize']) {
    const { headers } = await fetch(at.keyward.origin + path)
    expect([path, headers.get('content-security-policy')]).toEqual([path, expect.stringContaining("frame-ancestors 'none'")])
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  }
})

test('double submit: one request is answered once, also by two clicks at the same time', async () => {
  const { query } = at.request(client)
  const request = await at.carried(query)
  const answers = await Promise.all(Array.from({ length: 5 }, () => decide(victim, request)))
  expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409, 409, 409, 409])
  expect(await at.sql('select 1 from authorization_codes where code_challenge = $1', [query.get('code_challenge')])).toHaveLength(1)
})

test('code injection: a code that was stolen is worth nothing in another’s session, for the verifier is not there', async () => {
  const mine = at.request(client)
  const stolen = (await at.consent(victim, at.request(client).query)).get('code') ?? ''
  const answered = await at.token({
    grant_type: 'authorization_code',
    client_id: client,
    code: stolen,
    redirect_uri: redirectUri,
    code_verifier: mine.verifier,
  })
  expect(answered.body.error).toBe('invalid_grant')
})

test('PKCE downgrade: a code is not exchanged without the verifier, nor with its challenge', async () => {
  const { query } = at.request(client)
  const code = (await at.consent(victim, query)).get('code') ?? ''
  const form = { grant_type: 'authorization_code', client_id: client, code, redirect_uri: redirectUri }
  expect((await at.token(form)).body.error).toBe('invalid_request')
  expect((await at.token({ ...form, code_verifier: query.get('code_challenge') ?? '' })).body.error).toBe('invalid_grant')
})

test('mix-up (RFC 9207): every answer names the issuer, refusals too', async () => {
  const yes = await at.consent(victim, at.request(client).query)
  const no = await at.consent(victim, at.request(client).query, { approve: false })
  const refused = new URL((await at.authorize(at.request(client, { response_type: 'token' }).query)).headers.get('location') ?? '')
    .searchParams
  for (const answer of [yes, no, refused]) expect(answer.getAll('iss')).toEqual([at.keyward.issuer])
})

test('open redirector (RFC 9700 4.11): a client that anybody can publish sends nobody on without a click', async () => {
  const evil = at.publish('evil', { redirect_uris: ['https://evil.example/landing'] })
  const response = await at.authorize(at.request(evil, { redirect_uri: 'https://evil.example/landing', scope: 'nonsense' }).query)
  expect([response.status, response.headers.get('location')]).toEqual([400, null])
  const page = await response.text()
  expect(page).toContain('Go back to evil.example')
  expect(page).not.toMatch(/http-equiv|<script|<form/i)
})

test('a name or address that holds markup stays text on the pages of the endpoint', async () => {
  const evil = at.publish('markup', {
    client_name: '<img src=x onerror=alert(1)>',
    redirect_uris: ['https://evil.example/x?"><script>alert(1)</script>'],
  })
  const bad = await (await at.authorize(at.request(evil, { redirect_uri: 'https://evil.example/other' }).query)).text()
  const refused = await (
    await at.authorize(at.request(evil, { redirect_uri: 'https://evil.example/x?"><script>alert(1)</script>', scope: 'x' }).query)
  ).text()
  for (const page of [bad, refused]) expect(page).not.toMatch(/<img|<script/)
})

test('what stands in the address of the consent page is anybody’s: a request that was tampered with is read anew', async () => {
  const { query } = at.request(client)
  const carry = (changed: URLSearchParams) => `q${Buffer.from(changed.toString()).toString('base64url')}`
  const tampered = (name: string, value: string) => {
    const copy = new URLSearchParams(query)
    copy.set(name, value)
    return carry(copy)
  }
  const wrong = [
    tampered('redirect_uri', 'https://evil.example/steal'),
    tampered('client_id', 'http://169.254.169.254/latest/meta-data'),
    tampered('code_challenge_method', 'plain'),
    tampered('resource', 'https://evil.example/g/crm'),
    'q',
    'not carried by us',
    `q${'A'.repeat(8_000)}`,
  ]
  for (const request of wrong) {
    const answered = await decide(victim, request)
    expect([request.slice(0, 40), answered.status]).toEqual([request.slice(0, 40), 400])
  }
})

test('a person cannot lend what is not theirs: grants beyond their role are neither shown nor taken', async () => {
  const team = await at.keyward.api<{ id: string }>('POST', '/api/v1/owners', { kind: 'team', name: 'Others', contact: '#others' })
  const outsider = await at.addPerson('outsider', [{ role: 'operator', team: team.id }])
  const viewer = await at.addPerson('viewer', [{ role: 'viewer' }])
  for (const person of [outsider, viewer]) {
    const request = await at.carried(at.request(client).query)
    expect((await person.ask('POST', '/api/v1/authorization-requests/read', { request })).body.grants).toEqual([])
    expect((await decide(person, request)).status).toBe(400)
  }
})

test('a grant for another resource is not taken for this one', async () => {
  const elsewhere = await at.keyward.api<{ id: string }>('POST', '/api/v1/resources', {
    name: 'other',
    kind: 'http',
    upstream: at.origin,
    credential: at.estate.credentials.crm,
    allow_private: true,
  })
  const scope = { methods: ['GET'], paths: ['/**'] }
  const other = await at.keyward.api<{ id: string }>('POST', '/api/v1/grants', {
    workload: at.estate.workload,
    resource: elsewhere.id,
    scope,
  })
  const request = await at.carried(at.request(client).query)
  expect((await decide(victim, request, {}, { grant: other.id })).status).toBe(400)
})

test('an API token says no yes: whoever stole one connects nothing', async () => {
  const request = await at.carried(at.request(client).query)
  const response = await fetch(`${at.keyward.origin}/api/v1/authorization-requests/decide`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await at.keyward.login()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ request, approve: true, grant: at.grant }),
  })
  expect(response.status).toBe(403)
})

test('the client of one person cannot refresh with the token of another client, and tokens of codes are no one else’s to end', async () => {
  const other = at.publish('other')
  const tokens = await at.connect(victim, client)
  expect((await at.token({ grant_type: 'refresh_token', client_id: other, refresh_token: tokens.refresh })).body.error).toBe(
    'invalid_grant',
  )
  expect(await at.call(tokens.access)).toBe(200)
})

test('an access token of a person’s client is neither a session nor an API token, and cannot say yes', async () => {
  const { access } = await at.connect(victim, client)
  for (const path of ['/api/v1/me', '/api/v1/consents', '/api/v1/workloads'])
    expect((await fetch(at.keyward.origin + path, { headers: { authorization: `Bearer ${access}` } })).status).toBe(401)
})

test('nothing that is worth stealing is in the log or in the database as it is', async () => {
  const tokens = await at.connect(victim, client)
  const log = at.keyward.log()
  const dump = JSON.stringify([
    await at.sql('select * from authorization_codes'),
    await at.sql('select * from refresh_tokens'),
    await at.sql('select details, target_id from audit_entries'),
  ])
  for (const secret of [tokens.access, tokens.refresh, tokens.code, tokens.verifier]) {
    expect(log).not.toContain(secret)
    expect(dump).not.toContain(secret)
  }
  const digest = createHash('sha256').update(tokens.refresh).digest()
  expect(await at.sql('select 1 from refresh_tokens where token_hash = $1', [digest])).toHaveLength(1)
})

test('guessed codes and refresh tokens find nothing, and cost no look at the database where their checksum is wrong', async () => {
  const guess = `kwr_${randomBytes(40).toString('hex').slice(0, 49)}`
  expect((await at.token({ grant_type: 'refresh_token', client_id: client, refresh_token: guess })).body.error).toBe('invalid_grant')
})
