import { expect, test } from 'vitest'
import { anthropic } from '../../src/gateway/llm/anthropic.ts'
import { messagesBound } from '../../src/gateway/llm/anthropic-bound.ts'
import type { JsonObject } from '../../src/gateway/llm/json-body.ts'
import { openai } from '../../src/gateway/llm/openai.ts'
import { chatBound, completionsBound, embeddingsBound, responsesBound } from '../../src/gateway/llm/openai-bound.ts'

const chat = { model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }] }
const responses = { model: 'gpt-4o', input: 'hello' }
const messages = { model: 'claude-sonnet-4-6', max_tokens: 10, messages: [{ role: 'user', content: 'hello' }] }
const part = (content: JsonObject) => ({ messages: [{ role: 'user', content: [content] }] })

test('plain calls have a bound: each byte may be a token, and each answer as long as allowed', () => {
  const bound = chatBound({ ...chat, n: 3 }, 1_000, 50)
  expect(bound).toMatchObject({ outputTokensMax: 50, answers: 3, unbounded: undefined })
  expect(bound.inputTokensMax).toBeGreaterThanOrEqual(1_000)
  expect(responsesBound({ ...responses, tools: [{ type: 'function', name: 'f' }] }, 10, 5).unbounded).toBeUndefined()
  expect(messagesBound(messages, 10, 5)).toMatchObject({ unbounded: undefined, mayWriteCache: false })
  expect(embeddingsBound({ model: 'm', input: ['a'] }, 10)).toMatchObject({ outputTokensMax: 0, unbounded: undefined })
})

test('every prompt of a list is answered as often as the best of it is chosen from', () => {
  expect(completionsBound({ model: 'm', prompt: ['a', 'b', 'c'], best_of: 4, n: 2 }, 10, 5).answers).toBe(12)
  expect(completionsBound({ model: 'm', prompt: [1, 2, 3] }, 10, 5).answers).toBe(1)
  expect(completionsBound({ model: 'm', prompt: [[1], [2]] }, 10, 5).answers).toBe(2)
})

test('a picture that is here counts as the dearest there is; Anthropic writes a cache only where that is marked', () => {
  const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
  const bound = chatBound({ ...chat, ...part(picture) }, 100, 1)
  expect(bound.unbounded).toBeUndefined()
  expect(bound.inputTokensMax).toBeGreaterThan(50_000)
  const marked = { ...messages, system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }] }
  expect(messagesBound(marked, 10, 5)).toMatchObject({ unbounded: undefined, mayWriteCache: true })
})

test.each<[string, JsonObject]>([
  ['web_search_options', { web_search_options: {} }],
  ['audio', { audio: { voice: 'alloy' } }],
  ['modalities', { modalities: ['text', 'audio'] }],
  ['prediction', { prediction: { type: 'content', content: 'x' } }],
  ['service_tier', { service_tier: 'priority' }],
  ['a_member_of_tomorrow', { a_member_of_tomorrow: true }],
  ['image_url', part({ type: 'image_url', image_url: { url: 'https://example.com/a.png' } })],
  ['file', part({ type: 'file', file: { file_id: 'file-1' } })],
  ['input_audio', part({ type: 'input_audio', input_audio: {} })],
  ['content of no known type', part({ text: 'x' })],
  ['search', { model: 'gpt-4o-search-preview' }],
])('a chat with a feature that has no bound is told by its name: %s', (name, more) => {
  expect(chatBound({ ...chat, ...more }, 100, 10).unbounded).toContain(name)
})

test.each<[string, JsonObject]>([
  ['web_search', { tools: [{ type: 'web_search' }] }],
  ['file_search', { tools: [{ type: 'file_search' }] }],
  ['code_interpreter', { tools: [{ type: 'code_interpreter' }] }],
  ['computer_use_preview', { tools: [{ type: 'computer_use_preview' }] }],
  ['mcp', { tools: [{ type: 'function' }, { type: 'mcp' }] }],
  ['image_generation', { tools: [{ type: 'image_generation' }] }],
  ['previous_response_id', { previous_response_id: 'resp_1' }],
  ['conversation', { conversation: 'conv_1' }],
  ['prompt', { prompt: { id: 'pmpt_1' } }],
  ['background', { background: true }],
  ['item_reference', { input: [{ type: 'item_reference', id: 'x' }] }],
  ['input_file', { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'x' }] }] }],
  ['input_image', { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'x' }] }] }],
  ['reasoning', { input: [{ type: 'reasoning', id: 'rs_1', summary: [] }] }],
  ['context_management', { context_management: [] }],
])('a response with a feature that has no bound is told by its name: %s', (name, more) => {
  expect(responsesBound({ ...responses, ...more }, 100, 10).unbounded).toContain(name)
})

test.each<[string, JsonObject]>([
  ['web_search', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
  ['code_execution', { tools: [{ type: 'code_execution_20250825', name: 'x' }] }],
  ['mcp_servers', { mcp_servers: [] }],
  ['container', { container: 'c' }],
  ['speed', { speed: 'fast' }],
  ['service_tier', { service_tier: 'priority' }],
  ['image', part({ type: 'image', source: { type: 'url', url: 'https://example.com' } })],
  ['document', part({ type: 'document', source: { type: 'base64', data: '' } })],
  ['document', part({ type: 'tool_result', content: [{ type: 'document', source: { type: 'file', file_id: 'x' } }] })],
  ['container_upload', part({ type: 'container_upload', file_id: 'x' })],
])('a message with a feature that has no bound is told by its name: %s', (name, more) => {
  expect(messagesBound({ ...messages, ...more }, 100, 10).unbounded).toContain(name)
})

test('a beta that may change prices is told by its name', () => {
  expect(anthropic.unboundedHeader('anthropic-beta', 'interleaved-thinking-2025-05-14')).toBeUndefined()
  expect(anthropic.unboundedHeader('anthropic-beta', 'interleaved-thinking-2025-05-14, context-1m-2025-08-07')).toContain('context-1m')
})

test('what is in no table does not pass, whatever its method', () => {
  const unknown = [
    '/v1/fine_tuning/jobs',
    '/v1/organization/admin_api_keys',
    '/v1/chat/completions/',
    '/v1/files/a/b/c',
    '/v1/assistants',
    '/v1/realtime',
  ]
  for (const path of unknown) for (const method of ['GET', 'POST', 'DELETE']) expect(openai.operation(method, path)).toBeUndefined()
  expect(openai.operation('DELETE', '/v1/models/ft:gpt')).toBeUndefined()
  expect(anthropic.operation('GET', '/v1/organizations/api_keys')).toBeUndefined()
  expect(openai.operation('POST', '/v1/chat/completions')?.name).toBe('chat')
  expect(openai.operation('POST', '/chat/completions')?.name).toBe('chat')
})
