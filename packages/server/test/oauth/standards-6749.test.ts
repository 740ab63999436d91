import { randomBytes } from 'node:crypto'
import { formatSecret } from '@keyward/contract/secret-format'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Answered, assertionType, exchangeGrant, expectError, jwtType, type Standards, startStandards } from './standards-service.ts'

/* RFC 6749 (OAuth 2.1): the token endpoint's form, its answers and its errors. */

let at: Standards
beforeAll(async () => {
  at = await startStandards()
})
afterAll(() => at?.stop())

const credentials = { grant_type: 'client_credentials' }

test('RFC 6749 3.2: POST alone is taken, at each endpoint; another method is told which', async () => {
  for (const path of ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke', '/oauth2/device_authorization'])
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD']) {
      const answer = await at.send(path, undefined, {}, method)
      expect([path, method, answer.status, answer.headers.get('allow')]).toEqual([path, method, 405, 'POST'])
    }
})

test('RFC 6749 3.2: a form alone is a form: another content type, or none, is an invalid_request', async () => {
  const body = new URLSearchParams(credentials).toString()
  for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded2'])
    expectError(await at.send('/oauth2/token', body, { ...at.basic(), 'content-type': type }), 400, 'invalid_request')
  expectError(await at.send('/oauth2/token', Buffer.from(body), at.basic()), 400, 'invalid_request')
  const named = { ...at.basic(), 'content-type': 'Application/X-WWW-Form-URLencoded; charset=UTF-8' }
  expect((await at.send('/oauth2/token', body, named)).status).toBe(200)
})

test('RFC 6749 3.2: a parameter without a value is as good as left out, also a second time', async () => {
  expect((await at.token('grant_type=client_credentials&scope=&resource=&grant_type=&dpop=', at.basic())).status).toBe(200)
  expectError(await at.token('grant_type=', at.basic()), 400, 'invalid_request')
})

test('RFC 6749 3.2: no parameter comes twice, known or not, with the same value or another; an unknown one is ignored', async () => {
  for (const twice of [
    'grant_type=client_credentials&grant_type=client_credentials',
    'grant_type=client_credentials&scope=a&scope=b',
    'grant_type=client_credentials&unheard_of=1&unheard_of=1',
    'grant_type=client_credentials&gr%61nt_type=client_credentials',
  ])
    expectError(await at.token(twice, at.basic()), 400, 'invalid_request')
  for (const path of ['/oauth2/introspect', '/oauth2/revoke'])
    expectError(await at.post(path, 'token=a&token=a', at.basic()), 400, 'invalid_request')
  const unknown = { ...credentials, unheard_of: 'x', username: 'a', password: 'b', __proto__x: '1', constructor: 'c' }
  expect((await at.token(unknown, at.basic())).status).toBe(200)
})

test('RFC 6749 3.2: of JSON, where vendors send it, no member comes twice, and no list stands where one value belongs', async () => {
  const json = (text: string) => at.send('/g/openai/v1/oauth/token', text, { ...at.basic(), 'content-type': 'application/json' })
  expect((await json('{"grant_type":"client_credentials","unheard_of":"x","scope":null}')).status).toBe(200)
  for (const text of [
    '{"grant_type":"client_credentials","grant_type":"client_credentials"}',
    '{"grant_type":"client_credentials","gr\\u0061nt_type":"password"}',
    '{"grant_type":["client_credentials","client_credentials"]}',
    '{"grant_type":{"a":1}}',
    '["grant_type"]',
    'null',
    '{',
  ])
    expectError(await json(text), 400, 'invalid_request')
})

test('RFC 6749 2.3.1: what stands in the address counts for nothing: neither credentials nor parameters', async () => {
  const query = `?grant_type=client_credentials&client_id=${at.workload}&client_secret=${at.secret}`
  expectError(await at.token({}, {}), 400, 'invalid_request')
  expectError(await at.post(`/oauth2/token${query}`, {}), 400, 'invalid_request')
  expectError(await at.post(`/oauth2/token${query}`, credentials), 401, 'invalid_client')
})

test('RFC 6749 2.3.1: id and secret in the header are form-encoded before they are joined', async () => {
  const encoded = (text: string) => [...text].map((one) => `%${one.charCodeAt(0).toString(16)}`).join('')
  expect((await at.token(credentials, at.basic(encoded(at.workload), encoded(at.secret)))).status).toBe(200)
  for (const bad of ['%', '%zz', '%ff']) expectError(await at.token(credentials, at.basic(bad)), 401, 'invalid_client')
})

test('RFC 6749 2.3: two ways of authenticating in one request are an invalid_request, whichever two', async () => {
  const assertion = { client_assertion_type: assertionType, client_assertion: at.assertion() }
  const body = { client_id: at.workload, client_secret: at.secret }
  expectError(await at.token({ ...credentials, ...assertion }, at.basic()), 400, 'invalid_request')
  expectError(await at.token({ ...credentials, ...body }, at.basic()), 400, 'invalid_request')
  expectError(await at.token({ ...credentials, ...body, ...assertion }), 400, 'invalid_request')
  expectError(await at.token({ ...credentials, client_assertion: 'x' }), 400, 'invalid_request')
})

test('RFC 6749 5.2: invalid_client is a 401: nothing sent, an unknown way, a wrong secret; by header it names the scheme', async () => {
  const wrong = formatSecret('clientSecret', randomBytes(32))
  const byForm: Record<string, string>[] = [
    {},
    { client_id: at.workload },
    { client_id: at.workload, client_secret: at.secret },
    { client_assertion_type: 'urn:example:unheard-of', client_assertion: 'x' },
    { client_assertion_type: assertionType, client_assertion: 'x' },
  ]
  for (const form of byForm) {
    const answer = await at.token({ ...credentials, ...form })
    expectError(answer, 401, 'invalid_client')
    // Clients take a challenge for the whole answer and then miss the code: it comes where the header was used, as the section demands.
    expect(answer.headers.get('www-authenticate')).toBeNull()
  }
  const byHeader = [at.basic(at.workload, wrong), at.basic('wl_00000000000000000000000000'), { authorization: 'Basic' }]
  for (const headers of [...byHeader, { authorization: 'Basic !!' }, { authorization: 'Bearer FAKE' }, { authorization: 'Digest a' }])
    for (const path of ['/oauth2/token', '/oauth2/introspect', '/oauth2/revoke']) {
      const answer = await at.post(path, { ...credentials, token: 'x' }, headers)
      expectError(answer, 401, 'invalid_client')
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="keyward", charset="UTF-8"')
    }
})

test('RFC 6749 5.2: each error has its code and a 400', async () => {
  const cases: [Record<string, string>, string][] = [
    [{}, 'invalid_request'],
    [{ grant_type: 'password', username: 'a', password: 'b' }, 'unsupported_grant_type'],
    [{ grant_type: 'implicit' }, 'unsupported_grant_type'],
    [{ grant_type: 'Client_Credentials' }, 'unsupported_grant_type'],
    [{ ...credentials, scope: 'read write' }, 'invalid_scope'],
    [{ ...credentials, scope: 'grant:grt_00000000000000000000000000' }, 'invalid_scope'],
    [{ ...credentials, scope: `grant:${at.grant} grant:grt_00000000000000000000000000` }, 'invalid_scope'],
    [{ grant_type: 'authorization_code', code: 'x', redirect_uri: 'http://127.0.0.1/cb', code_verifier: 'x'.repeat(43) }, 'invalid_grant'],
    [{ grant_type: 'refresh_token', refresh_token: 'x' }, 'invalid_grant'],
    [{ grant_type: exchangeGrant, subject_token: 'x', subject_token_type: jwtType }, 'invalid_request'],
  ]
  for (const [form, error] of cases) expectError(await at.token(form, at.basic()), 400, error)
})

test('RFC 6749 5.2: a description keeps to the characters that it may have, whatever the request said', async () => {
  const answers: Answered[] = [
    await at.token({ ...credentials, authorization_details: '[{"type":"llm","a\\"b":1}]' }, at.basic()),
    await at.token({ ...credentials, authorization_details: '[{"type":"“é”\\\\"}]' }, at.basic()),
    await at.token('grant_type=client_credentials&a%22%5C%0Ab%C3%A9=1&a%22%5C%0Ab%C3%A9=1', at.basic()),
  ]
  for (const answer of answers) {
    expect(answer.status).toBe(400)
    expectError(answer, 400, String(answer.body.error))
  }
})

test('RFC 6749 4.4.3 and 5.1: the answer is JSON that nobody keeps, says type, life and scope, and has no refresh token', async () => {
  for (const scope of [undefined, `grant:${at.grant}`]) {
    const answer = await at.token({ ...credentials, ...(scope === undefined ? {} : { scope }) }, at.basic())
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('pragma')).toBe('no-cache')
    expect(answer.body).toMatchObject({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 600,
      scope: `grant:${at.grant}`,
    })
    expect(answer.body).not.toHaveProperty('refresh_token')
  }
})
