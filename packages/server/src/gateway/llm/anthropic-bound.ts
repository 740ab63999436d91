import { isObject, type JsonObject, type JsonValue } from './json-body.ts'
import type { Bound } from './operation.ts'

/** The worst case of Anthropic's messages, by the same rule as OpenAI's: what is not on these lists has no bound. */

const members = new Set([
  ...['model', 'messages', 'max_tokens', 'system', 'stream', 'temperature', 'top_p', 'top_k', 'stop_sequences', 'metadata', 'thinking'],
  ...['tools', 'tool_choice', 'service_tier', 'cache_control', 'output_config', 'output_format'],
])
/** Tools that the client runs itself: only their description is paid, and a fixed prompt. */
const clientTools = /^(?:custom|bash_\d+|text_editor_\d+|computer_\d+|memory_\d+)$/
const boundedTiers = new Set<JsonValue>(['auto', 'standard_only'])
/** The dearest image is 4,784 tokens on the models of 2026, rounded up. */
const imageTokensMax = 6_000
/** The system prompt that the provider adds for tools, 313 to 804 tokens by model and choice, rounded up; and what it adds a message. */
const overheadTokens = 1_000
/** A client tool of the provider adds up to 735 tokens, rounded up. */
const toolTokensMax = 1_000

/** `POST /v1/messages` */
export function messagesBound(body: JsonObject, bytes: number, outputTokensMax: number): Bound {
  const found = { images: 0, providerTools: 0 }
  const unbounded =
    foreignMember(body) ?? tier(body) ?? tools(body.tools, found) ?? blocks(body.system, found) ?? contents(body.messages, found)
  return {
    inputTokensMax: bytes + overheadTokens + found.images * imageTokensMax + found.providerTools * toolTokensMax,
    outputTokensMax,
    answers: 1,
    mayWriteCache: marksCache(body),
    unbounded,
  }
}

interface Found {
  images: number
  providerTools: number
}

function foreignMember(body: JsonObject): string | undefined {
  for (const member in body) if (!members.has(member) && body[member] !== null) return member
  return undefined
}

function tier(body: JsonObject): string | undefined {
  const { service_tier: wish } = body
  return wish === undefined || wish === null || boundedTiers.has(wish) ? undefined : 'service_tier'
}

/** Only what is marked is written to a cache, for five minutes or an hour. */
function marksCache(value: JsonValue | undefined): boolean {
  if (Array.isArray(value)) return value.some(marksCache)
  if (!isObject(value)) return false
  for (const member in value) if (member === 'cache_control' || marksCache(value[member])) return true
  return false
}

function tools(list: JsonValue | undefined, found: Found): string | undefined {
  if (list === undefined || list === null) return undefined
  if (!Array.isArray(list)) return 'tools that are no list'
  for (const tool of list) {
    const type = isObject(tool) ? (tool.type ?? 'custom') : undefined
    if (typeof type !== 'string' || !clientTools.test(type))
      return `tools: ${typeof type === 'string' ? type.slice(0, 60) : 'of no known type'}`
    if (type !== 'custom') found.providerTools += 1
  }
  return undefined
}

/** Blocks whose tokens their bytes bound. `tool_result` holds blocks of its own. */
const textBlocks = new Set(['text', 'tool_use', 'thinking', 'redacted_thinking'])

function contents(messages: JsonValue | undefined, found: Found): string | undefined {
  if (messages === undefined || messages === null) return undefined
  if (!Array.isArray(messages)) return 'messages that are no list'
  for (const message of messages) {
    if (!isObject(message)) continue
    const bad = blocks(message.content, found)
    if (bad !== undefined) return bad
  }
  return undefined
}

function blocks(content: JsonValue | undefined, found: Found): string | undefined {
  if (isObject(content)) return 'content that is no list'
  if (!Array.isArray(content)) return undefined
  for (const block of content) {
    if (!isObject(block)) continue
    const { type, source, citations } = block
    // The provider cuts such a document into sentences and numbers each: more tokens than it has bytes.
    if (type === 'document' && isObject(citations) && citations.enabled !== false) return 'content: document with citations'
    if (typeof type === 'string' && textBlocks.has(type)) continue
    if (type === 'tool_result') {
      const bad = blocks(block.content, found)
      if (bad !== undefined) return bad
      continue
    }
    const inline = isObject(source) ? source.type : undefined
    if (type === 'image' && inline === 'base64') {
      found.images += 1
      continue
    }
    if (type === 'document' && inline === 'text') continue
    return typeof type === 'string'
      ? `content: ${type.slice(0, 60)}${inline === undefined ? '' : ` from ${String(inline).slice(0, 20)}`}`
      : 'content'
  }
  return undefined
}
