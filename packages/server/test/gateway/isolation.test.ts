import { gunzipSync } from 'node:zlib'
import type { Fake } from '@keyward/testkit/fake/server'
import { fakeHttpApiKey, startFakeHttpApi } from '@keyward/testkit/http-api/server'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startKeyward, type TestKeyward } from './keyward.ts'
import { type Chain, chain } from './operator.ts'
import { bytes, raw } from './raw.ts'

let keyward: TestKeyward
let openai: Fake
let crm: Fake
let llm: Chain
let http: Chain

beforeAll(async () => {
  ;[keyward, openai, crm] = await Promise.all([startKeyward(), startFakeOpenai(), startFakeHttpApi()])
  llm = await chain(keyward.operator, { upstream: openai.origin, secret: fakeOpenaiKey })
  http = await chain(keyward.operator, {
    upstream: crm.origin,
    secret: fakeHttpApiKey,
    kind: 'http',
    provider: 'crm',
    authority: ['consume', 'modify'],
    scope: { methods: ['GET', 'POST', 'HEAD'], paths: ['/echo', '/tenants/acme/**', '/status/*'] },
  })
})
afterEach(() => {
  openai.behaviours.healthy()
  crm.behaviours.healthy()
})
afterAll(async () => {
  await keyward?.stop()
  await Promise.all([openai?.stop(), crm?.stop()])
})

const chatBody = (more: object = {}) => JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }], ...more })
const post = (more: object = {}, headers: Record<string, string> = {}) =>
  raw(`${llm.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${llm.token}`, ...headers },
    body: chatBody(more),
  })

test.each([
  'body',
  'json_escaped',
  'base64',
  'base64url',
  'base64_shifted',
  'percent',
  'hex',
  'split',
  'header',
  'cookie',
  'error',
  'trailer',
  'status_message',
] as const)('a secret that the upstream echoes never reaches the agent, streamed or not: %s', async (form) => {
  for (const stream of [false, true]) {
    for (const encoding of [undefined, 'gzip', 'br', 'deflate'] as const) {
      openai.behaviours.next({ echo: [form], ...(encoding === undefined ? { pieceBytes: 7 } : { encoding }) })
      const answer = await post({ stream })
      const all = JSON.stringify(answer)
      expect(answer.headers['content-encoding']).toBeUndefined()
      for (const wrong of [
        fakeOpenaiKey,
        Buffer.from(fakeOpenaiKey).toString('base64').slice(4, 60),
        Buffer.from(fakeOpenaiKey).toString('hex'),
        [...fakeOpenaiKey].map((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
      ])
        expect(all.includes(wrong) || answer.text.includes(wrong), `${form} ${stream} ${encoding}`).toBe(false)
    }
  }
})

test('no header that carries authority goes upstream, and nothing of ours does', async () => {
  const answer = await raw(`${http.base}/echo?x=1`, {
    headers: {
      authorization: `Basic ${Buffer.from(`x:${http.token}`).toString('base64')}`,
      'x-api-key': http.token,
      cookie: 'session=1',
      'proxy-authorization': 'Basic eDp5',
      'x-goog-api-key': 'FAKE',
      'x-forwarded-for': '1.2.3.4',
      'openai-organization': 'org-x',
      'x-http-method-override': 'DELETE',
      connection: 'x-custom',
      'x-custom': 'hop',
      'x-plain': 'kept',
    },
  })
  expect(answer.status).toBe(200)
  const entry = crm.log.entries.at(-1)
  expect(Object.keys(entry?.headers ?? {}).sort()).toEqual(['accept-encoding', 'authorization', 'connection', 'host', 'via', 'x-plain'])
  expect(entry?.headers.authorization).toBe(`Bearer ${fakeHttpApiKey}`)
  expect(entry?.path).toBe('/echo?x=1')
  expect(JSON.stringify(entry)).not.toContain(http.token)
})

test('a browser can do nothing with an answer, and gets none by navigating, framing, another origin or another host', async () => {
  const auth = { authorization: `Bearer ${http.token}` }
  crm.behaviours.next({
    setCookie: 'a=b',
    headers: { 'access-control-allow-origin': '*', 'content-security-policy': 'none', location: 'x' },
  })
  const answer = await raw(`${http.base}/echo`, { headers: auth })
  expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
  expect(answer.headers['x-content-type-options']).toBe('nosniff')
  expect(answer.headers['cross-origin-resource-policy']).toBe('same-origin')
  for (const gone of ['set-cookie', 'access-control-allow-origin', 'location']) expect(answer.headers[gone]).toBeUndefined()
  const seen = crm.log.entries.length
  for (const headers of [
    { 'sec-fetch-dest': 'document' },
    { 'sec-fetch-dest': 'iframe' },
    { 'sec-fetch-dest': 'serviceworker' },
    { 'sec-fetch-mode': 'navigate' },
    { 'service-worker': 'script' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { host: 'evil.example' },
    { host: `rebound.example:${new URL(keyward.origin).port}` },
  ])
    expect((await raw(`${http.base}/echo`, { headers: { ...auth, ...headers } })).status, JSON.stringify(headers)).toBeGreaterThanOrEqual(
      400,
    )
  const preflight = { origin: 'https://evil.example', 'access-control-request-method': 'GET' }
  const refused = await raw(`${http.base}/echo`, { method: 'OPTIONS', headers: preflight })
  expect(refused.status).toBe(403)
  expect(refused.headers['access-control-allow-origin']).toBeUndefined()
  expect(crm.log.entries.length).toBe(seen)
})

test('who is not entitled gets the same 404 whether a resource exists or not', async () => {
  const headers = { authorization: `Bearer ${http.token}` }
  const hide = (text: string) => text.replace(/call_[0-9a-z]{26}/g, 'ID')
  const exists = await raw(`${llm.base}/x`, { headers })
  const missing = await raw(`${keyward.origin}/g/nowhere/x`, { headers })
  expect(exists.status).toBe(404)
  expect(hide(exists.text)).toBe(hide(missing.text))
  const shown = ({ date, ...rest }: RawHeaders) => hide(JSON.stringify(rest))
  expect(shown(exists.headers)).toBe(shown(missing.headers))
  const anonymous = await raw(`${llm.base}/x`)
  expect(anonymous.status).toBe(401)
  expect(hide(anonymous.text)).toBe(hide((await raw(`${keyward.origin}/g/nowhere/x`)).text))
})
type RawHeaders = Awaited<ReturnType<typeof raw>>['headers']

test('different tokens in one request, two Authorization headers, and things that are no token are refused', async () => {
  const url = `${http.base}/echo`
  expect((await raw(url, { headers: { authorization: `Bearer ${http.token}`, 'x-api-key': llm.token } })).status).toBe(400)
  expect((await raw(url, { headers: { authorization: [`Bearer ${http.token}`, `Bearer ${llm.token}`] } })).status).toBe(400)
  expect((await raw(url, { headers: { authorization: `Digest ${http.token}` } })).status).toBe(401)
  expect((await raw(url, { headers: { 'x-api-key': `${http.token.slice(0, -4)}AAAA` } })).status).toBe(401)
  expect((await raw(url, { headers: { 'api-key': 'x'.repeat(20_000) } })).status).toBe(401)
  expect((await raw(url, { headers: { authorization: `DPoP ${http.token}` } })).status).toBe(401)
})

test('a redirect takes no credential anywhere, and its address is not told', async () => {
  crm.behaviours.next({ redirectTo: `${openai.origin}/stolen` })
  const seen = openai.log.entries.length
  const answer = await raw(`${http.base}/echo`, { headers: { authorization: `Bearer ${http.token}` } })
  expect(answer).toMatchObject({ status: 502 })
  expect(answer.headers['keyward-error']).toBe('upstream_refused')
  expect(JSON.stringify(answer)).not.toContain('stolen')
  expect(openai.log.entries.length).toBe(seen)
})

test('the grant allows its methods and paths, and no spelling of another path', async () => {
  const headers = { authorization: `Bearer ${http.token}` }
  const status = async (target: string, method = 'GET') =>
    (await raw(http.base, { method, headers, target: `/g/${http.name}${target}` })).status
  expect(await status('/tenants/acme/accounts')).toBe(200)
  const seen = crm.log.entries.length
  expect(await status('/tenants/globex/accounts')).toBe(403)
  expect(await status('/tenants/acme/accounts', 'DELETE')).toBe(403)
  for (const target of [
    '/tenants/acme/../globex/accounts',
    '/tenants/acme/%2e%2e/globex',
    '/tenants/acme%2f..%2fglobex',
    '/tenants/acme//x',
    '/tenants/acme/..;/globex',
  ])
    expect(await status(target), target).toBe(400)
  expect(crm.log.entries.length).toBe(seen)
})

test('smuggled requests end at the door', async () => {
  const host = new URL(keyward.origin).host
  const head = `POST /g/${http.name}/echo HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${http.token}\r\n`
  const seen = crm.log.entries.length
  const inner = `GET /g/${http.name}/tenants HTTP/1.1\r\nhost: ${host}\r\n\r\n`
  for (const framing of [
    `content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    `transfer-encoding: xchunked\r\ncontent-length: 0\r\n\r\n${inner}`,
    `content-length: 0\r\ncontent-length: 5\r\n\r\n${inner}`,
    `transfer-encoding : chunked\r\n\r\n0\r\n\r\n${inner}`,
  ])
    expect((await bytes(keyward.origin, `${head}${framing}`)).startsWith('HTTP/1.1 400'), framing).toBe(true)
  expect(crm.log.entries.length).toBe(seen)
})

test.each([
  ['a repeated model', '{"model":"gpt-4o-mini","model":"gpt-5","messages":[]}', 400, 'body_invalid'],
  ['no JSON', '{', 400, 'body_invalid'],
  ['no body', '', 400, 'body_invalid'],
  ['a list', '[]', 400, 'body_invalid'],
  ['no model', '{"messages":[]}', 400, 'body_invalid'],
  ['a negative bound', '{"model":"gpt-4o-mini","max_tokens":-1,"messages":[]}', 400, 'body_invalid'],
])('a body that can not be read is refused in the vendor’s own shape: %s', async (_, body, status, code) => {
  const answer = await raw(`${llm.base}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${llm.token}` }, body })
  expect(answer.status).toBe(status)
  expect(JSON.parse(answer.text)).toMatchObject({ error: { code, type: 'invalid_request_error' } })
})

test('operations outside the table and outside the grant do not pass', async () => {
  const ask = async (path: string, method = 'GET') =>
    (await raw(`${llm.base}${path}`, { method, headers: { authorization: `Bearer ${llm.token}` } })).headers['keyward-error']
  expect(await ask('/v1/organization/admin_api_keys')).toBe('operation_unknown')
  expect(await ask('/v1/fine_tuning/jobs', 'POST')).toBe('operation_unknown')
  expect(await ask('/v1/files')).toBe('operation_not_allowed')
  expect(await ask('/v1/models')).toBeUndefined()
})

test('upstream’s refusal of our own credential is ours to mend: the agent hears that, and no hint of the key', async () => {
  const dead = await chain(keyward.operator, { upstream: openai.origin, secret: 'sk-FAKE-EXAMPLE-dead-0123456789abcdefgh' })
  const answer = await raw(`${dead.base}/v1/models`, { headers: { authorization: `Bearer ${dead.token}` } })
  expect(answer.headers['keyward-error']).toBe('credential_unavailable')
  expect(answer.text).not.toContain('sk-')
})

test('every call and every refusal has its record, by workload and grant, without content', async () => {
  await post({ messages: [{ role: 'user', content: 'CONTENT-MARK' }] })
  await post({ model: 'gpt-4o-mini', max_tokens: 0 })
  const entries = await keyward.operator.until(`/audit?grant=${llm.grant}&limit=200`, (items) =>
    items.some((item) => item.code === 'body_invalid'),
  )
  const allowed = entries.filter((entry) => entry.decision === 'allowed')
  expect(allowed.length).toBeGreaterThan(0)
  for (const entry of allowed)
    expect(entry).toMatchObject({ action: 'gateway.call', workload: llm.workload, credential: llm.credential, effect: expect.any(String) })
  expect(JSON.stringify(entries)).not.toContain('CONTENT-MARK')
  const anonymous = await keyward.operator.items('/audit?action=gateway.call&decision=refused&limit=200')
  expect(anonymous.some((entry) => entry.code === 'token_missing')).toBe(true)
})

test('a compressed body passes to a plain resource as it is, and to a model not at all', async () => {
  const body = Buffer.from('H4sIAAAAAAAAA6uuBQBDv6ajAgAAAA==', 'base64')
  expect(gunzipSync(body).toString()).toBe('{}')
  const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' }
  const plain = await raw(`${http.base}/echo`, { method: 'POST', headers: { ...headers, authorization: `Bearer ${http.token}` }, body })
  expect(plain.status).toBe(200)
  expect(crm.log.entries.at(-1)?.bodyBytes).toBe(body.length)
  expect((await post({}, headers)).headers['keyward-error']).toBe('body_invalid')
})
