import { generateKeyPairSync, type KeyPairKeyObjectResult, randomBytes } from 'node:crypto'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connecting, redirectUri, startConnecting } from '../../../../tests/support/connecting.ts'
import { dpopProof } from './proofs.ts'

/* The authorization endpoint and the code (OAuth 2.1, RFC 6749, 7636, 8252, 8707, 9207, 9449, 9700), over HTTP. */

let at: Connecting
let client: string
beforeAll(async () => {
  at = await startConnecting()
  client = at.publish('editor')
}, 60_000)
afterAll(async () => {
  await at?.stop()
})

/** Asks with a proof, and with the nonce that the server wants in it (RFC 9449 section 8). */
function provingAt(htu: string) {
  return async (key: KeyPairKeyObjectResult, form: Record<string, string>) => {
    const first = await at.token(form, { dpop: dpopProof.make(key, 'POST', htu) })
    const nonce = first.headers.get('dpop-nonce')
    return first.body.error === 'use_dpop_nonce' && nonce !== null
      ? await at.token(form, { dpop: dpopProof.make(key, 'POST', htu, { nonce }) })
      : first
  }
}

/** Where a refused request leads, and what it says. */
async function refusedAt(more: Record<string, string | undefined>) {
  const response = await at.authorize(at.request(client, more).query)
  const location = new URL(response.headers.get('location') ?? 'none:')
  return { status: response.status, to: location.origin + location.pathname, answer: Object.fromEntries(location.searchParams) }
}

test('RFC 8414: the metadata names the endpoint, S256, the issuer in answers, and clients by their document', async () => {
  const metadata = await (await fetch(`${at.keyward.origin}/.well-known/oauth-authorization-server`)).json()
  expect(metadata).toMatchObject({
    authorization_endpoint: `${at.keyward.issuer}/oauth2/authorize`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
    device_authorization_endpoint: `${at.keyward.issuer}/oauth2/device_authorization`,
  })
  expect(metadata.grant_types_supported).toEqual(expect.arrayContaining(['authorization_code', 'refresh_token']))
  expect(metadata.token_endpoint_auth_methods_supported).toContain('none')
  expect(JSON.stringify(metadata)).not.toContain('offline_access')
})

test('OAuth 2.1 4.1: a person says yes, and the client acts for them, as their agent, on that resource alone', async () => {
  const { query, verifier } = at.request(client)
  const request = await at.carried(query)
  const read = await at.admin.ask('POST', '/api/v1/authorization-requests/read', { request })
  expect(read.body).toMatchObject({
    purpose: 'agent',
    client: { kind: 'document', id: client, name: 'Editor editor', host: new URL(client).host },
    redirect: { kind: 'loopback', host: '127.0.0.1:4711' },
    resource: { name: 'crm' },
    grants: [{ id: at.grant, workload: at.estate.workload, consented_until: null }],
  })
  const answer = await at.consent(at.admin, query)
  expect(Object.fromEntries(answer)).toMatchObject({ state: query.get('state'), iss: at.keyward.issuer })
  const form = {
    grant_type: 'authorization_code',
    client_id: client,
    code: answer.get('code') ?? '',
    redirect_uri: redirectUri,
    code_verifier: verifier,
  }
  const { status, headers, body } = await at.token({ ...form, resource: `${at.keyward.issuer}/g/crm` })
  expect(status).toBe(200)
  expect(headers.get('cache-control')).toBe('no-store')
  expect(body).toMatchObject({ token_type: 'Bearer', scope: `grant:${at.grant}`, refresh_token: expect.stringMatching(/^kwr_/) })
  expect(decodeJwt(body.access_token)).toMatchObject({
    sub: at.admin.id,
    client_id: client,
    act: { sub: at.estate.workload },
    workload: at.estate.workload,
    aud: `${at.keyward.issuer}/g/crm`,
  })
  expect(await at.call(body.access_token)).toBe(200)
  const [entry] = (await at.keyward.api<{ items: Record<string, unknown>[] }>('GET', '/api/v1/audit?action=consent.create')).items
  expect(entry).toMatchObject({ on_behalf_of: at.admin.id, grant: at.grant, decision: 'done' })
})

test('RFC 9700 4.12: the way on is a 303, for GET and for POST', async () => {
  const { query } = at.request(client)
  expect((await at.authorize(query)).status).toBe(303)
  const posted = await fetch(`${at.keyward.origin}/oauth2/authorize`, { method: 'POST', body: query, redirect: 'manual' })
  expect(posted.status).toBe(303)
  expect(posted.headers.get('location')).toContain(`${at.keyward.issuer}/authorize?request=`)
})

test('RFC 6749 4.1.2.1: nobody is sent anywhere until client and redirect address are proven', async () => {
  const broken: Record<string, string | undefined>[] = [
    { client_id: undefined },
    { client_id: 'cli_00000000000000000000000000' },
    { client_id: 'http://10.0.0.1/client.json' },
    { client_id: `${at.origin}/` },
    { redirect_uri: undefined },
    { redirect_uri: 'http://127.0.0.1:4711/other' },
    { redirect_uri: 'http://127.0.0.1:4711/callback?x=1' },
    { redirect_uri: 'http://localhost:4711/callback' },
    { redirect_uri: 'http://127.0.0.1.evil.example/callback' },
    { redirect_uri: 'http://127.0.0.1:4711@evil.example/callback' },
    { redirect_uri: 'https://127.0.0.1:4711/callback' },
    { redirect_uri: 'http://127.0.0.1:4711/callback#x' },
    { redirect_uri: 'http://127.0.0.1:4711/Callback' },
  ]
  for (const more of broken) {
    const response = await at.authorize(at.request(client, more).query)
    expect([more, response.status, response.headers.get('location')]).toEqual([more, 400, null])
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  }
  const { query } = at.request(client)
  query.append('redirect_uri', redirectUri)
  expect((await at.authorize(query)).status).toBe(400)
})

test('RFC 8252 7.3: the port of a loopback redirect address may be any', async () => {
  for (const redirect of ['http://127.0.0.1/callback', 'http://127.0.0.1:1/callback', 'http://127.0.0.1:65535/callback'])
    expect((await at.authorize(at.request(client, { redirect_uri: redirect }).query)).status).toBe(303)
  const exact = at.publish('exact', { redirect_uris: ['https://app.example.com:8443/callback'] })
  const other = at.request(exact, { redirect_uri: 'https://app.example.com:8444/callback' })
  expect((await at.authorize(other.query)).status).toBe(400)
})

test.each([
  ['RFC 6749 4.1.2.1: another response_type', { response_type: 'token' }, 'unsupported_response_type'],
  ['RFC 6749 4.1.2.1: no response_type', { response_type: undefined }, 'invalid_request'],
  ['RFC 7636 4.4.1: no code_challenge', { code_challenge: undefined }, 'invalid_request'],
  ['RFC 9700 2.1.1: PKCE by plain', { code_challenge_method: 'plain' }, 'invalid_request'],
  ['RFC 9700 2.1.1: PKCE without a method, which would be plain', { code_challenge_method: undefined }, 'invalid_request'],
  ['RFC 7636 4.2: a challenge that is no SHA-256', { code_challenge: 'short' }, 'invalid_request'],
  ['RFC 8707 2: no resource', { resource: undefined }, 'invalid_target'],
  ['RFC 8707 2: a resource that is not ours', { resource: 'https://elsewhere.example/g/crm' }, 'invalid_target'],
  ['RFC 6749 3.3: an unknown scope', { scope: 'everything' }, 'invalid_scope'],
  ['RFC 9449 10: a dpop_jkt that is no thumbprint', { dpop_jkt: 'x' }, 'invalid_request'],
  ['OpenID Connect 3.1.2.6: prompt=none', { prompt: 'none' }, 'interaction_required'],
  ['RFC 9101: a request object', { request: 'e30.e30.' }, 'request_not_supported'],
  ['OAuth 2.1: a response_mode that leaks', { response_mode: 'fragment' }, 'invalid_request'],
])('%s is told to the client', async (_name, more, error) => {
  const { status, to, answer } = await refusedAt(more)
  expect([status, to]).toEqual([303, redirectUri])
  expect(answer).toMatchObject({ error, iss: at.keyward.issuer, state: expect.any(String) })
})

test('RFC 6749 3.1: a parameter that comes twice is refused; RFC 8707: resource may, but one token is for one resource', async () => {
  const { query } = at.request(client)
  query.append('scope', 'a')
  query.append('scope', 'b')
  expect(new URL((await at.authorize(query)).headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request')
  const twice = at.request(client).query
  twice.append('resource', `${at.keyward.issuer}/g/other`)
  expect(new URL((await at.authorize(twice)).headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_target')
})

test('RFC 8707 2: scope=grant:ID says enough without a resource', async () => {
  const { query } = at.request(client, { resource: undefined, scope: `grant:${at.grant}` })
  expect((await at.consent(at.admin, query)).get('code')).toMatch(/^kwa_/)
})

test('a request of up to 8 KiB gets to the person whole; a longer one is stopped', async () => {
  const { query } = at.request(client)
  const room = 8_192 - query.toString().length - '&padding='.length
  query.set('padding', 'x'.repeat(room))
  const read = await at.admin.ask('POST', '/api/v1/authorization-requests/read', { request: await at.carried(query) })
  expect(read.status).toBe(200)
  query.set('padding', 'x'.repeat(room + 1))
  expect((await at.authorize(query)).status).toBe(400)
})

test('RFC 6749 4.1.2.1: a no is access_denied', async () => {
  const { query } = at.request(client)
  const answer = await at.consent(at.admin, query, { approve: false, grant: undefined })
  expect(Object.fromEntries(answer)).toMatchObject({ error: 'access_denied', state: query.get('state'), iss: at.keyward.issuer })
})

test('OAuth 2.1 4.1.3: a code is for its client, redirect address, verifier and resource', async () => {
  const other = at.publish('other')
  const { query, verifier } = at.request(client)
  const code = (await at.consent(at.admin, query)).get('code') ?? ''
  const form = { grant_type: 'authorization_code', client_id: client, code, redirect_uri: redirectUri, code_verifier: verifier }
  const wrong: [Record<string, string | undefined>, string][] = [
    [{ client_id: other }, 'invalid_grant'],
    [{ redirect_uri: 'http://127.0.0.1:4712/callback' }, 'invalid_grant'],
    [{ redirect_uri: undefined }, 'invalid_request'],
    [{ code_verifier: randomBytes(32).toString('base64url') }, 'invalid_grant'],
    [{ code_verifier: query.get('code_challenge') ?? '' }, 'invalid_grant'],
    [{ code_verifier: undefined }, 'invalid_request'],
    [{ code: `${code.slice(0, -1)}x` }, 'invalid_grant'],
    [{ resource: `${at.keyward.issuer}/g/other` }, 'invalid_target'],
    [{ client_id: undefined }, 'invalid_client'],
    [{ client_secret: 'FAKE' }, 'invalid_client'],
  ]
  for (const [more, error] of wrong) expect([more, (await at.token({ ...form, ...more })).body.error]).toEqual([more, error])
  // None of them used it up.
  expect((await at.token(form)).status).toBe(200)
})

test('OAuth 2.1 4.1.3: a code that comes twice ends what the first became, at once', async () => {
  const first = await at.connect(at.admin, client)
  expect(await at.call(first.access)).toBe(200)
  const again = await at.token({
    grant_type: 'authorization_code',
    client_id: client,
    code: first.code,
    redirect_uri: redirectUri,
    code_verifier: first.verifier,
  })
  expect([again.status, again.body.error]).toEqual([400, 'invalid_grant'])
  expect(await at.call(first.access)).toBe(401)
  const refreshed = await at.token({ grant_type: 'refresh_token', client_id: client, refresh_token: first.refresh })
  expect(refreshed.body.error).toBe('invalid_grant')
})

test('OAuth 2.1 4.1.3: of ten at once with one code, none goes on with a token', async () => {
  const { query, verifier } = at.request(client)
  const code = (await at.consent(at.admin, query)).get('code') ?? ''
  const form = { grant_type: 'authorization_code', client_id: client, code, redirect_uri: redirectUri, code_verifier: verifier }
  const answers = await Promise.all(Array.from({ length: 10 }, () => at.token(form)))
  const won = answers.filter((answer) => answer.status === 200)
  expect(won.length).toBeLessThanOrEqual(1)
  for (const { body } of won) expect(await at.call(body.access_token)).toBe(401)
  expect(
    await at.sql(
      'select 1 from tokens where family = (select family from authorization_codes where code_challenge = $1) and revoked_at is null',
      [query.get('code_challenge')],
    ),
  ).toEqual([])
})

test('RFC 6749 4.1.2: a code is good for 60 seconds', async () => {
  const { query, verifier } = at.request(client)
  const code = (await at.consent(at.admin, query)).get('code') ?? ''
  const [row] = await at.sql(
    'select extract(epoch from expires_at - now())::int as seconds from authorization_codes where code_challenge = $1',
    [query.get('code_challenge')],
  )
  expect(row?.seconds).toBeLessThanOrEqual(60)
  await at.sql("update authorization_codes set expires_at = now() - interval '1 second' where code_challenge = $1", [
    query.get('code_challenge'),
  ])
  const answered = await at.token({
    grant_type: 'authorization_code',
    client_id: client,
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  })
  expect(answered.body.error).toBe('invalid_grant')
})

test('RFC 9449 10: a code with dpop_jkt goes to the holder of that key alone, and its tokens are bound to it', async () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { query, verifier } = at.request(client, { dpop_jkt: dpopProof.thumbprint(key) })
  const code = (await at.consent(at.admin, query)).get('code') ?? ''
  const form = { grant_type: 'authorization_code', client_id: client, code, redirect_uri: redirectUri, code_verifier: verifier }
  const prove = provingAt(`${at.keyward.issuer}/oauth2/token`)
  expect((await at.token(form)).body.error).toBe('invalid_grant')
  expect((await prove(other, form)).body.error).toBe('invalid_grant')
  const { body } = await prove(key, form)
  expect(body.token_type).toBe('DPoP')
  expect(decodeJwt(body.access_token)).toMatchObject({ cnf: { jkt: dpopProof.thumbprint(key) }, assurance: 'key_bound' })
  const refresh = { grant_type: 'refresh_token', client_id: client, refresh_token: body.refresh_token }
  expect((await at.token(refresh)).body.error).toBe('invalid_grant')
  expect((await prove(other, refresh)).body.error).toBe('invalid_grant')
  expect((await prove(key, refresh)).body.token_type).toBe('DPoP')
})

test('RFC 9396: a person says yes to less than the grant, the token says so, and the gateway holds to it', async () => {
  const details = JSON.stringify([{ type: 'http', locations: [`${at.keyward.issuer}/g/crm`], methods: ['GET'], paths: ['/only/**'] }])
  const tokens = await at.connect(at.admin, client, { authorization_details: details })
  expect(tokens.body.authorization_details).toMatchObject([{ type: 'http', identifier: at.grant, methods: ['GET'], paths: ['/only/**'] }])
  expect(await at.call(tokens.access)).toBe(403)
  const refreshed = await at.token({ grant_type: 'refresh_token', client_id: client, refresh_token: tokens.refresh })
  expect(refreshed.body.authorization_details).toMatchObject([{ paths: ['/only/**'] }])
})

test('a workload that is a client authenticates as always, and acts under its own grants alone', async () => {
  const { workload } = at.estate
  const identity = await at.keyward.api<{ secret?: string; client_secret?: string }>('POST', `/api/v1/workloads/${workload}/identities`, {
    method: 'client_secret_basic',
  })
  const secret = identity.client_secret ?? identity.secret ?? ''
  await at.keyward.api('POST', '/api/v1/oauth-clients', {
    name: 'Agent portal',
    workload,
    redirect_uris: ['https://portal.example.com/cb'],
  })
  const { query, verifier } = at.request(workload, { redirect_uri: 'https://portal.example.com/cb' })
  const code = (await at.consent(at.admin, query)).get('code') ?? ''
  const form = {
    grant_type: 'authorization_code',
    client_id: workload,
    code,
    redirect_uri: 'https://portal.example.com/cb',
    code_verifier: verifier,
  }
  expect((await at.token(form)).body.error).toBe('invalid_client')
  const authorization = `Basic ${Buffer.from(`${workload}:${secret}`).toString('base64')}`
  const { status, body } = await at.token(form, { authorization })
  expect(status).toBe(200)
  expect(decodeJwt(body.access_token)).toMatchObject({ sub: at.admin.id, client_id: workload })
})

test('a client that was registered connects, and everything of it ends when it is revoked', async () => {
  const registered = await at.keyward.api<{ id: string; client_id: string }>('POST', '/api/v1/oauth-clients', {
    name: 'Desk',
    redirect_uris: ['http://127.0.0.1/callback'],
  })
  const tokens = await at.connect(at.admin, registered.client_id)
  expect(await at.call(tokens.access)).toBe(200)
  await at.keyward.api('POST', `/api/v1/oauth-clients/${registered.id}/revoke`, { reason: 'a test' })
  expect(await at.call(tokens.access)).toBe(401)
  expect((await at.token({ grant_type: 'refresh_token', client_id: registered.client_id, refresh_token: tokens.refresh })).body.error).toBe(
    'invalid_client',
  )
  expect((await at.authorize(at.request(registered.client_id).query)).status).toBe(400)
})

test('a yes is remembered for a registered client; a program on this machine has a consent of its own each time', async () => {
  const registered = await at.keyward.api<{ client_id: string }>('POST', '/api/v1/oauth-clients', {
    name: 'Web app',
    redirect_uris: ['https://web.example.com/cb'],
  })
  const more = { redirect_uri: 'https://web.example.com/cb' }
  const consents = (id: string) => at.sql('select id from consents where client = $1', [id])
  await at.connect(at.admin, registered.client_id, more)
  const read = await at.admin.ask('POST', '/api/v1/authorization-requests/read', {
    request: await at.carried(at.request(registered.client_id, more).query),
  })
  expect(read.body.grants[0].consented_until).not.toBeNull()
  await at.connect(at.admin, registered.client_id, more)
  expect(await consents(registered.client_id)).toHaveLength(1)
  const local = at.publish('local')
  await at.connect(at.admin, local)
  await at.connect(at.admin, local)
  expect(await consents(local)).toHaveLength(2)
})
