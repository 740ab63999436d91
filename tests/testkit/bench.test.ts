import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import Anthropic from '@anthropic-ai/sdk'
import { benchUsage } from '@keyward/testkit/bench-answers'
import { startFakeOpenai } from '@keyward/testkit/openai/server'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AnswerReader } from '../../bench/answer-reader.ts'
import { runLoad } from '../../bench/load.ts'
import { compare, median, type Round, summarise } from '../../bench/stats.ts'

const key = 'sk-proj-FAKEBENCH-EXAMPLE'
const children: ChildProcess[] = []
let upstream = ''
let pipe = ''

/** Starts a script that prints `{origin}` once it listens. */
async function start(script: string, ...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(`../../${script}`, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  if (child.stdout)
    for await (const line of createInterface({ input: child.stdout })) return (JSON.parse(line) as { origin: string }).origin
  throw new Error(`${script} ended before it listened`)
}

beforeAll(async () => {
  upstream = await start('packages/testkit/src/bench-upstream.ts', '--key', key)
  pipe = await start('bench/pipe.ts', '--target', upstream, '--key', key)
})
afterAll(() => {
  for (const child of children) child.kill()
})

describe('the bench upstream looks like a vendor to the unmodified SDKs, through the pipe that puts its key in', () => {
  test('OpenAI: JSON and stream report the stated usage', async () => {
    const client = new OpenAI({ apiKey: 'sk-not-the-key', baseURL: `${pipe}/v1`, maxRetries: 0 })
    const messages = [{ role: 'user' as const, content: 'x'.repeat(100_000) }]
    const answer = await client.chat.completions.create({ model: 'gpt-4o-mini', messages })
    expect(answer.usage).toMatchObject({ prompt_tokens: benchUsage.inputTokens, completion_tokens: benchUsage.outputTokens })
    let last: OpenAI.ChatCompletionChunk | undefined
    for await (const chunk of await client.chat.completions.create({
      model: 'gpt-4o-mini',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    }))
      last = chunk
    expect(last).toMatchObject({ choices: [], usage: { completion_tokens: benchUsage.outputTokens } })
    await expect(
      new OpenAI({ apiKey: 'sk-not-the-key', baseURL: `${upstream}/v1`, maxRetries: 0 }).chat.completions.create({ model: 'm', messages }),
    ).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
  })

  test('Anthropic: JSON and stream report the stated usage', async () => {
    const client = new Anthropic({ apiKey: key, baseURL: upstream, maxRetries: 0 })
    const wish = { model: 'claude-haiku-4-5', max_tokens: 64, messages: [{ role: 'user' as const, content: 'x' }] }
    expect((await client.messages.create(wish)).usage.output_tokens).toBe(benchUsage.outputTokens)
    const final = await client.messages.stream(wish).finalMessage()
    expect(final.usage).toMatchObject({ input_tokens: benchUsage.inputTokens, output_tokens: benchUsage.outputTokens })
  })

  test('events that are written one by one arrive one by one through the pipe', async () => {
    const slow = await start('packages/testkit/src/bench-upstream.ts', '--event-delay-ms', '5', '--events', '4')
    const through = await start('bench/pipe.ts', '--target', slow)
    const response = await fetch(`${through}/v1/chat/completions`, { method: 'POST', body: JSON.stringify({ stream: true }) })
    const parts: string[] = []
    for await (const part of response.body ?? []) parts.push(new TextDecoder().decode(part))
    expect(parts.length).toBeGreaterThan(3)
    expect(parts.join('').endsWith('data: [DONE]\n\n')).toBe(true)
  })
})

describe('the load generator', () => {
  const base = { concurrency: 4, requests: 200, warmUpSeconds: 0, shape: 'openai' as const }

  test.each([
    ['openai', false],
    ['openai', true],
    ['anthropic', true],
    ['anthropic', false],
  ] as const)('sends what it says and counts every answer: %s, stream %s', async (shape, stream) => {
    const count = async (): Promise<number> => ((await (await fetch(`${upstream}/__count`)).json()) as { answered: number }).answered
    const before = await count()
    const result = await runLoad({
      ...base,
      shape,
      stream,
      token: key,
      url: `${upstream}/v1/${shape === 'openai' ? 'chat/completions' : 'messages'}`,
    })
    expect(result).toMatchObject({ requests: 200, errors: 0, statuses: { 200: 200 }, firstError: null })
    expect(result.latencyMs.count).toBe(200)
    // Requests that were on their way when the last was counted are not in the result.
    expect((await count()) - before).toBeGreaterThanOrEqual(200)
    expect((await count()) - before).toBeLessThan(200 + base.concurrency)
  })

  test('a refusal, an answer without its end and a death in the middle are errors, not answers', async () => {
    const refused = await runLoad({ ...base, stream: false, token: 'wrong', url: `${upstream}/v1/chat/completions` })
    expect(refused).toMatchObject({ errors: 200, statuses: { 401: 200 } })
    expect(refused.firstError).toContain('did not find its key')
    const fake = await startFakeOpenai({ key })
    fake.behaviours.always({ faultAfterEvents: { events: 2, kind: 'server_error' } })
    expect((await runLoad({ ...base, requests: 20, stream: true, token: key, url: `${fake.origin}/v1/chat/completions` })).errors).toBe(20)
    fake.behaviours.always({ destroyAfterBytes: 200 })
    expect(await runLoad({ ...base, requests: 20, stream: true, token: key, url: `${fake.origin}/v1/chat/completions` })).toMatchObject({
      errors: 20,
      statuses: { 0: 20 },
    })
    await fake.stop()
  })
})

describe('an answer is read the same wherever its bytes are cut', () => {
  test.each([
    ['a length', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"usage"}'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=1\r\n{"us\r\n5\r\nage"}\r\n0\r\nx-trailer: 1\r\n\r\n'],
    ['an informational answer first', 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"usage"}'],
  ])('%s', (_name, text) => {
    const whole = Buffer.from(text)
    const reader = new AnswerReader(Buffer.from('"usage"'))
    for (let first = 1; first < whole.length; first += 1) {
      for (let second = first; second < whole.length; second += 1) {
        reader.reset()
        expect([reader.push(whole.subarray(0, first)), second > first && reader.push(whole.subarray(first, second))]).toEqual([
          false,
          false,
        ])
        expect(reader.push(whole.subarray(second))).toBe(true)
        expect([reader.status, reader.bodyBytes, reader.markSeen]).toEqual([200, 9, true])
      }
    }
  })

  test('against a real server that writes in odd pieces', async () => {
    const server = createServer((_request, response) => {
      response.write('{"us')
      setImmediate(() => response.end('age":1}'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const result = await runLoad({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      concurrency: 2,
      requests: 50,
      warmUpSeconds: 0,
      stream: false,
      shape: 'openai',
    })
    expect(result).toMatchObject({ requests: 50, errors: 0, bytes: 550 })
    server.closeAllConnections()
    server.close()
  })
})

describe('statistics', () => {
  test('percentiles are nearest rank and exact', () => {
    expect(summarise(Array.from({ length: 100 }, (_, index) => 100 - index))).toEqual({
      count: 100,
      mean: 50.5,
      p50: 50,
      p90: 90,
      p99: 99,
      max: 100,
    })
    expect(summarise([])).toMatchObject({ count: 0, p99: 0 })
    expect(summarise([7])).toMatchObject({ p50: 7, p99: 7, max: 7 })
  })

  test('the median of rounds, even and odd', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5])
  })

  test('pairs are compared pair by pair', () => {
    const round = (requestsPerSecond: number, p50: number): Round => ({
      requestsPerSecond,
      latencyMs: { ...summarise([p50]) },
      firstByteMs: summarise([p50 / 2]),
    })
    expect(compare([round(60, 3), round(30, 6), round(70, 3)], [round(100, 2), round(50, 4), round(100, 2)])).toEqual({
      throughputRatio: 0.6,
      throughputRatioLow: 0.6,
      throughputRatioHigh: 0.7,
      addedP50Ms: 1,
      addedP99Ms: 1,
      addedFirstByteP50Ms: 0.5,
    })
    expect(() => compare([round(1, 1)], [])).toThrow(RangeError)
  })
})
