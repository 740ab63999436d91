import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AnthropicStreamUsage, anthropicUsage } from '../../src/gateway/llm/anthropic-usage.ts'
import { JsonUsage } from '../../src/gateway/llm/json-usage.ts'
import { OpenaiStreamUsage, openaiUsage } from '../../src/gateway/llm/openai-usage.ts'
import { SseReader } from '../../src/gateway/llm/sse-reader.ts'

const chunk = (fields: object) => `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', ...fields })}\n\n`
const delta = (content: string) => chunk({ choices: [{ index: 0, delta: { content } }], usage: null })
const usageOnly = chunk({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 24, prompt_tokens_details: { cached_tokens: 4 } } })
const stream = `${delta('a "usage": {"x":1} b')}${delta('é')}${usageOnly}data: [DONE]\n\n`

function run(reader: SseReader, text: string, cuts: readonly number[]): string {
  const bytes = Buffer.from(text)
  const out: Buffer[] = []
  let from = 0
  for (const cut of [...new Set(cuts)].filter((one) => one > 0 && one < bytes.length).sort((a, b) => a - b)) {
    out.push(reader.push(bytes.subarray(from, cut)))
    from = cut
  }
  const last = reader.push(bytes.subarray(from))
  out.push(last, reader.end())
  return Buffer.concat(out).toString('utf8')
}

test('usage that the client did not ask for is taken out of a stream, and nothing else is, wherever the chunks are cut', () => {
  for (const text of [stream, stream.replaceAll('\n\n', '\r\n\r\n')]) {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
        const usage = new OpenaiStreamUsage()
        expect(run(new SseReader(usage, true), text, cuts)).toBe(text.replace(/data: [^\r\n]*"choices":\[\],[^\r\n]*[\r\n]+/, ''))
        expect(usage.usage).toEqual({ inputTokens: 8, cachedInputTokens: 4, cacheWriteTokens: 0, outputTokens: 24 })
      }),
    )
  }
})

test('a stream that is only read passes byte for byte, and its usage is found wherever the chunks are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
      const usage = new OpenaiStreamUsage()
      expect(run(new SseReader(usage, false), stream, cuts)).toBe(stream)
      expect(usage.usage?.outputTokens).toBe(24)
    }),
  )
})

test('an event that is too long passes unread, and what follows is read again', () => {
  for (const strip of [false, true]) {
    const long = delta('x'.repeat(2_000_000))
    const usage = new OpenaiStreamUsage()
    const out = run(
      new SseReader(usage, strip),
      `${long}${usageOnly}`,
      Array.from({ length: 40 }, (_, i) => i * 65_536),
    )
    expect(out.startsWith(long)).toBe(true)
    expect(usage.usage?.outputTokens).toBe(24)
    expect(out.length).toBe(strip ? long.length : long.length + usageOnly.length)
  }
})

test('an upstream that sends a byte at a time, or a flood of small events, costs no more than its bytes', () => {
  for (const strip of [false, true]) {
    const usage = new OpenaiStreamUsage()
    const reader = new SseReader(usage, strip)
    // 1,000,000 pushes: were each to copy what is kept, or to look at it again, this would take minutes.
    const line = Buffer.from(`data: ${'x'.repeat(1_000_000)}`)
    let bytes = 0
    for (let i = 0; i < line.length; i++) bytes += reader.push(line.subarray(i, i + 1)).length
    bytes += reader.push(Buffer.from(`\n\n${usageOnly}`)).length
    expect(bytes + reader.end().length).toBe(line.length + 2 + (strip ? 0 : usageOnly.length))
    expect(usage.usage?.outputTokens).toBe(24)
    const flood = Buffer.from('data: {"usage":{}}\n\n'.repeat(50_000))
    expect(new SseReader(new OpenaiStreamUsage(), strip).push(flood).length).toBe(flood.length)
  }
})

test("Anthropic's usage is the input of the start and the last output, cached tokens apart", () => {
  const events = [
    [
      'message_start',
      { message: { usage: { input_tokens: 10, cache_read_input_tokens: 5, cache_creation_input_tokens: 7, output_tokens: 1 } } },
    ],
    ['message_delta', { usage: { output_tokens: 9 } }],
    ['message_delta', { usage: { output_tokens: 20 } }],
  ] as const
  const text = events.map(([type, fields]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`).join('')
  const usage = new AnthropicStreamUsage()
  run(new SseReader(usage, false), text, [50, 120, 200])
  expect(usage.usage).toEqual({ inputTokens: 10, cachedInputTokens: 5, cacheWriteTokens: 7, cacheWriteHourTokens: 0, outputTokens: 20 })
  const cut = new AnthropicStreamUsage()
  run(new SseReader(cut, false), text.slice(0, text.indexOf('event: message_delta')), [])
  expect(cut.usage).toBeUndefined()
})

test.each([-5, 1e308, '7', null, 1.5, {}])('usage that can not be is no usage: %s', (lie) => {
  expect(openaiUsage({ usage: { prompt_tokens: lie as number, completion_tokens: 1 } })).toBeUndefined()
  expect(anthropicUsage({ usage: { input_tokens: 1, output_tokens: lie as number } })).toBeUndefined()
})

test('usage is found in a JSON answer of any size, wherever the chunks are cut, and only its own member counts', () => {
  const content = { content: [{ input: { usage: { input_tokens: 0, output_tokens: 0 } }, text: '","usage":{"input_tokens":1}' }] }
  for (const padding of ['', 'y'.repeat(200_000)]) {
    const text = JSON.stringify({ ...content, padding: [padding, '\\"', 1.5], usage: { input_tokens: 3, output_tokens: 4 }, tail: [true] })
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 6 }), (cuts) => {
        const reader = new JsonUsage()
        const bytes = Buffer.from(text)
        let from = 0
        for (const cut of [...new Set(cuts)].sort((a, b) => a - b)) {
          reader.push(bytes.subarray(from, cut))
          from = cut
        }
        reader.push(bytes.subarray(from))
        expect(reader.end()?.usage).toEqual({ input_tokens: 3, output_tokens: 4 })
      }),
      { numRuns: 25 },
    )
  }
})
