import Anthropic, { toFile as anthropicFile } from '@anthropic-ai/sdk'
import { fakeAnthropicKey, startFakeAnthropic } from '@keyward/testkit/anthropic/server'
import type { Fake } from '@keyward/testkit/fake/server'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/**
 * The fields that a vendor's own SDK types call required, as a list that the compiler holds complete and free of strangers: a field that a
 * new SDK demands breaks the type check here, a field that a fake forgets breaks the test.
 */
type Required<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T] & string
type Fields<T> = Record<Required<T>, true>

let openai: Fake
let anthropic: Fake

beforeAll(async () => {
  openai = await startFakeOpenai()
  anthropic = await startFakeAnthropic()
})
afterAll(async () => {
  await openai.stop()
  await anthropic.stop()
})

type Json = Record<string, unknown>
const messages = [{ role: 'user', content: 'hello' }]

async function atOpenai(path: string, body?: object): Promise<Response> {
  return fetch(`${openai.origin}/v1${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${fakeOpenaiKey}` },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
}

async function atAnthropic(path: string, body?: object): Promise<Response> {
  return fetch(`${anthropic.origin}/v1${path}`, {
    method: body ? 'POST' : 'GET',
    headers: { 'x-api-key': fakeAnthropicKey, 'anthropic-version': '2023-06-01' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
}

async function json(response: Response): Promise<Json> {
  expect(response.status).toBe(200)
  return (await response.json()) as Json
}

async function eventsOf(response: Response): Promise<Json[]> {
  const data = [...(await response.text()).matchAll(/^data: (\{.*)$/gm)]
  return data.map((match) => JSON.parse(match[1] ?? '') as Json)
}

function holds<T>(value: unknown, fields: Fields<T>): void {
  expect(Object.keys(value as Json)).toEqual(expect.arrayContaining(Object.keys(fields)))
}

function first(value: unknown): Json {
  return (value as Json[])[0] ?? {}
}

const openaiUsage: Fields<OpenAI.CompletionUsage> = { prompt_tokens: true, completion_tokens: true, total_tokens: true }
const openaiModel: Fields<OpenAI.Model> = { id: true, created: true, object: true, owned_by: true }

describe('what OpenAI calls required is on the wire', () => {
  test('chat completion', async () => {
    const answer = await json(await atOpenai('/chat/completions', { model: 'gpt-4o', messages }))
    holds<OpenAI.ChatCompletion>(answer, { id: true, choices: true, created: true, model: true, object: true })
    holds<OpenAI.ChatCompletion.Choice>(first(answer.choices), { finish_reason: true, index: true, logprobs: true, message: true })
    holds<OpenAI.ChatCompletionMessage>(first(answer.choices).message, { content: true, refusal: true, role: true })
    holds<OpenAI.CompletionUsage>(answer.usage, openaiUsage)
  })

  test('chat completion chunk', async () => {
    const chunks = await eventsOf(
      await atOpenai('/chat/completions', { model: 'gpt-4o', messages, stream: true, stream_options: { include_usage: true } }),
    )
    for (const chunk of chunks)
      holds<OpenAI.ChatCompletionChunk>(chunk, { id: true, choices: true, created: true, model: true, object: true })
    for (const chunk of chunks.slice(0, -1))
      holds<OpenAI.ChatCompletionChunk.Choice>(first(chunk.choices), { delta: true, finish_reason: true, index: true })
    holds<OpenAI.CompletionUsage>(chunks.at(-1)?.usage, openaiUsage)
  })

  test('response and its events', async () => {
    const response: Fields<Omit<OpenAI.Responses.Response, 'output_text'>> = {
      id: true,
      access_programs: true,
      created_at: true,
      error: true,
      incomplete_details: true,
      instructions: true,
      metadata: true,
      model: true,
      object: true,
      output: true,
      parallel_tool_calls: true,
      temperature: true,
      tool_choice: true,
      tools: true,
      top_p: true,
    }
    const answer = await json(await atOpenai('/responses', { model: 'gpt-4o', input: 'hello' }))
    holds<Omit<OpenAI.Responses.Response, 'output_text'>>(answer, response)
    holds<OpenAI.Responses.ResponseUsage>(answer.usage, {
      input_tokens: true,
      input_tokens_details: true,
      output_tokens: true,
      output_tokens_details: true,
      total_tokens: true,
    })
    holds<OpenAI.Responses.ResponseUsage.InputTokensDetails>((answer.usage as Json).input_tokens_details, {
      cached_tokens: true,
      cache_write_tokens: true,
    })
    holds<OpenAI.Responses.ResponseOutputMessage>(first(answer.output), { id: true, content: true, role: true, status: true, type: true })
    holds<OpenAI.Responses.ResponseOutputText>(first(first(answer.output).content), { annotations: true, text: true, type: true })
    const events = await eventsOf(await atOpenai('/responses', { model: 'gpt-4o', input: 'hello', stream: true }))
    const find = (type: string): Json => events.find((one) => one.type === type) ?? {}
    holds<Omit<OpenAI.Responses.Response, 'output_text'>>(find('response.created').response, response)
    holds<Omit<OpenAI.Responses.Response, 'output_text'>>(find('response.completed').response, response)
    holds<OpenAI.Responses.ResponseTextDeltaEvent>(find('response.output_text.delta'), {
      content_index: true,
      delta: true,
      item_id: true,
      logprobs: true,
      output_index: true,
      sequence_number: true,
      type: true,
    })
    holds<OpenAI.Responses.ResponseTextDoneEvent>(find('response.output_text.done'), {
      content_index: true,
      item_id: true,
      logprobs: true,
      output_index: true,
      sequence_number: true,
      text: true,
      type: true,
    })
    holds<OpenAI.Responses.ResponseContentPartAddedEvent>(find('response.content_part.added'), {
      content_index: true,
      item_id: true,
      output_index: true,
      part: true,
      sequence_number: true,
      type: true,
    })
    holds<OpenAI.Responses.ResponseOutputItemDoneEvent>(find('response.output_item.done'), {
      item: true,
      output_index: true,
      sequence_number: true,
      type: true,
    })
  })

  test('completion, embedding, moderation, image, file, model', async () => {
    const completion = await json(await atOpenai('/completions', { model: 'gpt-3.5-turbo-instruct', prompt: 'hi' }))
    holds<OpenAI.Completion>(completion, { id: true, choices: true, created: true, model: true, object: true })
    holds<OpenAI.CompletionChoice>(first(completion.choices), { finish_reason: true, index: true, logprobs: true, text: true })
    const embedding = await json(await atOpenai('/embeddings', { model: 'text-embedding-3-small', input: 'hi' }))
    holds<OpenAI.CreateEmbeddingResponse>(embedding, { data: true, model: true, object: true, usage: true })
    holds<OpenAI.Embedding>(first(embedding.data), { embedding: true, index: true, object: true })
    const moderation = await json(await atOpenai('/moderations', { input: 'hi' }))
    holds<OpenAI.ModerationCreateResponse>(moderation, { id: true, model: true, results: true })
    holds<OpenAI.Moderation>(first(moderation.results), {
      categories: true,
      category_applied_input_types: true,
      category_scores: true,
      flagged: true,
    })
    const image = await json(await atOpenai('/images/generations', { prompt: 'hi' }))
    holds<OpenAI.ImagesResponse>(image, { created: true })
    holds<OpenAI.ImagesResponse.Usage>(image.usage, {
      input_tokens: true,
      input_tokens_details: true,
      output_tokens: true,
      total_tokens: true,
    })
    const form = new FormData()
    form.set('purpose', 'user_data')
    form.set('file', new Blob(['x']), 'x.txt')
    const file = await json(
      await fetch(`${openai.origin}/v1/files`, { method: 'POST', headers: { authorization: `Bearer ${fakeOpenaiKey}` }, body: form }),
    )
    holds<OpenAI.FileObject>(file, { id: true, bytes: true, created_at: true, filename: true, object: true, purpose: true, status: true })
    holds<OpenAI.Model>(first((await json(await atOpenai('/models'))).data), openaiModel)
  })
})

const anthropicMessage: Fields<Anthropic.Message> = {
  id: true,
  container: true,
  content: true,
  diagnostics: true,
  model: true,
  role: true,
  stop_details: true,
  stop_reason: true,
  stop_sequence: true,
  type: true,
  usage: true,
}
const anthropicUsage: Fields<Anthropic.Usage> = {
  cache_creation: true,
  cache_creation_input_tokens: true,
  cache_read_input_tokens: true,
  inference_geo: true,
  input_tokens: true,
  output_tokens: true,
  output_tokens_details: true,
  server_tool_use: true,
  service_tier: true,
  speed: true,
}

describe('what Anthropic calls required is on the wire', () => {
  const wish = { model: 'claude-haiku-4-5', max_tokens: 100, messages }

  test('message', async () => {
    const answer = await json(await atAnthropic('/messages', wish))
    holds<Anthropic.Message>(answer, anthropicMessage)
    holds<Anthropic.Usage>(answer.usage, anthropicUsage)
    holds<Anthropic.TextBlock>(first(answer.content), { citations: true, text: true, type: true })
    const tool = { name: 't', input_schema: { type: 'object' } }
    const called = await json(await atAnthropic('/messages', { ...wish, tools: [tool], tool_choice: { type: 'any' } }))
    holds<Anthropic.ToolUseBlock>(first(called.content), { id: true, caller: true, name: true, type: true })
    expect(first(called.content).input).toEqual({})
  })

  test('stream events', async () => {
    const events = await eventsOf(await atAnthropic('/messages', { ...wish, stream: true }))
    const find = (type: string): Json => events.find((one) => one.type === type) ?? {}
    holds<Anthropic.Message>(find('message_start').message, anthropicMessage)
    holds<Anthropic.Usage>((find('message_start').message as Json).usage, anthropicUsage)
    holds<Anthropic.RawContentBlockStartEvent>(find('content_block_start'), { content_block: true, index: true, type: true })
    holds<Anthropic.RawContentBlockDeltaEvent>(find('content_block_delta'), { delta: true, index: true, type: true })
    holds<Anthropic.RawMessageDeltaEvent>(find('message_delta'), { delta: true, type: true, usage: true })
    holds<Anthropic.RawMessageDeltaEvent.Delta>(find('message_delta').delta, {
      container: true,
      stop_details: true,
      stop_reason: true,
      stop_sequence: true,
    })
    holds<Anthropic.MessageDeltaUsage>(find('message_delta').usage, {
      cache_creation_input_tokens: true,
      cache_read_input_tokens: true,
      input_tokens: true,
      output_tokens: true,
      output_tokens_details: true,
      server_tool_use: true,
    })
  })

  test('model, file, batch', async () => {
    holds<Anthropic.ModelInfo>(first((await json(await atAnthropic('/models'))).data), {
      id: true,
      capabilities: true,
      created_at: true,
      deprecated_at: true,
      display_name: true,
      lifecycle: true,
      line: true,
      max_input_tokens: true,
      max_tokens: true,
      retires_at: true,
      type: true,
    })
    const client = new Anthropic({ apiKey: fakeAnthropicKey, baseURL: anthropic.origin })
    const file = await client.files.upload({ file: await anthropicFile(Buffer.from('x'), 'x.txt') })
    holds<typeof file>(file, { id: true, created_at: true, filename: true, mime_type: true, size_bytes: true, type: true })
    holds<Anthropic.Messages.MessageBatch>(
      await json(await atAnthropic('/messages/batches', { requests: [{ custom_id: 'a', params: wish }] })),
      {
        id: true,
        archived_at: true,
        cancel_initiated_at: true,
        created_at: true,
        ended_at: true,
        expires_at: true,
        processing_status: true,
        request_counts: true,
        results_url: true,
        type: true,
      },
    )
  })

  test('error bodies hold what both vendors document, and nothing of the key', async () => {
    const refused = await fetch(`${anthropic.origin}/v1/models`, {
      headers: { 'x-api-key': 'sk-ant-api03-FAKE-wrong', 'anthropic-version': '2023-06-01' },
    })
    expect(await refused.json()).toEqual({
      type: 'error',
      error: { type: 'authentication_error', message: 'invalid x-api-key' },
      request_id: refused.headers.get('request-id'),
    })
    const wrong = (await (
      await fetch(`${openai.origin}/v1/models`, { headers: { authorization: 'Bearer sk-proj-FAKE-wrong-and-long-enough' } })
    ).json()) as { error: Json }
    expect(Object.keys(wrong.error).sort()).toEqual(['code', 'message', 'param', 'type'])
    expect(JSON.stringify(wrong)).not.toContain('wrong-and-long')
  })
})
