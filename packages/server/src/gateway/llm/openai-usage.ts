import type { TokenUsage } from '../../policy/call.ts'
import { isObject, type JsonObject, type JsonValue } from './json-body.ts'
import { type StreamUsage, tokenCount } from './operation.ts'

/**
 * Usage of chat, completions and embeddings (`prompt_tokens`) or of responses, images and transcriptions (`input_tokens`). OpenAI counts cached
 * tokens in its input; ours are counted in one place each.
 */
export function openaiUsage(answer: JsonObject): TokenUsage | undefined {
  return usageIn(answer.usage)
}

function usageIn(usage: JsonValue | undefined): TokenUsage | undefined {
  if (!isObject(usage)) return undefined
  const allInput = tokenCount(usage.prompt_tokens ?? usage.input_tokens)
  const outputTokens = tokenCount(usage.completion_tokens ?? usage.output_tokens ?? 0)
  const details = usage.prompt_tokens_details ?? usage.input_tokens_details
  const cachedInputTokens = isObject(details) ? tokenCount(details.cached_tokens ?? 0) : 0
  const cacheWriteTokens = isObject(details) ? tokenCount(details.cache_write_tokens ?? 0) : 0
  if (allInput === undefined || outputTokens === undefined || cachedInputTokens === undefined || cacheWriteTokens === undefined)
    return undefined
  const inputTokens = allInput - cachedInputTokens - cacheWriteTokens
  if (inputTokens < 0) return undefined
  return { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens }
}

/** Chat and completions: the last chunk, with no choices. Responses: the event that ends it. */
export class OpenaiStreamUsage implements StreamUsage {
  usage: TokenUsage | undefined

  event(data: JsonObject): boolean {
    if (isObject(data.response)) {
      if (data.type === 'response.completed' || data.type === 'response.incomplete' || data.type === 'response.failed')
        this.usage = openaiUsage(data.response)
      return false
    }
    if (!isObject(data.usage)) return false
    this.usage = openaiUsage(data)
    return Array.isArray(data.choices) && data.choices.length === 0
  }
}
