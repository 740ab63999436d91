import type { Fake } from '@keyward/testkit/fake/server'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import OpenAI, { toFile } from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

let fake: Fake
let client: OpenAI

beforeAll(async () => {
  fake = await startFakeOpenai()
  client = new OpenAI({ apiKey: fakeOpenaiKey, baseURL: `${fake.origin}/v1`, maxRetries: 0 })
})
beforeEach(() => {
  fake.behaviours.healthy()
  fake.log.clear()
})
afterAll(() => fake.stop())

const hello = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Say hello to the team' }] }

describe('the unmodified OpenAI SDK works against the fake', () => {
  test('chat: the answer is whole and its usage is what the counting rule says and what the log bills', async () => {
    const answer = await client.chat.completions.create(hello)
    answer satisfies OpenAI.ChatCompletion
    expect(answer.choices[0]?.message.content).toBe('You said: Say hello to the team')
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    // 21 bytes of prompt are 6 tokens, 3 for the message, 3 for the reply's start; 31 bytes of answer are 8.
    expect(answer.usage).toMatchObject({
      prompt_tokens: 12,
      completion_tokens: 8,
      total_tokens: 20,
      prompt_tokens_details: { cached_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0 },
    })
    const [seen] = await fake.log.until((entries) => entries[0]?.outcome === 'answered')
    expect(seen).toMatchObject({
      method: 'POST',
      path: '/v1/chat/completions',
      status: 200,
      model: 'gpt-4o-mini',
      project: 'default',
      usage: { prompt_tokens: 12, completion_tokens: 8 },
    })
    expect(answer._request_id).toMatch(/^req_/)
  })

  test('a stream tells usage only when asked: null on each chunk, then a last chunk without choices', async () => {
    const asked: OpenAI.ChatCompletionChunk[] = []
    for await (const chunk of await client.chat.completions.create({ ...hello, stream: true, stream_options: { include_usage: true } }))
      asked.push(chunk)
    expect(asked.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('You said: Say hello to the team')
    expect(asked.slice(0, -1).every((chunk) => chunk.usage === null && chunk.choices.length === 1)).toBe(true)
    expect(asked.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 8 } })
    const plain: OpenAI.ChatCompletionChunk[] = []
    for await (const chunk of await client.chat.completions.create({ ...hello, stream: true })) plain.push(chunk)
    expect(plain.some((chunk) => 'usage' in chunk)).toBe(false)
    expect(plain.every((chunk) => chunk.choices.length === 1)).toBe(true)
  })

  test('the stream on the wire ends with [DONE]', async () => {
    const response = await fetch(`${fake.origin}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${fakeOpenaiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...hello, stream: true }),
    })
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect((await response.text()).endsWith('data: [DONE]\n\n')).toBe(true)
  })

  test('the output maximum is honoured, reasoning counts into it, and the finish reason says so', async () => {
    const answer = await client.chat.completions.create({ ...hello, model: 'gpt-5-mini', max_completion_tokens: 66 })
    expect(answer.usage?.completion_tokens).toBe(66)
    expect(answer.usage?.completion_tokens_details?.reasoning_tokens).toBe(64)
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'You said' } })
  })

  test('a long prompt that was sent before is reported as cached', async () => {
    const long = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'lend '.repeat(1000) }] }
    const first = await client.chat.completions.create({ ...long, max_tokens: 4 })
    const second = await client.chat.completions.create({ ...long, max_tokens: 4 })
    expect(first.usage?.prompt_tokens_details?.cached_tokens).toBe(0)
    expect(second.usage?.prompt_tokens_details?.cached_tokens).toBe(1152)
  })

  test('a demanded tool is called with arguments that fit its schema', async () => {
    const answer = await client.chat.completions.create({
      ...hello,
      tool_choice: 'required',
      tools: [
        {
          type: 'function',
          function: {
            name: 'lookup',
            parameters: { type: 'object', properties: { id: { type: 'integer' }, kind: { enum: ['a', 'b'] } }, required: ['id', 'kind'] },
          },
        },
      ],
    })
    const call = answer.choices[0]?.message.tool_calls?.[0]
    expect(call?.type === 'function' ? JSON.parse(call.function.arguments) : null).toEqual({ id: 1, kind: 'a' })
  })

  test('responses: JSON, and a stream of typed events with usage in the last', async () => {
    const answer = await client.responses.create({ model: 'gpt-5-mini', input: 'Say hello', instructions: 'Be brief' })
    answer satisfies OpenAI.Responses.Response
    expect(answer.output_text).toBe('You said: Say hello')
    expect(answer.usage).toMatchObject({
      input_tokens: 11,
      output_tokens: 69,
      output_tokens_details: { reasoning_tokens: 64 },
      total_tokens: 80,
    })
    const types: string[] = []
    let text = ''
    let usage: OpenAI.Responses.ResponseUsage | undefined
    let sequence = -1
    for await (const event of await client.responses.create({ model: 'gpt-4o', input: 'Say hello', stream: true })) {
      types.push(event.type)
      expect(event.sequence_number).toBe(sequence + 1)
      sequence = event.sequence_number
      if (event.type === 'response.output_text.delta') text += event.delta
      if (event.type === 'response.completed') usage = event.response.usage
    }
    expect(types.slice(0, 2)).toEqual(['response.created', 'response.in_progress'])
    expect(types.at(-1)).toBe('response.completed')
    expect(text).toBe('You said: Say hello')
    expect(usage).toMatchObject({ input_tokens: 9, output_tokens: 5 })
  })

  test('responses: stored context is paid for again, and can be read and deleted by its own project alone', async () => {
    const first = await client.responses.create({ model: 'gpt-4o', input: 'Say hello' })
    const next = await client.responses.create({ model: 'gpt-4o', input: 'Say hello', previous_response_id: first.id })
    expect(next.usage?.input_tokens).toBe(9 + 14)
    expect((await client.responses.retrieve(first.id)).output_text).toBe('You said: Say hello')
    fake.keys.add('sk-proj-FAKE-of-another-project', { project: 'other' })
    await expect(client.withOptions({ apiKey: 'sk-proj-FAKE-of-another-project' }).responses.retrieve(first.id)).rejects.toBeInstanceOf(
      OpenAI.NotFoundError,
    )
    await client.responses.delete(first.id)
    await expect(client.responses.retrieve(first.id)).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })

  test('responses: a background run is fetched later or cancelled; a tool that the vendor runs itself is on the bill', async () => {
    const started = await client.responses.create({ model: 'gpt-4o', input: 'Say hello', background: true })
    expect(started).toMatchObject({ status: 'queued', output: [] })
    await expect.poll(async () => (await client.responses.retrieve(started.id)).status, { timeout: 5000 }).toBe('completed')
    const second = await client.responses.create({ model: 'gpt-4o', input: 'Say hello', background: true })
    expect((await client.responses.cancel(second.id)).status).toBe('cancelled')
    await expect(client.responses.cancel((await client.responses.create({ model: 'gpt-4o', input: 'x' })).id)).rejects.toBeInstanceOf(
      OpenAI.BadRequestError,
    )
    const searched = await client.responses.create({ model: 'gpt-4o', input: 'Say hello', tools: [{ type: 'web_search' }] })
    expect(searched.output.map((item) => item.type)).toEqual(['web_search_call', 'message'])
    expect(fake.log.entries.at(-1)?.usage).toMatchObject({ web_search_calls: 1 })
    const final = await client.responses.stream({ model: 'gpt-5', input: 'Say hello', tools: [{ type: 'web_search' }] }).finalResponse()
    expect(final.output.map((item) => item.type)).toEqual(['reasoning', 'web_search_call', 'message'])
  })

  test('transcriptions: the model is a part of a form', async () => {
    const heard = await client.audio.transcriptions.create({
      model: 'gpt-4o-mini-transcribe',
      file: await toFile(Buffer.alloc(5000), 'a.wav'),
    })
    expect(heard).toMatchObject({ text: '5000 bytes of sound', usage: { input_tokens: 5, output_tokens: 5 } })
    expect(fake.log.entries.at(-1)).toMatchObject({ model: 'gpt-4o-mini-transcribe', usage: { total_tokens: 10 } })
    await expect(
      client.audio.transcriptions.create({ model: 'gpt-4o', file: await toFile(Buffer.alloc(5), 'a.wav') }),
    ).rejects.toMatchObject({ code: 'model_not_found' })
  })

  test('the streaming helpers of the SDK accept the events', async () => {
    expect(await client.chat.completions.stream(hello).finalContent()).toBe('You said: Say hello to the team')
    const final = await client.responses.stream({ model: 'gpt-4o', input: 'Say hello' }).finalResponse()
    expect(final.output_text).toBe('You said: Say hello')
  })

  test('completions, embeddings, moderations, speech, images', async () => {
    const text = await client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'Hello' })
    expect(text).toMatchObject({ choices: [{ text: 'You said: Hello' }], usage: { prompt_tokens: 2, completion_tokens: 4 } })
    const vectors = await client.embeddings.create({ model: 'text-embedding-3-small', input: ['one', 'two'] })
    expect(vectors.data.map((one) => one.embedding.length)).toEqual([1536, 1536])
    expect(Math.hypot(...(vectors.data[0]?.embedding ?? []))).toBeCloseTo(1, 5)
    const plain = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'one', encoding_format: 'float', dimensions: 8 })
    expect(plain.data[0]?.embedding).toHaveLength(8)
    const verdict = await client.moderations.create({ input: 'violence' })
    expect(verdict.results[0]).toMatchObject({ flagged: true, categories: { violence: true, hate: false } })
    const sound = Buffer.from(await (await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'hello' })).arrayBuffer())
    expect(sound.subarray(0, 4).toString()).toBe('RIFF')
    expect(sound.length).toBe(44 + 2048)
    const picture = await client.images.generate({ model: 'gpt-image-1', prompt: 'a warden' })
    expect(
      Buffer.from(picture.data?.[0]?.b64_json ?? '', 'base64')
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG')
  })

  test('models: listed, looked up, unknown', async () => {
    const listed: string[] = []
    for await (const model of client.models.list()) listed.push(model.id)
    expect(listed).toContain('gpt-4o')
    expect((await client.models.retrieve('gpt-4o')).owned_by).toBe('system')
    await expect(client.models.retrieve('gpt-none')).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
  })

  test('files: upload, pages, content, delete; bytes survive', async () => {
    const content = Buffer.from([0, 13, 10, 45, 45, 255, 128])
    const ids: string[] = []
    for (let number = 0; number < 5; number += 1)
      ids.push((await client.files.create({ file: await toFile(content, `f${number}.bin`), purpose: 'user_data' })).id)
    const listed: string[] = []
    for await (const file of client.files.list({ limit: 2 })) listed.push(file.id)
    expect(listed).toEqual(ids.toReversed())
    expect(fake.log.entries.filter((entry) => entry.method === 'GET')).toHaveLength(3)
    expect(Buffer.from(await (await client.files.content(ids[0] ?? '')).arrayBuffer())).toEqual(content)
    expect(await client.files.delete(ids[0] ?? '')).toMatchObject({ deleted: true })
    await expect(client.files.retrieve(ids[0] ?? '')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })
})

describe("errors raise the SDK's own classes", () => {
  test.each([
    ['invalid_key', OpenAI.AuthenticationError, { status: 401, code: 'invalid_api_key' }],
    ['forbidden', OpenAI.PermissionDeniedError, { status: 403 }],
    ['bad_request', OpenAI.BadRequestError, { status: 400, type: 'invalid_request_error' }],
    ['not_found', OpenAI.NotFoundError, { status: 404 }],
    ['rate_limited', OpenAI.RateLimitError, { status: 429, code: 'rate_limit_exceeded' }],
    ['quota', OpenAI.RateLimitError, { status: 429, code: 'insufficient_quota' }],
    ['server_error', OpenAI.InternalServerError, { status: 500 }],
    ['unavailable', OpenAI.InternalServerError, { status: 503 }],
  ] as const)('%s', async (fault, raised, fields) => {
    fake.behaviours.always({ fault })
    const error = await client.chat.completions.create(hello).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(raised)
    expect(error).toMatchObject(fields)
  })

  test('no key, a wrong key (masked in the answer), a disabled key, a key that dies later', async () => {
    const wrong = await client
      .withOptions({ apiKey: 'sk-proj-FAKEWRONGWRONGWRONGWRONG-EXAMPLE' })
      .models.list()
      .catch((caught: unknown) => caught)
    expect(wrong).toMatchObject({ status: 401, code: 'invalid_api_key' })
    expect(String(wrong)).not.toContain('WRONGWRONG')
    expect((await fetch(`${fake.origin}/v1/models`)).status).toBe(401)
    fake.keys.add('sk-proj-FAKE-mortal', { id: 'key_mortal' })
    const mortal = client.withOptions({ apiKey: 'sk-proj-FAKE-mortal' })
    await mortal.models.list()
    expect(fake.log.entries.at(-1)?.keyId).toBe('key_mortal')
    fake.keys.disable('sk-proj-FAKE-mortal')
    await expect(mortal.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    fake.keys.enable('sk-proj-FAKE-mortal')
    await mortal.models.list()
    fake.keys.dieAfter('sk-proj-FAKE-mortal', 0)
    await expect(mortal.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
  })

  test('requests that the real API refuses', async () => {
    await expect(client.chat.completions.create({ ...hello, model: 'gpt-none' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    })
    await expect(client.chat.completions.create({ ...hello, messages: [] })).rejects.toMatchObject({
      status: 400,
      param: 'messages',
      code: 'missing_required_parameter',
    })
    await expect(client.chat.completions.create({ ...hello, model: 'gpt-5', max_tokens: 5 })).rejects.toMatchObject({
      status: 400,
      param: 'max_tokens',
      code: 'unsupported_parameter',
    })
    await expect(client.post('/nowhere', { body: {} })).rejects.toMatchObject({ status: 404 })
    await expect(client.get('/chat/completions')).rejects.toMatchObject({ status: 405 })
  })

  test('an error inside a stream is raised while reading it', async () => {
    fake.behaviours.always({ faultAfterEvents: { events: 2, kind: 'server_error' } })
    const read = async (): Promise<void> => {
      for await (const _chunk of await client.chat.completions.create({ ...hello, stream: true })) {
        // Reading is what raises.
      }
    }
    await expect(read()).rejects.toBeInstanceOf(OpenAI.APIError)
  })
})

describe('limits', () => {
  test('a retrying SDK is seen once for each attempt, in order', async () => {
    fake.behaviours.next({ fault: 'rate_limited' }, { fault: 'server_error' })
    const answer = await client.withOptions({ maxRetries: 2 }).chat.completions.create(hello)
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(fake.log.entries.map((entry) => entry.status)).toEqual([429, 500, 200])
    expect(fake.log.entries.map((entry) => entry.headers['x-stainless-retry-count'])).toEqual(['0', '1', '2'])
    expect(new Set(fake.log.entries.map((entry) => entry.bodySha256)).size).toBe(1)
  })

  test('a project over its requests per minute is told when to return, and another project is not', async () => {
    fake.keys.add('sk-proj-FAKE-small', { project: 'small' }).project.requestsPerMinuteMax = 2
    const small = client.withOptions({ apiKey: 'sk-proj-FAKE-small' })
    await small.chat.completions.create(hello)
    const { response } = await small.chat.completions.create(hello).withResponse()
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('2')
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    const error = await small.chat.completions.create(hello).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(OpenAI.RateLimitError)
    expect(Number(error instanceof OpenAI.APIError ? error.headers?.get('retry-after') : 0)).toBeGreaterThan(0)
    await client.chat.completions.create(hello)
  })

  test('a project without money gets insufficient_quota', async () => {
    fake.keys.add('sk-proj-FAKE-poor', { project: 'poor' }).project.quotaExhausted = true
    await expect(client.withOptions({ apiKey: 'sk-proj-FAKE-poor' }).chat.completions.create(hello)).rejects.toMatchObject({
      status: 429,
      code: 'insufficient_quota',
    })
  })
})
