import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Estate, makeEstate } from '../support/estate.ts'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { type RawUpstream, startRawUpstream } from './raw.ts'

/*
 * Promise 6: whatever a provider could bill beyond the bytes that are sent and the answer that is asked for is refused where a budget pays.
 * A hostile agent tries what a provider (or a lenient relay that speaks its protocol) would understand and we might not.
 */

let keyward: KeywardProcess
let upstream: RawUpstream
let estate: Estate
let openai: string
let anthropic: string

beforeAll(async () => {
  ;[keyward, upstream] = await Promise.all([startKeyward(), startRawUpstream()])
  estate = await makeEstate(keyward, [
    { name: 'openai', provider: 'openai', upstream: upstream.origin, secret: 'sk-FAKE-bound-openai-0123456789abcdef' },
    { name: 'anthropic', provider: 'anthropic', upstream: upstream.origin, secret: 'sk-ant-FAKE-bound-0123456789abcdef' },
  ])
  const grants = await Promise.all([estate.grant('openai'), estate.grant('anthropic')])
  for (const grant of grants) await estate.budget({ grant }, '1000.00')
  ;[openai = '', anthropic = ''] = await Promise.all(grants.map((grant) => estate.token(grant)))
  upstream.answer = (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
}, 60_000)
afterAll(async () => {
  await keyward.kill()
  await upstream.stop()
})

/** The code of the refusal, or `passed`. */
async function send(resource: 'openai' | 'anthropic', path: string, body: unknown, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(`${keyward.origin}/g/${resource}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${resource === 'openai' ? openai : anthropic}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  await response.text()
  return response.headers.get('keyward-error') ?? (response.status === 200 ? 'passed' : String(response.status))
}

type Call = readonly ['openai' | 'anthropic', string, object]
const user = (content: unknown) => [{ role: 'user', content }]
const chat = (more: object): Call => [
  'openai',
  '/v1/chat/completions',
  { model: 'gpt-4.1-mini', messages: user('hi'), max_tokens: 5, ...more },
]
const answers = (more: object): Call => ['openai', '/v1/responses', { model: 'gpt-4.1-mini', input: 'hi', max_output_tokens: 50, ...more }]
const completion = (more: object): Call => [
  'openai',
  '/v1/completions',
  { model: 'gpt-3.5-turbo-instruct', prompt: 'hi', max_tokens: 5, ...more },
]
const messages = (more: object): Call => [
  'anthropic',
  '/v1/messages',
  { model: 'claude-haiku-4-5', messages: user('hi'), max_tokens: 5, ...more },
]

test('plain calls of each kind pass, so that the refusals below say something', async () => {
  for (const call of [
    chat({ n: 2 }),
    answers({}),
    answers({ input: [{ role: 'user', content: 'hi' }] }),
    messages({ system: [{ type: 'text', text: 'x' }] }),
  ])
    expect(await send(...call), JSON.stringify(call)).toBe('passed')
})

test('what could cost more than its bytes and its answer is refused on a budget, and nothing of it reaches the provider', async () => {
  const before = upstream.received.length
  const cases: readonly Call[] = [
    // Stored context without saying so: an item reference may leave out its type.
    answers({ input: [{ id: 'rs_0123456789' }] }),
    answers({ input: [{ type: null, id: 'msg_0123456789' }] }),
    answers({ input: [{ role: 'user', content: 'a' }, { id: 'rs_0123456789' }] }),
    answers({ input: { id: 'rs_0123456789' } }),
    answers({ input: [{ type: 'item_reference', id: 'rs_0123456789' }] }),
    answers({ instructions: [{ type: 'item_reference', id: 'x' }] }),
    answers({ previous_response_id: 'resp_1' }),
    answers({ conversation: { id: 'conv_1' } }),
    answers({ prompt: { id: 'pmpt_1' } }),
    answers({ background: 'true' }),
    answers({ background: 1 }),
    answers({ tools: { type: 'web_search' } }),
    answers({ tools: [{ type: 'web_search' }] }),
    answers({ tools: [{ type: 'mcp', server_url: 'https://example.com' }] }),
    answers({ tools: [{ type: 'image_generation' }] }),
    answers({ max_tool_calls: 3 }),
    answers({ input: [{ role: 'user', content: [{ type: 'input_file', file_url: 'https://example.com/a.pdf' }] }] }),
    answers({ input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'file-1' }] }] }),
    // More answers than a strict reader counts.
    chat({ n: '128' }),
    chat({ n: 1.5 }),
    chat({ n: [64] }),
    completion({ n: '20' }),
    completion({ best_of: '20' }),
    completion({ best_of: -1 }),
    completion({ prompt: [1, 'a', 'b'], n: '3' }),
    // Content that is not what it looks like.
    chat({ messages: user({ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }) }),
    chat({ messages: { 0: { role: 'user', content: 'hi' } } }),
    chat({ messages: user([{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }]) }),
    chat({ messages: user([{ type: 'image_url', image_url: { url: 'data:application/pdf;base64,AAAA' } }]) }),
    chat({ messages: user([{ type: 'file', file: { file_id: 'file-1' } }]) }),
    chat({ messages: user([{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }]) }),
    chat({ messages: [{ role: 'assistant', audio: { id: 'audio_1' } }] }),
    chat({ tools: { 0: { type: 'web_search' } } }),
    chat({ service_tier: 'priority' }),
    chat({ service_tier: ['priority'] }),
    chat({ web_search_options: {} }),
    chat({ prediction: { type: 'content', content: 'x' } }),
    chat({ modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }),
    chat({ prompt_cache_retention: '24h' }),
    chat({ model: 'gpt-4o-search-preview' }),
    chat({ model: 'gpt-4o-audio-preview' }),
    chat({ extra_body: { n: 5 } }),
    // Anthropic.
    messages({
      messages: user([
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'A. '.repeat(50) }, citations: { enabled: true } },
      ]),
    }),
    messages({ messages: user([{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'AAAA' } }]) }),
    messages({ messages: user([{ type: 'document', source: { type: 'file', file_id: 'file_1' } }]) }),
    messages({ messages: user([{ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }]) }),
    messages({
      messages: user([
        { type: 'tool_result', tool_use_id: 'x', content: [{ type: 'image', source: { type: 'url', url: 'https://example.com' } }] },
      ]),
    }),
    messages({ messages: user({ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }) }),
    messages({ messages: { 0: { role: 'user', content: 'hi' } } }),
    messages({ system: [{ type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } }] }),
    messages({ betas: ['context-1m-2025-08-07'] }),
    messages({ anthropic_beta: ['context-1m-2025-08-07'] }),
    messages({ tools: { 0: { type: 'web_search_20250305', name: 'web_search' } } }),
    messages({ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }),
    messages({ tools: [{ type: 'code_execution_20250825', name: 'x' }] }),
    messages({ mcp_servers: [{ type: 'url', url: 'https://example.com', name: 'x' }] }),
    messages({ container: 'container_1' }),
    messages({ speed: 'fast' }),
    messages({ inference_geo: 'us' }),
    messages({ service_tier: 'priority' }),
    messages({ context_management: { edits: [] } }),
  ]
  const passed: string[] = []
  for (const call of cases) {
    const code = await send(...call)
    if (code !== 'cost_unbounded' && code !== 'price_unknown') passed.push(`${code} ${JSON.stringify(call)}`)
  }
  for (const beta of ['context-1m-2025-08-07', 'prompt-caching-2024-07-31, fast-mode-2026-02-01', 'web-fetch-2025-09-10'])
    if ((await send(...messages({}), { 'anthropic-beta': beta })) !== 'cost_unbounded') passed.push(beta)
  expect(passed).toEqual([])
  expect(upstream.received.slice(before).filter((text) => text !== '')).toEqual([])
}, 60_000)

test('an output bound that is no plain positive number is refused; an absurd one is refused for the budget, and harms no other call', async () => {
  for (const value of ['5', 1.5, -1, 0, 1e308, [5], {}, true, '1e3']) {
    expect(await send(...chat({ max_tokens: value })), JSON.stringify(value)).toBe('body_invalid')
    expect(await send(...answers({ max_output_tokens: value })), JSON.stringify(value)).toBe('body_invalid')
    expect(await send(...messages({ max_tokens: value })), JSON.stringify(value)).toBe('body_invalid')
  }
  // The larger of two counts.
  expect(await send(...chat({ max_tokens: 1, max_completion_tokens: 900_000_000 }))).toBe('budget_exceeded')
  expect(await send(...chat({ max_tokens: 900_000_000, max_completion_tokens: 1 }))).toBe('budget_exceeded')
  const absurd = [
    chat({ model: 'gpt-5-pro', max_tokens: Number.MAX_SAFE_INTEGER }),
    chat({ max_tokens: 1e15 }),
    chat({ max_tokens: 1e12, n: 128 }),
  ]
  const codes = await Promise.all([...absurd, ...absurd].flatMap((call) => [send(...call), send(...chat({}))]))
  for (const [index, code] of codes.entries()) {
    if (index % 2 === 1) expect(code).toBe('passed')
    else expect(code).toBe('body_invalid')
  }
}, 30_000)

test('a body that could be read in two ways is refused', async () => {
  const good = { model: 'gpt-4.1-mini', messages: user('hi'), max_tokens: 5 }
  const text = JSON.stringify(good)
  const path = '/v1/chat/completions'
  const bodies = [
    text.replace('{', '{"model":"gpt-5-pro",'),
    text.replace('{', '{"mod\\u0065l":"gpt-5-pro",'),
    `\ufeff${text}`,
    `[${text}]`,
    text.replace('"hi"', `${'['.repeat(70)}${']'.repeat(70)}`),
    text.replace('"gpt-4.1-mini"', '["gpt-4.1-mini"]'),
    text.replace('"gpt-4.1-mini"', '"gpt-4.1-mini "'),
    text.replace('"gpt-4.1-mini"', '"gpt-4.1-\u{ff4d}ini"'),
    text.replace('"model":"gpt-4.1-mini",', ''),
  ]
  for (const body of bodies) expect(await send('openai', path, body), body.slice(0, 80)).toBe('body_invalid')
  for (const type of [
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-7',
    'application/json; charset=utf-16',
    'text/plain',
  ])
    expect(await send('openai', path, text, { 'content-type': type }), type).toBe('body_invalid')
  for (const type of ['application/json', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"'])
    expect(await send('openai', path, text, { 'content-type': type }), type).toBe('passed')
  // The price of the member with this name is nobody's, and it is a plain member.
  expect(await send('openai', path, text.replace('{', '{"__proto__":{"model":"x"},'))).toBe('cost_unbounded')
})
