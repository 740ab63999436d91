import Anthropic, { toFile } from '@anthropic-ai/sdk'
import { batchRunsMs } from '@keyward/testkit/anthropic/batches'
import { fakeAnthropicKey, startFakeAnthropic } from '@keyward/testkit/anthropic/server'
import { ControlledClock } from '@keyward/testkit/clock'
import type { Fake } from '@keyward/testkit/fake/server'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

let fake: Fake
let client: Anthropic
const clock = new ControlledClock()

beforeAll(async () => {
  fake = await startFakeAnthropic({ clock })
  client = new Anthropic({ apiKey: fakeAnthropicKey, baseURL: fake.origin, maxRetries: 0 })
})
beforeEach(() => {
  fake.behaviours.healthy()
  fake.log.clear()
})
afterAll(() => fake.stop())

const hello = { model: 'claude-haiku-4-5', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Say hello to the team' }] }

describe('the unmodified Anthropic SDK works against the fake', () => {
  test('messages: the answer is whole and its usage is what the counting rule says and what the log bills', async () => {
    const answer = await client.messages.create(hello)
    answer satisfies Anthropic.Message
    expect(answer.content).toMatchObject([{ type: 'text', text: 'You said: Say hello to the team' }])
    expect(answer.stop_reason).toBe('end_turn')
    expect(answer.usage).toMatchObject({ input_tokens: 9, output_tokens: 8, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 })
    expect(answer._request_id).toMatch(/^req_/)
    const [seen] = await fake.log.until((entries) => entries[0]?.outcome === 'answered')
    expect(seen).toMatchObject({
      path: '/v1/messages',
      status: 200,
      model: 'claude-haiku-4-5',
      usage: { input_tokens: 9, output_tokens: 8 },
    })
  })

  test('a stream is message_start, blocks, a ping, one cumulative message_delta, message_stop', async () => {
    const raw = await fetch(`${fake.origin}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': fakeAnthropicKey, 'anthropic-version': '2023-06-01', 'content-type': 'application/json' },
      body: JSON.stringify({ ...hello, stream: true }),
    })
    const names = [...(await raw.text()).matchAll(/^event: (.+)$/gm)].map((match) => match[1])
    expect(names.slice(0, 3)).toEqual(['message_start', 'content_block_start', 'ping'])
    expect(names.slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop'])
    const events: Anthropic.RawMessageStreamEvent[] = []
    for await (const event of await client.messages.create({ ...hello, stream: true })) events.push(event)
    const start = events.find((event) => event.type === 'message_start')
    const delta = events.find((event) => event.type === 'message_delta')
    expect(start?.message.usage).toMatchObject({ input_tokens: 9, output_tokens: 1 })
    expect(delta).toMatchObject({ delta: { stop_reason: 'end_turn' }, usage: { input_tokens: 9, output_tokens: 8 } })
    const final = await client.messages.stream(hello).finalMessage()
    expect(final.content).toMatchObject([{ type: 'text', text: 'You said: Say hello to the team' }])
    expect(final.usage.output_tokens).toBe(8)
  })

  test('a marked prefix is written to the cache once and read from it afterwards, apart from input_tokens', async () => {
    const cached = {
      ...hello,
      system: [{ type: 'text' as const, text: 'lend '.repeat(1000), cache_control: { type: 'ephemeral' as const } }],
    }
    const first = await client.messages.create(cached)
    const second = await client.messages.create(cached)
    expect(first.usage).toMatchObject({ input_tokens: 9, cache_creation_input_tokens: 1250, cache_read_input_tokens: 0 })
    expect(second.usage).toMatchObject({ input_tokens: 9, cache_creation_input_tokens: 0, cache_read_input_tokens: 1250 })
    expect(await client.messages.countTokens({ model: hello.model, messages: cached.messages, system: cached.system })).toEqual({
      input_tokens: 1259,
    })
  })

  test('max_tokens, stop sequences, thinking and demanded tools shape the answer', async () => {
    expect(await client.messages.create({ ...hello, max_tokens: 2 })).toMatchObject({
      stop_reason: 'max_tokens',
      usage: { output_tokens: 2 },
    })
    expect(await client.messages.create({ ...hello, stop_sequences: [' hello'] })).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: ' hello',
      content: [{ text: 'You said: Say' }],
    })
    const thinking = await client.messages.create({ ...hello, max_tokens: 2000, thinking: { type: 'enabled', budget_tokens: 1024 } })
    expect(thinking.content.map((block) => block.type)).toEqual(['thinking', 'text'])
    expect(thinking.usage.output_tokens).toBe(48 + 8)
    const tool = { name: 'lookup', input_schema: { type: 'object' as const, properties: { id: { type: 'integer' } }, required: ['id'] } }
    const stream = client.messages.stream({ ...hello, tools: [tool], tool_choice: { type: 'tool', name: 'lookup' } })
    expect(await stream.finalMessage()).toMatchObject({
      stop_reason: 'tool_use',
      content: [{ type: 'tool_use', name: 'lookup', input: { id: 1 } }],
    })
  })

  test('a tool that the vendor runs itself is in usage, in JSON and in the stream', async () => {
    const wish = { ...hello, tools: [{ type: 'web_search_20250305' as const, name: 'web_search' as const }] }
    const answer = await client.messages.create(wish)
    expect(answer.content.map((block) => block.type)).toEqual(['server_tool_use', 'web_search_tool_result', 'text'])
    expect(answer.usage.server_tool_use).toMatchObject({ web_search_requests: 1 })
    const final = await client.messages.stream(wish).finalMessage()
    expect(final.usage.server_tool_use).toMatchObject({ web_search_requests: 1 })
    expect(fake.log.entries.at(-1)?.usage).toMatchObject({ web_search_requests: 1 })
  })

  test('models and files go by pages; files come back byte for byte', async () => {
    const models: string[] = []
    for await (const model of client.models.list({ limit: 3 })) models.push(model.id)
    expect(models).toHaveLength(8)
    expect((await client.models.retrieve('claude-haiku-4-5')).display_name).toBe('Claude Haiku 4.5')
    const content = Buffer.from([0, 13, 10, 45, 45, 255, 128])
    const ids: string[] = []
    for (let number = 0; number < 5; number += 1)
      ids.push((await client.files.upload({ file: await toFile(content, `f${number}.bin`, { type: 'application/x-test' }) })).id)
    const listed: string[] = []
    for await (const file of client.files.list({ limit: 2 })) listed.push(file.id)
    expect(listed).toEqual(ids.toReversed())
    expect(Buffer.from(await (await client.files.download(ids[0] ?? '')).arrayBuffer())).toEqual(content)
    await client.files.delete(ids[0] ?? '')
    await expect(client.files.retrieveMetadata(ids[0] ?? '')).rejects.toBeInstanceOf(Anthropic.NotFoundError)
  })

  test('a batch runs, ends and gives one result for each request', async () => {
    const batch = await client.messages.batches.create({
      requests: [
        { custom_id: 'good', params: hello },
        { custom_id: 'bad', params: { ...hello, model: 'claude-none' } },
      ],
    })
    expect(batch.processing_status).toBe('in_progress')
    clock.advance(batchRunsMs)
    expect((await client.messages.batches.retrieve(batch.id)).request_counts).toMatchObject({ succeeded: 1, errored: 1 })
    const results: Record<string, string> = {}
    for await (const one of await client.messages.batches.results(batch.id)) results[one.custom_id] = one.result.type
    expect(results).toEqual({ good: 'succeeded', bad: 'errored' })
    expect((await client.messages.batches.list()).data).toHaveLength(1)
    const canceled = await client.messages.batches.create({ requests: [{ custom_id: 'late', params: hello }] })
    expect((await client.messages.batches.cancel(canceled.id)).processing_status).toBe('canceling')
  })
})

describe("errors raise the SDK's own classes", () => {
  test.each([
    ['invalid_key', Anthropic.AuthenticationError, 401, 'authentication_error'],
    ['forbidden', Anthropic.PermissionDeniedError, 403, 'permission_error'],
    ['bad_request', Anthropic.BadRequestError, 400, 'invalid_request_error'],
    ['not_found', Anthropic.NotFoundError, 404, 'not_found_error'],
    ['rate_limited', Anthropic.RateLimitError, 429, 'rate_limit_error'],
    ['quota', Anthropic.BadRequestError, 400, 'invalid_request_error'],
    ['server_error', Anthropic.InternalServerError, 500, 'api_error'],
    ['overloaded', Anthropic.InternalServerError, 529, 'overloaded_error'],
  ] as const)('%s', async (fault, raised, status, type) => {
    fake.behaviours.always({ fault })
    const error = await client.messages.create(hello).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(raised)
    expect(error).toMatchObject({ status, type, error: { type: 'error', request_id: expect.stringMatching(/^req_/) } })
  })

  test('x-api-key and bearer are both keys; none, a wrong one and no version are refused', async () => {
    const bearer = new Anthropic({ authToken: fakeAnthropicKey, apiKey: null, baseURL: fake.origin, maxRetries: 0 })
    await bearer.messages.create(hello)
    expect(fake.log.entries.at(-1)?.headers['x-api-key']).toBeUndefined()
    await expect(client.withOptions({ apiKey: 'sk-ant-api03-FAKE-wrong' }).messages.create(hello)).rejects.toBeInstanceOf(
      Anthropic.AuthenticationError,
    )
    expect((await fetch(`${fake.origin}/v1/models`)).status).toBe(401)
    const unversioned = await fetch(`${fake.origin}/v1/models`, { headers: { 'x-api-key': fakeAnthropicKey } })
    expect(unversioned.status).toBe(400)
    expect(await unversioned.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
  })

  test('requests that the real API refuses', async () => {
    await expect(client.messages.create({ ...hello, model: 'claude-none' })).rejects.toMatchObject({ status: 404, type: 'not_found_error' })
    await expect(client.messages.create({ ...hello, messages: [] })).rejects.toMatchObject({ status: 400 })
    await expect(client.messages.create({ ...hello, max_tokens: 1e6, stream: true })).rejects.toMatchObject({ status: 400 })
  })

  test('overloaded in the middle of a stream is raised while reading it', async () => {
    fake.behaviours.always({ faultAfterEvents: { events: 4, kind: 'overloaded' } })
    const error = await client.messages
      .stream(hello)
      .finalMessage()
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(Anthropic.APIError)
    expect(String(error)).toContain('overloaded_error')
  })

  test('a retrying SDK is seen once for each attempt', async () => {
    fake.behaviours.next({ fault: 'overloaded' })
    await client.withOptions({ maxRetries: 1 }).messages.create(hello)
    expect(fake.log.entries.map((entry) => entry.status)).toEqual([529, 200])
  })
})
