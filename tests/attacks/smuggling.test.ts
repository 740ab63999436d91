import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Estate, makeEstate } from '../support/estate.ts'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { type RawUpstream, sendRaw, startRawUpstream } from './raw.ts'

/* A hostile agent spells what it may not do in ways that the next server reads differently. What passes is what was judged, byte for byte. */

const secret = 'sk-FAKE-smuggle-openai-0123456789abcdef'
let keyward: KeywardProcess
let upstream: RawUpstream
let estate: Estate
let host: string
let openai: string
let anthropic: string
let crm: string

beforeAll(async () => {
  ;[keyward, upstream] = await Promise.all([startKeyward(), startRawUpstream()])
  estate = await makeEstate(keyward, [
    { name: 'openai', provider: 'openai', upstream: upstream.origin, secret },
    { name: 'anthropic', provider: 'anthropic', upstream: upstream.origin, secret: `${secret}-anthropic` },
    { name: 'crm', kind: 'http', upstream: `${upstream.origin}/base`, secret: `${secret}-crm`, authority: ['consume', 'modify'] },
  ])
  host = new URL(keyward.origin).host
  openai = await estate.token(
    await estate.grant('openai', {
      scope: { models: ['gpt-4.1-mini', 'gpt-4o*'], operations: ['chat', 'batches.write', 'audio.transcriptions'] },
    }),
  )
  anthropic = await estate.token(
    await estate.grant('anthropic', { scope: { models: ['claude-haiku-4-5'], operations: ['messages', 'batches.write'] } }),
  )
  crm = await estate.token(await estate.grant('crm', { scope: { methods: ['GET', 'POST'], paths: ['/v1/customers/*', '/v1/open/**'] } }))
  upstream.answer = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
}, 60_000)
afterAll(async () => {
  await keyward.kill()
  await upstream.stop()
})

/** What the upstream got from one request; empty where it got nothing. The status is in `status`. */
async function through(head: string, body = ''): Promise<{ status: string; got: string; answer: string }> {
  const before = upstream.received.length
  const answer = await sendRaw(keyward.origin, Buffer.from(`${head}\r\nHost: ${host}\r\nConnection: close\r\n\r\n${body}`, 'latin1'), 3_000)
  return { status: /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 'none', got: upstream.received.slice(before).join(''), answer }
}

test('addresses that another server could read as another path never leave', async () => {
  const plain = await through(`GET /g/crm/v1/customers/7 HTTP/1.1\r\nAuthorization: Bearer ${crm}`)
  expect([plain.status, plain.got.split(' HTTP')[0]]).toEqual(['200', 'GET /base/v1/customers/7'])
  const addresses = [
    '/g/crm/v1/customers/7/../../admin',
    '/g/crm/v1/open/../admin',
    '/g/crm/v1/open/%2e%2e/admin',
    '/g/crm/v1/open/%2E%2E/admin',
    '/g/crm/v1/open/.%2e/admin',
    '/g/crm/v1/open/..;/admin',
    '/g/crm/v1/open/..%3b/admin',
    '/g/crm/v1/open/..%3Bx=1/admin',
    '/g/crm/v1/open/%c0%ae%c0%ae/admin',
    '/g/crm/v1/open/%e0%80%ae%e0%80%ae/admin',
    '/g/crm/v1/open/%c0%af..%c0%afadmin',
    '/g/crm/v1/open/%252e%252e/admin',
    '/g/crm/v1/open/..%2fadmin',
    '/g/crm/v1/open/..%5cadmin',
    '/g/crm/v1/open/..\\admin',
    '/g/crm//v1/open/x',
    '/g/crm/v1/open//admin',
    '/g/crm/v1/customers/7%2fkeys',
    '/g/crm/v1/customers/7%00',
    '/g/crm/v1/customers/7%0d%0aX-Evil:%201',
    '/g/crm/v1/customers/7#/../../admin',
    '/g/crm/v1/customers/7 /x',
    '/g/crm/v1/customers/\xe7',
    '/g//crm/v1/customers/7',
    '/g/./crm/v1/customers/7',
    '/g/%63rm/v1/customers/7',
    '/g/CRM/v1/customers/7',
    '/g/crm/v1/admin',
    '/g/crm/v1/customers',
    '/g/crm/v1/customers/',
    '/g/crm/v1/customers/7/keys',
    '/g/crm/v1/openx',
  ]
  for (const address of addresses) {
    const { got, status } = await through(`GET ${address} HTTP/1.1\r\nAuthorization: Bearer ${crm}`)
    expect([address, got]).toEqual([address, ''])
    expect(Number(status), address).toBeGreaterThanOrEqual(400)
  }
  // No addresses of the gateway: the console's page, at most.
  for (const address of [
    '/G/crm/v1/customers/7',
    '//g/crm/v1/customers/7',
    '/%67/crm/v1/customers/7',
    '/./g/crm/v1/customers/7',
    '/x/../g/crm/v1/customers/7',
    `http://${host}/g/crm/v1/customers/7`,
    'http://example.com/g/crm/v1/customers/7',
  ]) {
    const { got, answer, status } = await through(`GET ${address} HTTP/1.1\r\nAuthorization: Bearer ${crm}`)
    expect([address, got]).toEqual([address, ''])
    expect(Number(status), address).toBeLessThan(500)
    expect(answer).not.toContain(crm)
  }
}, 60_000)

test('headers that change the method, the path or the key at another server are dropped, also in the spelling that CGI makes of them', async () => {
  const evil = [
    'X-HTTP-Method-Override: DELETE',
    'X_HTTP_Method_Override: DELETE',
    'X-Http_Method-Override: DELETE',
    'X-HTTP-Method: DELETE',
    'X-Original-URL: /v1/admin',
    'X_Original_URL: /v1/admin',
    'X-Rewrite-URL: /v1/admin',
    'X-Forwarded-For: 127.0.0.1',
    'X_Forwarded_For: 127.0.0.1',
    'X-Forwarded-Prefix: /admin',
    'Forwarded: for=127.0.0.1',
    'X_Api_Key: other',
    'Proxy_Authorization: Basic b3RoZXI=',
    'Cookie: session=other',
    'OpenAI-Organization: org-other',
    'OpenAI_Organization: org-other',
    'Keyward-Anything: x',
    'Content-Type: application/json',
    'Content-Type: application/x-www-form-urlencoded',
    'Content_Type: text/evil',
    'Connection: X-Trace',
    'X-Trace: hop',
    'TE: trailers',
    'Trailer: x',
  ]
  const { got, status } = await through(
    `POST /g/crm/v1/open/x HTTP/1.1\r\nAuthorization: Bearer ${crm}\r\n${evil.join('\r\n')}\r\nContent-Length: 2`,
    '{}',
  )
  expect(status).toBe('200')
  const head = got.split('\r\n\r\n')[0] ?? ''
  const names = head
    .split('\r\n')
    .slice(1)
    .map((line) => line.split(':')[0]?.toLowerCase() ?? '')
  expect(names.toSorted()).toEqual(
    ['accept-encoding', 'authorization', 'connection', 'content-length', 'content-type', 'host', 'via'].toSorted(),
  )
  expect(head).toContain(`authorization: Bearer ${secret}-crm`)
  expect(head.toLowerCase()).toContain('content-type: application/json\r\n')
  for (const word of ['DELETE', 'admin', '127.0.0.1:1', 'other', 'evil', 'hop']) expect(head).not.toContain(word)
})

test('the agent’s token goes upstream in no header and in no address, whatever else of the call it is written into', async () => {
  for (const extra of [`X-Debug: ${crm}`, `X-Debug: Bearer ${crm}`, `X-Api_Key2: ${crm}`, `User-Agent: agent ${crm}`]) {
    const { got, answer } = await through(`GET /g/crm/v1/customers/7 HTTP/1.1\r\nAuthorization: Bearer ${crm}\r\n${extra}`)
    expect([extra, got]).toEqual([extra, ''])
    expect(answer).toContain('token_ambiguous')
  }
  const inQuery = await through(`GET /g/crm/v1/customers/7?access_token=${crm} HTTP/1.1\r\nAuthorization: Bearer ${crm}`)
  expect([inQuery.status, inQuery.got]).toEqual(['400', ''])
  const onlyInQuery = await through(`GET /g/crm/v1/customers/7?access_token=${crm} HTTP/1.1`)
  expect([onlyInQuery.status, onlyInQuery.got]).toEqual(['401', ''])
  // In several places of a client's own it is fine: none of them goes on.
  const twice = await through(`GET /g/crm/v1/customers/7 HTTP/1.1\r\nAuthorization: Bearer ${crm}\r\nX-Api-Key: ${crm}\r\nCookie: t=${crm}`)
  expect(twice.status).toBe('200')
  expect(twice.got).not.toContain(crm)
})

test('a token for one resource opens no other, and changed ones open nothing', async () => {
  const [head = '', payload = '', signature = ''] = crm.split('.')
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>
  const forged = [
    `${encode({ ...header, alg: 'none' })}.${payload}.`,
    `${encode({ ...header, alg: 'none' })}.${payload}.${signature}`,
    `${encode({ ...header, alg: 'HS256' })}.${payload}.${signature}`,
    `${encode({ ...header, kid: '../../../../dev/null' })}.${payload}.${signature}`,
    `${encode({ ...header, kid: "x' or '1'='1" })}.${payload}.${signature}`,
    `${encode({ ...header, jku: 'https://example.com/jwks' })}.${payload}.${signature}`,
    `${encode({ ...header, typ: 'JWT' })}.${payload}.${signature}`,
    `${head}.${encode({ ...claims, exp: 9_999_999_999 })}.${signature}`,
    `${head}.${encode({ ...claims, grant: 'grant_x' })}.${signature}`,
    `${crm}=`,
    `${crm.slice(0, -2)}`,
    `${head}.${payload}.${signature}.${signature}`,
    `${crm},${crm}`,
  ]
  for (const token of forged) {
    const { got, status } = await through(`GET /g/crm/v1/customers/7 HTTP/1.1\r\nAuthorization: Bearer ${token}`)
    expect([status, got], token.slice(0, 60)).toEqual(['401', ''])
  }
  const other = await through(`GET /g/openai/v1/models HTTP/1.1\r\nAuthorization: Bearer ${crm}`)
  expect([other.status, other.got]).toEqual(['404', ''])
  const two = await through(`GET /g/crm/v1/customers/7 HTTP/1.1\r\nAuthorization: Bearer ${crm}\r\nX-Api-Key: ${openai}`)
  expect([two.status, two.got]).toEqual(['400', ''])
})

async function post(resource: string, path: string, token: string, body: string | object, type = 'application/json') {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return await through(
    `POST /g/${resource}${path} HTTP/1.1\r\nAuthorization: Bearer ${token}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(text, 'latin1')}`,
    text,
  )
}

test('a grant for some models runs no other: not in another spelling, a list of stand-ins, a batch, a form or beside the table', async () => {
  const messages = [{ role: 'user', content: 'hi' }]
  expect((await post('openai', '/v1/chat/completions', openai, { model: 'gpt-4.1-mini', messages })).status).toBe('200')
  const bodies = [
    { model: 'gpt-5-pro', messages },
    { model: 'GPT-4.1-mini', messages },
    { model: 'gpt-4.1-mini\u0000', messages },
    { model: 'gpt-4.1-mini/../gpt-5-pro', messages },
    { model: 'ft:gpt-4.1-mini:org::id', messages },
    { model: '', messages },
    { model: null, messages },
    { messages },
    { model: 'gpt-4.1-mini', models: ['gpt-5-pro'], messages },
    { model: 'gpt-4.1-mini', models: 'gpt-5-pro', messages },
    { model: 'gpt-4.1-mini', models: [], messages },
    { model: 'gpt-4.1-mini', models: [['gpt-5-pro']], messages },
  ]
  for (const body of bodies) {
    const { got, status } = await post('openai', '/v1/chat/completions', openai, body)
    expect([JSON.stringify(body), got]).toEqual([JSON.stringify(body), ''])
    expect(['400', '403'], JSON.stringify(body)).toContain(status)
  }
  const standIn = await post('openai', '/v1/chat/completions', openai, {
    model: 'gpt-4.1-mini',
    models: ['gpt-4o', 'gpt-4.1-mini'],
    messages,
  })
  expect(standIn.status).toBe('200')

  // The models of a batch are in a file that nobody here reads.
  const batch = await post('openai', '/v1/batches', openai, {
    input_file_id: 'file-1',
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  })
  expect([batch.status, batch.got]).toEqual(['403', ''])
  const request = (model: unknown) => ({ custom_id: 'a', params: { model, max_tokens: 5, messages } })
  for (const requests of [
    [request('claude-haiku-4-5'), request('claude-opus-4-1')],
    [request(undefined)],
    [{}],
    [],
    { 0: request('claude-opus-4-1') },
  ]) {
    const { got, status } = await post('anthropic', '/v1/messages/batches', anthropic, { requests })
    expect([JSON.stringify(requests), got]).toEqual([JSON.stringify(requests), ''])
    expect(['400', '403']).toContain(status)
  }
  expect((await post('anthropic', '/v1/messages/batches', anthropic, { requests: [request('claude-haiku-4-5')] })).status).toBe('200')

  // Forms.
  const part = (name: string, value: string) => `--x\r\nContent-Disposition: form-data; ${name}\r\n\r\n${value}\r\n`
  const type = 'multipart/form-data; boundary=x'
  const plainModel = `${part('name="model"', 'gpt-4o-transcribe')}--x--\r\n`
  const forms = [
    `${part('name="model"', 'gpt-4o-transcribe')}${part('name="model"', 'whisper-1')}--x--\r\n`,
    `${part('name="model"', 'whisper-1')}--x--\r\n`,
    `${part('name=model', 'whisper-1')}--x--\r\n`,
    `${part('name="MODEL"', 'gpt-4o-transcribe')}--x--\r\n`,
    `${part('name="mod%65l"', 'whisper-1')}${part('name="model"', 'gpt-4o-transcribe')}--x--\r\n`,
    `${part('name="model"; filename="a"', 'gpt-4o-transcribe')}--x--\r\n`,
    `${part("name*=utf-8''model", 'whisper-1')}--x--\r\n`,
    `preamble\r\n${part('name="model"', 'gpt-4o-transcribe')}--x--\r\n`,
    `${part('name="file"', 'abc')}--x--\r\n`,
    `--x\nContent-Disposition: form-data; name="model"\n\nwhisper-1\n--x--\n`,
    // Read by a server that unfolds headers, takes bare line feeds, the first of two names or what a transfer encoding hides.
    `--x\r\nContent-Disposition: form-data;\r\n name="model"\r\n\r\nwhisper-1\r\n${plainModel}`,
    `${part('name="file"; filename="a"', '\n--x\nContent-Disposition: form-data; name="model"\n\nwhisper-1')}${plainModel}`,
    `${part('name="a"; name="model"', 'whisper-1')}${plainModel}`,
    `${part('name="mo\\del"', 'whisper-1')}${plainModel}`,
    `${part('name="model[0]"', 'whisper-1')}${plainModel}`,
    `${part('name="model "', 'whisper-1')}${plainModel}`,
    `--x\r\nX: y\r\nContent-Disposition : form-data; name="model"\r\n\r\nwhisper-1\r\n${plainModel}`,
    `--x\r\n\r\nwhisper-1\r\n${plainModel}`,
    `--x\r\nContent-Disposition: form-data; name="model"\r\nContent-Transfer-Encoding: base64\r\n\r\ngpt-4o-transcribe\r\n--x--\r\n`,
  ]
  for (const form of forms) {
    const { got } = await post('openai', '/v1/audio/transcriptions', openai, form, type)
    expect([form, got]).toEqual([form, ''])
  }
  // What clients write: names without quotes, file names with anything in them, a type for each part, text behind the end.
  for (const form of [
    plainModel,
    `${part('name=model', 'gpt-4o-transcribe')}--x--\r\n`,
    `${part('name="file"; filename="a; name=\\"model\\".mp3"; filename*=utf-8\'\'a.mp3', 'abc')}${plainModel}epilogue`,
    `--x\r\nContent-Disposition: form-data; name="model"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\ngpt-4o-transcribe\r\n--x--`,
  ])
    expect([form, (await post('openai', '/v1/audio/transcriptions', openai, form, type)).status]).toEqual([form, '200'])
  const form = new FormData()
  form.append('model', 'gpt-4o-transcribe')
  form.append('file', new File(['--x model'], 'näme "model"\r\n.mp3', { type: 'audio/mpeg' }))
  const sent = await fetch(`${keyward.origin}/g/openai/v1/audio/transcriptions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${openai}` },
    body: form,
  })
  expect(sent.status).toBe(200)

  // What is not in the table does not pass.
  for (const path of [
    '/v1/engines/gpt-5-pro/completions',
    '/v1/assistants',
    '/v1/threads/runs',
    '/v1/fine_tuning/jobs',
    '/v1/chat/completions/',
    '/v1/chat/completions/x',
    '/openai/deployments/gpt-5-pro/chat/completions',
    '/v1/realtime/sessions',
    '/v1/evals',
    '/v1/uploads',
    '/v1/videos',
    '/v1/organization/admin_api_keys',
  ]) {
    const { got, status } = await post('openai', path, openai, { model: 'gpt-4.1-mini', messages })
    expect([path, got, status]).toEqual([path, '', '403'])
  }
}, 60_000)

test('requests sent in one go over one connection get their own answers, also behind refused and broken ones', async () => {
  upstream.answer = (socket, bytes) => {
    const path = / \/base(\/[^ ]*)/.exec(bytes.toString('latin1'))?.[1] ?? ''
    const text = JSON.stringify({ path })
    socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`)
  }
  const request = (path: string, more = '', body = '') =>
    `${more === '' ? 'GET' : 'POST'} /g/crm${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${crm}\r\n${more}\r\n${body}`
  const text = await sendRaw(
    keyward.origin,
    [
      request('/v1/customers/1'),
      request('/v1/admin'),
      request('/v1/customers/2'),
      request('/v1/open/3', 'Content-Length: 45\r\n', 'GET /g/crm/v1/customers/666 HTTP/1.1\r\nX: yyyy'),
      request('/v1/customers/4'),
    ].join(''),
    2_000,
  )
  const paths = [...text.matchAll(/\{"path":"([^"]*)"\}|"code":"(path_not_allowed)"/g)].map((match) => match[1] ?? match[2])
  expect(paths).toEqual(['/v1/customers/1', 'path_not_allowed', '/v1/customers/2', '/v1/open/3', '/v1/customers/4'])
  expect(upstream.received.join('')).not.toContain('GET /base/v1/customers/666')

  // Both framings, or one that is not plain: closed, and nothing behind it is read as a request.
  for (const framing of [
    'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n',
    'Content-Length: 5\r\nContent-Length: 6\r\n',
    'Transfer-Encoding: chunked, identity\r\n',
    'Transfer-Encoding: xchunked\r\n',
    'Transfer-Encoding : chunked\r\n',
    'Content-Length: +5\r\n',
    'Content-Length: 0x5\r\n',
  ]) {
    const before = upstream.received.join('').length
    const answer = await sendRaw(keyward.origin, request('/v1/open/5', framing, `0\r\n\r\n${request('/v1/customers/777')}`), 1_000)
    expect([framing, [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1])]).toEqual([framing, ['400']])
    expect(upstream.received.join('').slice(before), framing).toBe('')
  }
}, 60_000)

test('an upstream that sends more than it announced, or an answer nobody asked for, gives it to no other caller', async () => {
  const seen: string[] = []
  for (let round = 0; round < 6; round++) {
    upstream.answer = (socket) => {
      const poison = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"poison":1}'.slice(0, -2)
      socket.write(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}${poison}`)
    }
    seen.push((await through(`GET /g/crm/v1/customers/8 HTTP/1.1\r\nAuthorization: Bearer ${crm}`)).answer)
    upstream.answer = (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"clean":1}')
    seen.push((await through(`GET /g/crm/v1/customers/9 HTTP/1.1\r\nAuthorization: Bearer ${crm}`)).answer)
  }
  for (const text of seen) expect(text).not.toContain('poison')
}, 60_000)
