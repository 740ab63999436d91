import { event } from './fake/answer.ts'

interface Shape {
  /** Whole HTTP/1.1 answers, head and body. */
  json: Buffer
  stream: Buffer
  /** The same stream in the writes of a live one: head and first event, then an event each; the last closes it. */
  streamParts: Buffer[]
}

export interface BenchAnswers {
  openai: Shape
  anthropic: Shape
  refused: Buffer
}

/** Tokens that every answer reports: what a bench expects to find settled for each call. */
export const benchUsage = { inputTokens: 12, outputTokens: 24 }

/** The answers of the bench upstream. A stream has `events` text deltas, one chunk each, and its usage at the end. */
export function benchAnswers(events: number): BenchAnswers {
  const words = Array.from({ length: events }, (_, index) => (index === 0 ? 'Lend' : ' lend'))
  const text = words.join('')
  const usage = {
    prompt_tokens: benchUsage.inputTokens,
    completion_tokens: benchUsage.outputTokens,
    total_tokens: benchUsage.inputTokens + benchUsage.outputTokens,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  }
  const frame = { id: 'chatcmpl-bench', created: 1_760_000_000, model: 'gpt-4o-mini' }
  const chunk = (fields: object): string => event(null, { ...frame, object: 'chat.completion.chunk', ...fields })
  const delta = (content: object, finish: string | null): string =>
    chunk({ choices: [{ index: 0, delta: content, finish_reason: finish }], usage: null })

  const claude = { id: 'msg_bench', type: 'message', role: 'assistant', model: 'claude-haiku-4-5', stop_sequence: null }
  const claudeUsage = {
    input_tokens: benchUsage.inputTokens,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: benchUsage.outputTokens,
  }
  const send = (type: string, fields: object = {}): string => event(type, { type, ...fields })

  return {
    openai: {
      json: json(200, {
        ...frame,
        object: 'chat.completion',
        choices: [{ index: 0, message: { role: 'assistant', content: text, refusal: null }, finish_reason: 'stop' }],
        usage,
      }),
      ...stream([
        delta({ role: 'assistant', content: '' }, null),
        ...words.map((content) => delta({ content }, null)),
        delta({}, 'stop'),
        chunk({ choices: [], usage }),
        'data: [DONE]\n\n',
      ]),
    },
    anthropic: {
      json: json(200, { ...claude, content: [{ type: 'text', text }], stop_reason: 'end_turn', usage: claudeUsage }),
      ...stream([
        send('message_start', { message: { ...claude, content: [], stop_reason: null, usage: { ...claudeUsage, output_tokens: 1 } } }),
        send('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
        ...words.map((word) => send('content_block_delta', { index: 0, delta: { type: 'text_delta', text: word } })),
        send('content_block_stop', { index: 0 }),
        send('message_delta', {
          delta: { stop_reason: 'end_turn', stop_sequence: null },
          usage: { output_tokens: benchUsage.outputTokens },
        }),
        send('message_stop'),
      ]),
    },
    refused: json(401, {
      error: {
        message: 'The bench upstream did not find its key in the request.',
        type: 'invalid_request_error',
        param: null,
        code: 'invalid_api_key',
      },
    }),
  }
}

function json(status: number, body: object): Buffer {
  const bytes = Buffer.from(JSON.stringify(body))
  return Buffer.concat([
    Buffer.from(
      `HTTP/1.1 ${status} ${status === 200 ? 'OK' : 'Unauthorized'}\r\ncontent-type: application/json\r\nx-request-id: req_bench\r\ncontent-length: ${bytes.length}\r\n\r\n`,
    ),
    bytes,
  ])
}

function stream(events: string[]): Pick<Shape, 'stream' | 'streamParts'> {
  const head =
    'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\nx-request-id: req_bench\r\ntransfer-encoding: chunked\r\n\r\n'
  const chunks = events.map((one) => `${Buffer.byteLength(one).toString(16)}\r\n${one}\r\n`)
  const parts = chunks.map((chunk, index) =>
    Buffer.from(`${index === 0 ? head : ''}${chunk}${index === chunks.length - 1 ? '0\r\n\r\n' : ''}`),
  )
  return { stream: Buffer.concat(parts), streamParts: parts }
}
