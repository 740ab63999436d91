import { isObject, type JsonObject, type JsonValue } from './json-body.ts'
import { type Bound, positive } from './operation.ts'

/**
 * The worst case of OpenAI's operations. Text: a token stands for at least one byte, and JSON only adds bytes, so the body's length in bytes
 * bounds its tokens, with what the provider adds around messages and tools. What is not on these lists may cost more than its bytes say
 * (searches, containers, stored context, files), so it has no bound: a new feature of the provider is refused on a budget until we know it.
 */

const chatMembers = new Set([
  ...['model', 'messages', 'stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'n', 'temperature', 'top_p', 'stop', 'seed'],
  ...['presence_penalty', 'frequency_penalty', 'logit_bias', 'logprobs', 'top_logprobs', 'response_format', 'tools', 'tool_choice'],
  ...['parallel_tool_calls', 'functions', 'function_call', 'user', 'metadata', 'store', 'reasoning_effort', 'verbosity', 'service_tier'],
  ...['safety_identifier', 'prompt_cache_key', 'modalities'],
])
const responsesMembers = new Set([
  ...[
    'model',
    'input',
    'instructions',
    'stream',
    'stream_options',
    'max_output_tokens',
    'temperature',
    'top_p',
    'text',
    'tools',
    'tool_choice',
  ],
  ...['parallel_tool_calls', 'user', 'metadata', 'store', 'reasoning', 'service_tier', 'safety_identifier', 'prompt_cache_key', 'include'],
  ...['truncation', 'top_logprobs', 'background', 'previous_response_id', 'conversation', 'prompt'],
])
const completionsMembers = new Set([
  ...[
    'model',
    'prompt',
    'suffix',
    'max_tokens',
    'n',
    'best_of',
    'stream',
    'stream_options',
    'temperature',
    'top_p',
    'stop',
    'seed',
    'echo',
  ],
  ...['presence_penalty', 'frequency_penalty', 'logit_bias', 'logprobs', 'user'],
])
const embeddingsMembers = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user'])

/** Tiers that cost no more than the standard price. */
const boundedTiers = new Set<JsonValue>(['auto', 'default', 'flex'])
/** Models that bill something beside tokens (searches), or that price audio apart. */
const unboundedModels = /search|deep-research|audio|realtime|computer-use/
/** The dearest image there is by the provider's formula: 2,833 + 8 tiles × 5,667 tokens (the small models multiply), rounded up. */
const imageTokensMax = 50_000
/** Instructions that the provider adds around messages, tools and schemas. */
const overheadTokens = 500

/** `POST /chat/completions` */
export function chatBound(body: JsonObject, bytes: number, outputTokensMax: number): Bound {
  const images = { count: 0 }
  const unbounded =
    foreignMember(body, chatMembers) ??
    model(body) ??
    tier(body) ??
    modalities(body) ??
    tools(body.tools, new Set(['function', 'custom'])) ??
    contents(body.messages, images) ??
    countless(body, 'n')
  return {
    inputTokensMax: bytes + overheadTokens + images.count * imageTokensMax,
    outputTokensMax,
    answers: positive(body.n) ?? 1,
    mayWriteCache: true,
    unbounded,
  }
}

/** `POST /responses` */
export function responsesBound(body: JsonObject, bytes: number, outputTokensMax: number): Bound {
  const images = { count: 0 }
  const unbounded =
    foreignMember(body, responsesMembers) ??
    present(body, 'previous_response_id', 'previous_response_id (stored context)') ??
    present(body, 'conversation', 'conversation (stored context)') ??
    present(body, 'prompt', 'prompt (a stored prompt)') ??
    (body.background === undefined || body.background === null || body.background === false ? undefined : 'background') ??
    model(body) ??
    tier(body) ??
    tools(body.tools, new Set(['function', 'custom'])) ??
    (body.instructions === undefined || body.instructions === null || typeof body.instructions === 'string'
      ? undefined
      : 'instructions that are no text') ??
    (typeof body.input === 'string' ? undefined : (references(body.input) ?? contents(body.input, images)))
  return {
    inputTokensMax: bytes + overheadTokens + images.count * imageTokensMax,
    outputTokensMax,
    answers: 1,
    mayWriteCache: true,
    unbounded,
  }
}

/** `POST /completions`: every prompt of a list is answered `best_of` times. */
export function completionsBound(body: JsonObject, bytes: number, outputTokensMax: number): Bound {
  const { prompt } = body
  const prompts = Array.isArray(prompt) && !prompt.every((token) => typeof token === 'number') ? Math.max(1, prompt.length) : 1
  const answers = prompts * Math.max(positive(body.n) ?? 1, positive(body.best_of) ?? 1)
  return {
    inputTokensMax: bytes,
    outputTokensMax,
    answers,
    mayWriteCache: false,
    unbounded: foreignMember(body, completionsMembers) ?? model(body) ?? countless(body, 'n') ?? countless(body, 'best_of'),
  }
}

/** `POST /embeddings`: no output. */
export function embeddingsBound(body: JsonObject, bytes: number): Bound {
  return { inputTokensMax: bytes, outputTokensMax: 0, answers: 1, mayWriteCache: false, unbounded: foreignMember(body, embeddingsMembers) }
}

function foreignMember(body: JsonObject, known: ReadonlySet<string>): string | undefined {
  for (const member in body) if (!known.has(member) && body[member] !== null) return member
  return undefined
}

function present(body: JsonObject, member: string, words: string): string | undefined {
  return body[member] === undefined || body[member] === null ? undefined : words
}

/** A count that is no whole number: `"20"` is 20 to a lenient server. */
function countless(body: JsonObject, member: 'n' | 'best_of'): string | undefined {
  const wish = body[member]
  return wish === undefined || wish === null || positive(wish) !== undefined ? undefined : `${member} that is no positive whole number`
}

/** An input item of nothing but an id stands for something that is stored at the provider, also where it does not say so in `type`. */
function references(input: JsonValue | undefined): string | undefined {
  if (!Array.isArray(input)) return undefined
  const refers = input.some((item) => isObject(item) && (item.type === undefined || item.type === null) && typeof item.role !== 'string')
  return refers ? 'input: an item of another answer (stored context)' : undefined
}

function model(body: JsonObject): string | undefined {
  return typeof body.model === 'string' && unboundedModels.test(body.model) ? `model ${body.model} (bills more than tokens)` : undefined
}

function tier(body: JsonObject): string | undefined {
  const { service_tier: wish } = body
  if (wish === undefined || wish === null || boundedTiers.has(wish)) return undefined
  return 'service_tier'
}

function modalities(body: JsonObject): string | undefined {
  const wish = body.modalities
  if (wish === undefined || wish === null) return undefined
  return Array.isArray(wish) && wish.every((modality) => modality === 'text') ? undefined : 'modalities (audio)'
}

function tools(list: JsonValue | undefined, known: ReadonlySet<string>): string | undefined {
  if (list === undefined || list === null) return undefined
  if (!Array.isArray(list)) return 'tools that are no list'
  for (const tool of list) {
    const type = isObject(tool) ? tool.type : undefined
    if (typeof type !== 'string' || !known.has(type)) return `tools: ${typeof type === 'string' ? type.slice(0, 60) : 'of no known type'}`
  }
  return undefined
}

/** Parts whose tokens their bytes bound. */
const textParts = new Set(['text', 'input_text', 'output_text', 'refusal', 'summary_text', 'reasoning_text'])
/** Items of a conversation whose content is text or parts of it, or plain members. */
const textItems = new Set([
  ...['message', 'function_call', 'function_call_output', 'custom_tool_call', 'custom_tool_call_output', 'reasoning'],
])

/** Messages or input items: each part must be text, or an image whose bytes are here. */
function contents(items: JsonValue | undefined, images: { count: number }): string | undefined {
  if (items === undefined || items === null) return undefined
  if (!Array.isArray(items)) return 'input that is no list'
  for (const item of items) {
    if (!isObject(item)) continue
    const { type, content, audio } = item
    if (type !== undefined && !(typeof type === 'string' && textItems.has(type)))
      return `input: ${typeof type === 'string' ? type.slice(0, 60) : 'of no known type'}`
    if (audio !== undefined && audio !== null) return 'audio'
    if (type === 'reasoning' && typeof item.encrypted_content !== 'string') return 'input: reasoning that is stored at the provider'
    const found = parts(content, images) ?? parts(item.output, images)
    if (found !== undefined) return found
  }
  return undefined
}

function parts(content: JsonValue | undefined, images: { count: number }): string | undefined {
  if (isObject(content)) return 'content that is no list'
  if (!Array.isArray(content)) return undefined
  for (const part of content) {
    if (!isObject(part)) continue
    const { type } = part
    if (typeof type === 'string' && textParts.has(type)) continue
    if (type === 'image_url' || type === 'input_image') {
      const url = isObject(part.image_url) ? part.image_url.url : part.image_url
      if (typeof url !== 'string' || !/^data:image\//i.test(url)) return `${type} that is not an inline image (data:image/…)`
      images.count += 1
      continue
    }
    return typeof type === 'string' ? `content: ${type.slice(0, 60)}` : 'content of no known type'
  }
  return undefined
}
