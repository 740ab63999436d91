import Anthropic from '@anthropic-ai/sdk'
import { fakeAnthropicKey, startFakeAnthropic } from '@keyward/testkit/anthropic/server'
import type { Fake } from '@keyward/testkit/fake/server'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startKeyward, type TestKeyward } from './keyward.ts'
import { type Chain, chain } from './operator.ts'

let keyward: TestKeyward
let openai: Fake
let anthropic: Fake
let forOpenai: Chain
let forAnthropic: Chain

beforeAll(async () => {
  ;[keyward, openai, anthropic] = await Promise.all([startKeyward(), startFakeOpenai(), startFakeAnthropic()])
  forOpenai = await chain(keyward.operator, { upstream: openai.origin, secret: fakeOpenaiKey })
  forAnthropic = await chain(keyward.operator, { upstream: anthropic.origin, secret: fakeAnthropicKey, provider: 'anthropic' })
})

afterAll(async () => {
  await keyward?.stop()
  await Promise.all([openai?.stop(), anthropic?.stop()])
})

test('the unmodified OpenAI SDK gets an answer with a token in place of a key', async () => {
  const client = new OpenAI({ baseURL: `${forOpenai.base}/v1`, apiKey: forOpenai.token, maxRetries: 0 })
  const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hello' }] })
  expect(answer.choices[0]?.message.content).toContain('hello')
  const { entries } = openai.log
  expect(entries.at(-1)?.headers.authorization).toBe(`Bearer ${fakeOpenaiKey}`)
  expect(JSON.stringify(entries)).not.toContain(forOpenai.token)
})

test('the unmodified OpenAI SDK streams, and sees no usage chunk that it did not ask for', async () => {
  const client = new OpenAI({ baseURL: `${forOpenai.base}/v1`, apiKey: forOpenai.token, maxRetries: 0 })
  const stream = await client.chat.completions.create({
    model: 'gpt-4o-mini',
    stream: true,
    messages: [{ role: 'user', content: 'hello' }],
  })
  let text = ''
  for await (const chunk of stream) {
    expect(chunk.choices.length).toBeGreaterThan(0)
    text += chunk.choices[0]?.delta.content ?? ''
  }
  expect(text).toContain('hello')
  const usage = await keyward.operator.until(`/usage?grant=${forOpenai.grant}`, (items) => items.some((item) => item.streamed === true))
  const streamed = usage.find((item) => item.streamed === true)
  expect(streamed).toMatchObject({ outcome: 'ok', status: 200, estimated: false, model: 'gpt-4o-mini', operation: 'chat' })
  expect(streamed?.output_tokens).toBe(openai.log.entries.at(-1)?.usage?.completion_tokens)
})

test('the unmodified Anthropic SDK gets answers, streamed and not, and its usage is counted', async () => {
  const client = new Anthropic({ baseURL: forAnthropic.base, apiKey: forAnthropic.token, maxRetries: 0 })
  const ask = { model: 'claude-sonnet-4-6', max_tokens: 100, messages: [{ role: 'user', content: 'hello' }] } as const
  const answer = await client.messages.create({ ...ask, messages: [...ask.messages] })
  expect(JSON.stringify(answer.content)).toContain('hello')
  const final = await client.messages.stream({ ...ask, messages: [...ask.messages] }).finalMessage()
  expect(JSON.stringify(final.content)).toContain('hello')
  const usage = await keyward.operator.until(`/usage?grant=${forAnthropic.grant}`, (items) => items.length === 2)
  for (const item of usage) expect(item).toMatchObject({ outcome: 'ok', estimated: false, output_tokens: final.usage.output_tokens })
  expect(anthropic.log.entries.every((entry) => entry.headers['x-api-key'] === fakeAnthropicKey)).toBe(true)
})

test('a refused model raises the usual exception of the SDK, with our code and the fix', async () => {
  const narrow = await chain(keyward.operator, { upstream: openai.origin, secret: `${fakeOpenaiKey}2`, scope: { models: ['gpt-5*'] } })
  const client = new OpenAI({ baseURL: `${narrow.base}/v1`, apiKey: narrow.token, maxRetries: 0 })
  const seen = openai.log.entries.length
  const error = await client.chat.completions.create({ model: 'gpt-4o', messages: [] }).catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(OpenAI.PermissionDeniedError)
  expect(error).toMatchObject({ status: 403, code: 'model_not_allowed' })
  expect(openai.log.entries.length).toBe(seen)
})
