import { fakeAnthropicKey, startFakeAnthropic } from '@keyward/testkit/anthropic/server'
import type { Fake } from '@keyward/testkit/fake/server'
import { fakeHttpApiKey, startFakeHttpApi } from '@keyward/testkit/http-api/server'
import { startFakeOpenai } from '@keyward/testkit/openai/server'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startKeyward, type TestKeyward } from './keyward.ts'
import { type Chain, type ChainOptions, chain } from './operator.ts'
import { raw } from './raw.ts'

let keyward: TestKeyward
let openai: Fake
let anthropic: Fake
let crm: Fake

beforeAll(async () => {
  ;[keyward, openai, anthropic, crm] = await Promise.all([startKeyward(), startFakeOpenai(), startFakeAnthropic(), startFakeHttpApi()])
})
afterEach(() => {
  for (const fake of [openai, anthropic, crm]) fake.behaviours.healthy()
})
afterAll(async () => {
  await keyward?.stop()
  await Promise.all([openai?.stop(), anthropic?.stop(), crm?.stop()])
})

let keys = 0
/** A chain of its own (each secret is stored once) with a budget that pays for much. */
async function budgeted(more: Partial<ChainOptions> = {}): Promise<Chain> {
  keys += 1
  const secret = `sk-FAKE-EXAMPLE-endings-${keys}-0123456789abcdef`
  openai.keys.add(secret)
  const made = await chain(keyward.operator, { upstream: openai.origin, secret, ...more })
  await keyward.operator.make('/budgets', { scope: { grant: made.grant }, limit_usd: '1000.00', window: 'month' })
  return made
}

const chatBody = (more: object = {}) =>
  JSON.stringify({ model: 'gpt-4o-mini', max_completion_tokens: 50, messages: [{ role: 'user', content: 'hello' }], ...more })
const post = (made: Chain, more: object = {}, rest: object = {}) =>
  raw(`${made.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${made.token}` },
    body: chatBody(more),
    ...rest,
  })
/** The one usage event of a grant. */
const settled = async (made: Chain) => (await keyward.operator.until(`/usage?grant=${made.grant}`, (items) => items.length === 1))[0]
const nothingHeld = (made: Chain) =>
  keyward.operator.until('/budgets?limit=200', (items) => {
    const mine = items.find((item) => JSON.stringify(item.scope).includes(made.grant))
    return mine !== undefined && Number((mine as { reserved_usd?: string }).reserved_usd ?? '0') === 0
  })

test.each([
  ['rate_limited', 429, 'upstream_error', false],
  ['bad_request', 400, 'upstream_error', false],
  ['server_error', 500, 'upstream_error', false],
  ['unavailable', 503, 'upstream_error', false],
] as const)('an error of the provider passes in its own shape and costs nothing: %s', async (fault, status, outcome, estimated) => {
  const made = await budgeted()
  openai.behaviours.next({ fault })
  const answer = await post(made)
  expect(answer.status).toBe(status)
  expect(answer.headers['keyward-error']).toBeUndefined()
  expect(JSON.parse(answer.text)).toHaveProperty('error.message')
  expect(await settled(made)).toMatchObject({ outcome, status, estimated, cost_usd: '0.00' })
  await nothingHeld(made)
})

test.each([
  ['the connection dies before the head', { destroyAfterBytes: 0 }, 502, 'upstream_unreachable', 'upstream_unreachable'],
  ['it is reset before the head', { destroyAfterBytes: 0, reset: true }, 502, 'upstream_unreachable', 'upstream_unreachable'],
  ['it answers with no HTTP', { raw: 'nonsense\r\n\r\n' }, 502, 'upstream_unreachable', 'upstream_unreachable'],
  ['its head is huge', { hugeHeaderBytes: 100_000 }, 502, 'upstream_unreachable', 'upstream_unreachable'],
  ['it redirects', { redirectTo: 'http://127.0.0.1:1/' }, 502, 'upstream_refused', 'upstream_error'],
] as const)('an upstream that breaks is told in the protocol, and settled once: %s', async (_, behaviour, status, code, outcome) => {
  const made = await budgeted()
  openai.behaviours.next(behaviour)
  const answer = await post(made)
  expect(answer.status).toBe(status)
  expect(JSON.parse(answer.text)).toMatchObject({ error: { code } })
  const event = await settled(made)
  expect(event).toMatchObject({ outcome, estimated: code !== 'upstream_refused' })
  // A request that may have arrived is charged in full: only the provider knows better.
  expect(Number(event?.cost_usd) > 0).toBe(code !== 'upstream_refused')
  await nothingHeld(made)
})

test('a stream that the upstream breaks ends with an error event, and is charged in full', async () => {
  const made = await budgeted()
  openai.behaviours.next({ reply: 'lend '.repeat(40), destroyAfterBytes: 1_500 })
  const answer = await post(made, { stream: true })
  expect(answer.status).toBe(200)
  const last = answer.text.trim().split('\n\n').at(-1) ?? ''
  expect(JSON.parse(last.replace(/^data: /, ''))).toMatchObject({ error: { code: 'upstream_broke' } })
  expect(await settled(made)).toMatchObject({ outcome: 'upstream_error', estimated: true, streamed: true })
  await nothingHeld(made)
})

test('an answer that breaks off in its body breaks off for the agent too: it can not be taken for a whole one', async () => {
  const made = await budgeted()
  openai.behaviours.next({ padBytes: 200_000, destroyAfterBytes: 150_000 })
  await expect(post(made)).rejects.toThrow()
  expect(await settled(made)).toMatchObject({ outcome: 'upstream_error', estimated: true })
})

test('an answer without usage, or with usage that can not be, is charged in full', async () => {
  for (const behaviour of [
    { noUsage: true },
    { usageReported: { completion_tokens: 1_000_000_000 } },
    { usageReported: { prompt_tokens: -5 } },
  ]) {
    const made = await budgeted()
    openai.behaviours.next(behaviour)
    expect((await post(made)).status).toBe(200)
    const event = await settled(made)
    expect(event, JSON.stringify(behaviour)).toMatchObject({ outcome: 'ok', estimated: true })
    expect(Number(event?.cost_usd)).toBeGreaterThan(0)
  }
})

test('an upstream that does not answer is given up after its time, with 504', async () => {
  const made = await budgeted({ resource: { limits: { first_byte_seconds: 1 } } })
  openai.behaviours.next({ hang: 'before_head' })
  const answer = await post(made)
  expect(answer.status).toBe(504)
  expect(answer.headers['keyward-error']).toBe('upstream_timeout')
  expect(await settled(made)).toMatchObject({ outcome: 'timeout', estimated: true })
  await openai.log.until((entries) => entries.at(-1)?.outcome === 'aborted')
})

test('a stream that stalls is cut after the time of a call, with an error event', async () => {
  const made = await budgeted({ resource: { limits: { call_seconds: 1 } } })
  openai.behaviours.next({ stallAfterBytes: 300 })
  const answer = await post(made, { stream: true })
  expect(answer.text).toContain('upstream_timeout')
  expect(await settled(made)).toMatchObject({ outcome: 'timeout', streamed: true })
})

test('an agent that leaves in mid-stream is charged what the answer really used', async () => {
  const made = await budgeted()
  openai.behaviours.next({ reply: 'lend '.repeat(30), pieceBytes: 400, pieceDelayMs: 20 })
  const leave = new AbortController()
  const answer = post(made, { stream: true }, { signal: leave.signal, onData: () => leave.abort() })
  await expect(answer).rejects.toThrow()
  const event = await settled(made)
  expect(event).toMatchObject({ outcome: 'client_abort', estimated: false })
  expect(event?.output_tokens).toBe(openai.log.entries.at(-1)?.usage?.completion_tokens)
  await nothingHeld(made)
})

test('a connection that can not be made costs nothing', async () => {
  const made = await budgeted({ upstream: 'http://127.0.0.1:1' })
  const answer = await post(made)
  expect(answer.status).toBe(502)
  expect(await settled(made)).toMatchObject({ outcome: 'upstream_unreachable', cost_usd: '0.00', estimated: false })
})

test.each([
  ['Keyward itself', () => keyward.origin, 'loop'],
  ['a metadata service', () => 'http://169.254.169.254', 'never dialled'],
])('an address that the control API would refuse is refused when it is dialled, too, and costs nothing: %s', async (_, upstream, word) => {
  const made = await budgeted()
  const client = new pg.Client(keyward.databaseUrl)
  await client.connect()
  await client.query('update resources set upstream = $1 where id = $2', [upstream(), made.resource])
  await client.query('update credentials set allowed_origins = $1 where id = $2', [[upstream()], made.credential])
  await client.end()
  const answer = await post(made)
  expect(answer.status).toBe(502)
  expect(answer.headers['keyward-error']).toBe('upstream_unreachable')
  expect(answer.text).toContain(word)
  expect(await settled(made)).toMatchObject({ outcome: 'upstream_unreachable', cost_usd: '0.00' })
})

test.each(['credentials', 'workloads', 'grants', 'tokens'] as const)(
  'a revocation cuts the open stream with an error event, and refuses the next call: %s',
  async (kind) => {
    const made = await budgeted()
    openai.behaviours.always({ reply: 'lend '.repeat(2_000), pieceBytes: 200, pieceDelayMs: 10 })
    const id = { credentials: made.credential, workloads: made.workload, grants: made.grant, tokens: '' }[kind]
    const token = kind === 'tokens' ? String((await keyward.operator.items(`/tokens?grant=${made.grant}`))[0]?.id) : id
    let revoked: Promise<Record<string, unknown>> | undefined
    const onData = () => {
      revoked ??= keyward.operator.ask('POST', `/${kind}/${token}/revoke`, { reason: 'a test of the gateway' })
    }
    const answer = await post(made, { stream: true }, { onData })
    expect(answer.status).toBe(200)
    const last = answer.text.trim().split('\n\n').at(-1) ?? ''
    expect(JSON.parse(last.replace(/^data: /, ''))).toMatchObject({ error: { code: 'cut' } })
    await revoked
    const seen = openai.log.entries.length
    expect((await post(made)).status).toBeGreaterThanOrEqual(400)
    expect(openai.log.entries.length).toBe(seen)
    expect(await settled(made)).toMatchObject({ outcome: 'cut', estimated: true })
  },
)

test("Anthropic's stream is cut with Anthropic's own error event", async () => {
  const made = await chain(keyward.operator, { upstream: anthropic.origin, secret: fakeAnthropicKey, provider: 'anthropic' })
  anthropic.behaviours.always({ reply: 'lend '.repeat(2_000), pieceBytes: 200, pieceDelayMs: 10 })
  let revoked: Promise<unknown> | undefined
  const answer = await raw(`${made.base}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': made.token, 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ model: 'claude-sonnet-4-6', max_tokens: 5_000, stream: true, messages: [{ role: 'user', content: 'hi' }] }),
    onData: () => {
      revoked ??= keyward.operator.ask('POST', `/grants/${made.grant}/revoke`, { reason: 'a test of the gateway' })
    },
  })
  expect(answer.text.trim().split('\n\n').at(-1)).toMatch(/^event: error\ndata: \{"type":"error"/)
  await revoked
})

test('narrowing the scope of a grant cuts what it no longer allows', async () => {
  const made = await budgeted()
  openai.behaviours.always({ reply: 'lend '.repeat(2_000), pieceBytes: 200, pieceDelayMs: 10 })
  let changed: Promise<unknown> | undefined
  const answer = await post(
    made,
    { stream: true },
    {
      onData: () => {
        changed ??= keyward.operator.ask(
          'PATCH',
          `/grants/${made.grant}`,
          { scope: { models: ['*'], operations: ['embeddings'] } },
          { 'if-match': '*' },
        )
      },
    },
  )
  await changed
  expect(answer.text).toContain('"code":"cut"')
})

test('request and answer are bounded in bytes', async () => {
  const small = await budgeted({ limits: { request_bytes: 500 }, resource: { limits: { response_bytes: 10_000 } } })
  expect((await post(small, { messages: [{ role: 'user', content: 'x'.repeat(600) }] })).status).toBe(413)
  openai.behaviours.next({ padBytes: 50_000 })
  const error = await post(small).then(
    (answer) => answer.headers['keyward-error'],
    () => 'broken off',
  )
  expect(['response_too_large', 'broken off']).toContain(error)
  expect(await settled(small)).toMatchObject({ outcome: 'upstream_error' })
})

test('more calls at once than the grant allows are refused with 429 and a time to wait', async () => {
  const made = await budgeted({ limits: { concurrent: 1 } })
  openai.behaviours.always({ firstByteDelayMs: 300 })
  const first = post(made)
  await openai.log.until((entries) => entries.at(-1)?.outcome === 'open')
  const second = await post(made)
  expect(second.status).toBe(429)
  expect(second.headers).toMatchObject({ 'keyward-error': 'too_many_concurrent', 'retry-after': '1' })
  expect((await first).status).toBe(200)
  expect((await post(made)).status).toBe(200)
})

test('a large upload goes through as it is and only as fast as the upstream takes it', async () => {
  const made = await chain(keyward.operator, {
    upstream: crm.origin,
    secret: fakeHttpApiKey,
    kind: 'http',
    provider: 'crm',
    scope: { methods: ['POST'], paths: ['/echo'] },
  })
  const body = Buffer.alloc(8_000_000, 'x')
  const answer = await raw(`${made.base}/echo`, { method: 'POST', headers: { authorization: `Bearer ${made.token}` }, body })
  expect(answer.status).toBe(200)
  expect(crm.log.entries.at(-1)?.bodyBytes).toBe(body.length)
})
