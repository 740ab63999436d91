import type { Fake } from '@keyward/testkit/fake/server'
import { startFakeOpenai } from '@keyward/testkit/openai/server'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startKeyward, type TestKeyward } from './keyward.ts'
import { type Chain, type ChainOptions, chain } from './operator.ts'
import { raw } from './raw.ts'

let keyward: TestKeyward
let openai: Fake

beforeAll(async () => {
  ;[keyward, openai] = await Promise.all([startKeyward(), startFakeOpenai()])
})
afterAll(async () => {
  await keyward?.stop()
  await openai?.stop()
})

let keys = 0
async function made(more: Partial<ChainOptions> = {}): Promise<Chain> {
  keys += 1
  const secret = `sk-FAKE-EXAMPLE-budgets-${keys}-0123456789abcdef`
  openai.keys.add(secret)
  return await chain(keyward.operator, { upstream: openai.origin, secret, ...more })
}
const ask = (of: Chain, body: object, path = '/v1/chat/completions') =>
  raw(`${of.base}${path}`, { method: 'POST', headers: { authorization: `Bearer ${of.token}` }, body: JSON.stringify(body) })
const hello = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] }
const budget = (of: Chain, usd: string) =>
  keyward.operator.make('/budgets', { scope: { grant: of.grant }, limit_usd: usd, window: 'total' })

test('200 calls at once on a budget that pays for ten at their worst case: ten reach the upstream, and the spend is the sum of their usage', async () => {
  const of = await made()
  await keyward.operator.make('/prices', {
    provider: 'openai',
    model: 'gpt-4o-mini',
    input_usd_per_million: '0',
    output_usd_per_million: '1000000',
  })
  await budget(of, '100.00')
  openai.behaviours.always({ firstByteDelayMs: 1_500, outputTokens: 10 })
  const before = openai.log.entries.length
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask(of, { ...hello, max_completion_tokens: 10 })))
  openai.behaviours.healthy()
  expect(answers.filter((answer) => answer.status === 200).length).toBe(10)
  const refused = answers.filter((answer) => answer.status === 429)
  expect(refused.length).toBe(190)
  for (const answer of refused) expect(answer.headers).toMatchObject({ 'keyward-error': 'budget_exceeded', 'x-should-retry': 'false' })
  expect(openai.log.entries.length - before).toBe(10)
  const usage = await keyward.operator.until(`/usage?grant=${of.grant}&limit=200`, (items) => items.length === 10)
  const spent = usage.reduce((sum, event) => sum + Number(event.output_tokens), 0)
  const budgets = await keyward.operator.items('/budgets?limit=200')
  const mine = budgets.find((item) => JSON.stringify(item.scope).includes(of.grant)) as { spent_usd: string; reserved_usd: string }
  expect(Number(mine.spent_usd)).toBe(spent)
  expect(Number(mine.reserved_usd)).toBe(0)
})

test('a budget error is told apart from a throttle: the SDK does not try again', async () => {
  const of = await made()
  await budget(of, '0.00')
  const client = new OpenAI({ baseURL: `${of.base}/v1`, apiKey: of.token, maxRetries: 5 })
  const before = openai.log.entries.length
  const error = await client.chat.completions.create({ model: 'gpt-4o', messages: [] }).catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(OpenAI.RateLimitError)
  expect(error).toMatchObject({ code: 'budget_exceeded', type: 'insufficient_quota' })
  expect(openai.log.entries.length).toBe(before)
  const entries = await keyward.operator.items(`/audit?grant=${of.grant}&decision=refused&limit=200`)
  expect(entries.length).toBe(1)
})

test('on a budget an output without a bound gets one, and the answer says so; without one the call stays as it is', async () => {
  const of = await made({ limits: { max_output_tokens: 77 } })
  await budget(of, '1000000.00')
  const answer = await ask(of, { ...hello, model: 'gpt-4o' })
  expect(answer.status).toBe(200)
  expect(answer.headers['keyward-max-output-tokens']).toBe('77')
  expect((await ask(of, { ...hello, model: 'gpt-4o', max_completion_tokens: 78 })).status).toBe(403)
  const free = await made()
  expect((await ask(free, hello)).headers['keyward-max-output-tokens']).toBeUndefined()
})

test.each<[string, string, object]>([
  ['a search', '/v1/chat/completions', { ...hello, web_search_options: {} }],
  ['a server-side tool', '/v1/responses', { model: 'gpt-4o', input: 'x', tools: [{ type: 'web_search' }] }],
  ['stored context', '/v1/responses', { model: 'gpt-4o', input: 'x', previous_response_id: 'resp_1' }],
  ['pictures', '/v1/images/generations', { model: 'gpt-image-1', prompt: 'x' }],
])('what has no bound is refused on a budget with its name, and passes without one: %s', async (_, path, body) => {
  const of = await made()
  await budget(of, '1000.00')
  const before = openai.log.entries.length
  const refused = await ask(of, body, path)
  expect(refused.status).toBe(403)
  expect(refused.headers['keyward-error']).toBe('cost_unbounded')
  expect(openai.log.entries.length).toBe(before)
  expect((await ask(await made(), body, path)).headers['keyward-error']).toBeUndefined()
})

test('a model whose price nobody knows is refused on a budget, with the fix', async () => {
  const of = await made()
  await budget(of, '1000.00')
  const refused = await ask(of, { ...hello, model: 'model-of-nobody' })
  expect(refused.status).toBe(403)
  expect(JSON.parse(refused.text)).toMatchObject({ error: { code: 'price_unknown', message: expect.stringContaining('/api/v1/prices') } })
})

test('requests a minute are counted, and say how long to wait', async () => {
  const of = await made({ limits: { requests_per_minute: 2 } })
  const answers = []
  for (let i = 0; i < 3; i++) answers.push(await ask(of, hello))
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 429])
  expect(answers[2]?.headers['keyward-error']).toBe('rate_limited')
  expect(Number(answers[2]?.headers['retry-after'])).toBeGreaterThan(0)
})
