import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Connecting, type Person, redirectUri, sha256, startConnecting } from '../support/connecting.ts'

/*
 * Garbage to every address of identity: what answers is an OAuth error, a problem document or a page, without a word about how we are made;
 * nothing of it is an error in our log, and nobody waits for ever.
 */

const seed = 20_261_124
const answerMsMax = 8_000
let at: Connecting
let operator: Person
let client: string
/** A real workload with a real secret, and what is real besides: garbage is to get as far as it can. */
let secret: string
let token: string
let refresh: string

beforeAll(async () => {
  at = await startConnecting()
  operator = await at.addPerson('operator', [{ role: 'admin' }])
  client = at.publish('garbage')
  const path = `/api/v1/workloads/${at.estate.workload}/identities`
  secret = (await at.keyward.api<{ client_secret: string }>('POST', path, { method: 'client_secret_basic' })).client_secret
  token = await at.estate.token(at.grant)
  refresh = (await at.connect(operator, client)).refresh
}, 60_000)
afterAll(async () => {
  await at?.stop()
})
/** What went wrong inside is in the log as an error. */
afterEach(() => {
  expect(at.keyward.process.exitCode).toBeNull()
  expect(
    at.keyward
      .log()
      .split('\n')
      .filter((line) => /"level":(?:"(?:error|fatal)"|[5-9]\d)/.test(line)),
  ).toEqual([])
})

const oursTold = /node_modules|\bat [\w.<>]+ \(|\.ts:\d|\bselect \w+ from |violates|[A-Za-z]*Error: |\/packages\/|ECONN|undefined/

interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
}

/** One request; a node that is deaf because this machine is busy is asked again. */
async function send(path: string, init: RequestInit = {}): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const response = await fetch(at.keyward.origin + path, { redirect: 'manual', signal: AbortSignal.timeout(answerMsMax), ...init })
    const text = await response.text()
    const answer = { status: response.status, type: response.headers.get('content-type') ?? '', text }
    if (response.status !== 503 || tries >= 20 || !/still reading what was revoked|node_deaf/.test(text)) return answer
  }
}

function expectCalm(answer: Answer, sent: unknown): void {
  const what = `${JSON.stringify(sent).slice(0, 900)} -> ${JSON.stringify(answer).slice(0, 900)}`
  expect([500, 501, 502, 503, 504], what).not.toContain(answer.status)
  if (!/html/.test(answer.type)) expect(answer.text, what).not.toMatch(oursTold)
}

function expectOAuth(answer: Answer, sent: unknown): void {
  expectCalm(answer, sent)
  if (answer.status === 200) return
  const body = JSON.parse(answer.text) as { error: string; error_description: string }
  expect(body, JSON.stringify(sent)).toMatchObject({ error: expect.any(String), error_description: expect.any(String) })
  // RFC 6749, section 5.2: the characters that either may hold.
  expect(body.error).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
  expect(body.error_description, JSON.stringify(sent)).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
}

const nasty = fc.constantFrom(
  ...['\u0000', 'a\u0000b', '\ud800', '__proto__', "'; drop table tokens; --", '%s%n', '../../etc/passwd', '-1', '1e999', '\u202e', '🔑'],
  ...[
    'a'.repeat(9_000),
    'http://[::1',
    'https://x\u0000y/',
    ' ',
    '\n\r\n',
    '{}',
    '[]',
    'null',
    '%00',
    'grant:',
    'grant:\u0000',
    'grant: grant:',
  ],
)
const jwtOf = (head: unknown, payload: unknown, signature: string) =>
  [...[head, payload].map((part) => Buffer.from(JSON.stringify(part) ?? '').toString('base64url')), signature].join('.')
const deep = (depth: number) => Buffer.from(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`).toString('base64url')
const jwt = fc.oneof(
  fc
    .tuple(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), fc.base64String({ maxLength: 90 }))
    .map((parts) => jwtOf(...parts)),
  fc
    .tuple(fc.constantFrom('RS256', 'ES256', 'EdDSA', 'none', 'HS256', '\u0000'), nasty, nasty, fc.double())
    .map(([alg, iss, sub, exp]) =>
      jwtOf({ alg, typ: 'JWT', kid: sub }, { iss, sub, aud: at?.keyward.issuer, exp, iat: exp, jti: iss }, 'AAAA'),
    ),
  fc.nat(4_000).map((depth) => `${deep(1)}.${deep(depth)}.AAAA`),
)
const real = () => fc.constantFrom(token, refresh, at.grant, `grant:${at.grant}`, at.estate.workload, client, redirectUri, 'keyward-cli')
const seldom = (one: fc.Arbitrary<string>) => fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: one })
const value = () =>
  fc.oneof(
    { weight: 3, arbitrary: nasty },
    { weight: 3, arbitrary: real() },
    { weight: 2, arbitrary: jwt },
    fc.string({ unit: 'binary', maxLength: 30 }),
  )

const names = [
  ...['scope', 'resource', 'audience', 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type', 'assertion', 'code'],
  ...['code_verifier', 'redirect_uri', 'refresh_token', 'device_code', 'subject_token', 'subject_token_type', 'actor_token', 'machine'],
  ...['actor_token_type', 'requested_token_type', 'authorization_details', 'federation_rule_id', 'token', '__proto__', 'dpop_jkt', 'state'],
] as const
const tokenType = 'urn:ietf:params:oauth:token-type:access_token'
const jwtType = 'urn:ietf:params:oauth:token-type:jwt'
/** What each grant type needs, so that one member that is wrong is what is looked at. */
const grants = (): Record<string, Record<string, string>> => ({
  client_credentials: { scope: `grant:${at.grant}` },
  authorization_code: { code: refresh.replace('kwr', 'kwa'), redirect_uri: redirectUri, code_verifier: 'v'.repeat(50), client_id: client },
  refresh_token: { refresh_token: `${refresh}x`, client_id: client },
  'urn:ietf:params:oauth:grant-type:device_code': { device_code: 'kwd_x', client_id: 'keyward-cli' },
  'urn:ietf:params:oauth:grant-type:jwt-bearer': { assertion: 'a.b.c' },
  'urn:ietf:params:oauth:grant-type:token-exchange': { subject_token: token, subject_token_type: tokenType },
  'urn:ietf:params:oauth:grant-type:token-exchange ': { subject_token: 'a.b.c', subject_token_type: jwtType },
})
const detail = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }).map((one) => JSON.stringify(one)),
  nasty.map((one) => JSON.stringify([{ type: 'http', methods: [one], paths: [one], identifier: one, locations: [one] }])),
  fc.nat(9_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
)
const form = () =>
  fc
    .tuple(
      fc.constantFrom(...Object.keys(grants())),
      fc.array(fc.tuple(fc.constantFrom(...names), value()), { maxLength: 3 }),
      seldom(detail),
    )
    .map(([grant, pairs, details]): Record<string, string> => {
      // No prototype: one of the names is `__proto__`.
      const whole = Object.assign(Object.create(null), { grant_type: grant.trim() }, grants()[grant])
      for (const [name, text] of pairs) whole[name] = text
      if (details !== undefined) whole.authorization_details = details
      return whole
    })
const encoded = (parameters: Record<string, string>) =>
  new URLSearchParams(Object.entries(parameters).map(([name, text]): [string, string] => [name, text.toWellFormed()])).toString()
const basic = () => `Basic ${Buffer.from(`${at.estate.workload}:${secret}`).toString('base64')}`
const formType = 'application/x-www-form-urlencoded'

test('the token endpoint, every grant type, by form and by JSON at the address of a resource, with a real client and without', async () => {
  let minted = 0
  const paths = fc.constantFrom('/oauth2/token', '/oauth2/token', '/g/crm/v1/oauth/token', '/g/nothing/v1/oauth/token')
  await fc.assert(
    fc.asyncProperty(form(), paths, fc.boolean(), fc.boolean(), seldom(jwt), async (sent, path, known, asJson, dpop) => {
      const headers: Record<string, string> = {
        'content-type': asJson ? 'application/json' : formType,
        ...(known ? { authorization: basic() } : {}),
        ...(dpop === undefined ? {} : { dpop }),
      }
      const answer = await send(path, { method: 'POST', headers, body: asJson ? JSON.stringify(sent) : encoded(sent) })
      expectOAuth(answer, { sent, path, known, asJson, dpop })
      if (answer.status === 200) minted += 1
    }),
    { numRuns: 500, seed },
  )
  // It would prove nothing if all of it fell at the door.
  expect(minted).toBeGreaterThan(5)
}, 120_000)

test('a NUL, which the database takes in no text, in each parameter of each grant type', async () => {
  const texts = ['\u0000', 'grant:\u0000', 'wl_\u0000', 'cli_\u0000', `${at.keyward.issuer}/g/\u0000`, `${token.slice(0, -1)}\u0000`]
  for (const grant of Object.keys(grants()))
    for (const name of names)
      await Promise.all(
        texts.flatMap((text) =>
          [true, false].map(async (known) => {
            const sent = { grant_type: grant.trim(), ...grants()[grant], [name]: text }
            const headers = { 'content-type': formType, ...(known ? { authorization: basic() } : {}) }
            expectOAuth(await send('/oauth2/token', { method: 'POST', headers, body: encoded(sent) }), sent)
          }),
        ),
      )
}, 120_000)

test('JSON of any shape at the address that speaks JSON', async () => {
  const body = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }).map((one) => JSON.stringify(one)),
    fc
      .tuple(fc.constantFrom(...names), fc.jsonValue({ maxDepth: 3 }))
      .map(([name, one]) => `{"grant_type":"client_credentials",${JSON.stringify(name)}:${JSON.stringify(one)}}`),
    fc.nat(20_000).map((depth) => `{"grant_type":${'['.repeat(depth)}${']'.repeat(depth)}}`),
    fc.string({ unit: 'binary', maxLength: 60 }),
  )
  await fc.assert(
    fc.asyncProperty(body, fc.boolean(), async (sent, known) => {
      const headers = { 'content-type': 'application/json', ...(known ? { authorization: basic() } : {}) }
      expectOAuth(await send('/g/crm/v1/oauth/token', { method: 'POST', headers, body: sent.toWellFormed() }), { sent, known })
    }),
    { numRuns: 200, seed },
  )
}, 60_000)

test('introspection, revocation and device authorization', async () => {
  const paths = fc.constantFrom('/oauth2/introspect', '/oauth2/revoke', '/oauth2/device_authorization')
  await fc.assert(
    fc.asyncProperty(form(), paths, fc.boolean(), async (sent, path, known) => {
      const headers = { 'content-type': formType, ...(known ? { authorization: basic() } : {}) }
      const { token: given, ...rest } = { token: 'x', client_id: 'keyward-cli', ...sent }
      // The token that the other tests use stays.
      const body = encoded({ ...rest, token: given === token || given === refresh ? 'y' : given })
      const answer = await send(path, { method: 'POST', headers, body })
      // 20 logins of one address wait at most: that is told as a state that passes.
      if (answer.status === 503 && path.endsWith('device_authorization')) expect(answer.text).toContain('too many logins wait')
      else expectOAuth(answer, { sent, path, known })
    }),
    { numRuns: 300, seed },
  )
  await at.sql('delete from device_logins')
}, 60_000)

test('nobody gives a token back under a name that no client can have', async () => {
  for (const name of ['x', '__proto__', 'cli_', 'wl_', 'javascript:alert(1)', 'http://evil.example/', 'https://evil.example', '../..']) {
    const answer = await send('/oauth2/revoke', {
      method: 'POST',
      headers: { 'content-type': formType },
      body: encoded({ token: 'x', client_id: name }),
    })
    expect([name, answer.status, JSON.parse(answer.text).error]).toEqual([name, 401, 'invalid_client'])
  }
})

test('the authorization endpoint, by address and by form: a page, or an error told to a client that can be trusted', async () => {
  const good = () => ({
    response_type: 'code',
    client_id: client,
    redirect_uri: redirectUri,
    code_challenge: sha256('x'),
    code_challenge_method: 'S256',
    state: 'abc',
    resource: `${at.keyward.issuer}/g/crm`,
  })
  const parameter = fc.constantFrom(
    ...Object.keys(good()),
    'scope',
    'prompt',
    'request',
    'request_uri',
    'response_mode',
    'authorization_details',
    'nonce',
    'x',
  )
  const changes = fc.array(fc.tuple(parameter, fc.oneof(nasty, value())), { maxLength: 3 })
  const carry: string[] = []
  await fc.assert(
    fc.asyncProperty(changes, fc.boolean(), async (pairs, byForm) => {
      const query = new URLSearchParams(good())
      for (const [name, text] of pairs)
        fc.hash(text) % 5 === 0 ? query.append(name, text.toWellFormed()) : query.set(name, text.toWellFormed())
      const answer = byForm
        ? await send('/oauth2/authorize', { method: 'POST', headers: { 'content-type': formType }, body: query.toString() })
        : query.toString().length > 12_000
          ? { status: 400, type: '', text: '' }
          : await send(`/oauth2/authorize?${query}`)
      expectCalm(answer, { pairs, byForm })
      expect([303, 400, 431], JSON.stringify(pairs)).toContain(answer.status)
      carry.push(`q${Buffer.from(query.toString()).toString('base64url')}`)
    }),
    { numRuns: 300, seed },
  )
  // The console's side of the same: whatever stands in its address.
  for (const request of carry.slice(0, 100)) {
    const read = await operator.ask('POST', '/api/v1/authorization-requests/read', { request })
    expect([500, 502, 503], JSON.stringify([request, read.body])).not.toContain(read.status)
    const decided = await operator.ask('POST', '/api/v1/authorization-requests/decide', { request, approve: true, grant: at.grant })
    expect([500, 502, 503], JSON.stringify([request, decided.body])).not.toContain(decided.status)
  }
}, 120_000)

test('metadata under odd names says nothing or what it always says', async () => {
  const odd = fc.oneof(
    fc.constantFrom(
      'crm',
      'nothing',
      '..',
      '%2e%2e',
      '%00',
      '%ff',
      '%',
      '%F0%9F%94%91',
      'crm/',
      'crm/x/y',
      'crm%2fx',
      '__proto__',
      'constructor',
      'a'.repeat(4_000),
      '',
      '*',
      'CRM',
      ';',
      'crm?x=%00',
      "'",
    ),
    fc.stringMatching(/^[!-~]{1,30}$/).map((text) => text.replaceAll(/[ #]/g, '')),
  )
  const prefix = fc.constantFrom(
    ...['oauth-protected-resource', 'oauth-authorization-server', 'openid-configuration'].map((name) => `/.well-known/${name}/g/`),
  )
  await fc.assert(
    fc.asyncProperty(prefix, odd, fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE'), async (head, name, method) => {
      const answer = await send(head + name, { method })
      expectCalm(answer, { head, name, method })
      if (answer.status === 200 && method === 'GET' && /json/.test(answer.type)) {
        const body = JSON.parse(answer.text) as { issuer?: string; resource?: string }
        expect(body.issuer === at.keyward.issuer || body.resource?.startsWith(`${at.keyward.issuer}/g/`), answer.text).toBe(true)
      }
    }),
    { numRuns: 300, seed },
  )
}, 60_000)

test('the tryout takes hostile tokens and claims as what they are: text', async () => {
  const made = await at.keyward.api<{ id: string }>('POST', '/api/v1/issuers', {
    name: 'static',
    kind: 'oidc',
    issuer: 'https://issuer.example',
    keys_from: { type: 'jwks', keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', kid: 'k' }] },
  })
  const hostile = fc.oneof(
    jwt,
    nasty,
    fc.nat(30_000).map((length) => 'e'.repeat(length)),
  )
  const body = fc.oneof(
    hostile.map((text) => ({ token: text })),
    hostile.map((text) => ({ token: text, issuer: made.id })),
    fc.dictionary(fc.oneof(nasty, fc.constant('sub')), fc.jsonValue({ maxDepth: 4 })).map((claims) => ({ claims, issuer: made.id })),
    fc.jsonValue({ maxDepth: 3 }),
  )
  await fc.assert(
    fc.asyncProperty(body, async (sent) => {
      const answered = await operator.ask('POST', '/api/v1/issuers/try', sent)
      const what = `${JSON.stringify(sent).slice(0, 500)} -> ${JSON.stringify(answered.body)}`
      expect([500, 501, 502, 503], what).not.toContain(answered.status)
      if (answered.status >= 400) expect(answered.body, what).toMatchObject({ code: expect.any(String), status: answered.status })
    }),
    { numRuns: 300, seed },
  )
}, 60_000)
