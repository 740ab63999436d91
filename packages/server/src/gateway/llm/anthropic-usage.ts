import type { TokenUsage } from '../../policy/call.ts'
import { isObject, type JsonObject, type JsonValue } from './json-body.ts'
import { type StreamUsage, tokenCount } from './operation.ts'

/** Anthropic reports cached and cache-writing tokens beside `input_tokens`, as we count them. */
export function anthropicUsage(answer: JsonObject): TokenUsage | undefined {
  return usageIn(answer.usage, undefined)
}

function usageIn(usage: JsonValue | undefined, before: JsonObject | undefined): TokenUsage | undefined {
  if (!isObject(usage)) return undefined
  const value = (member: string) => tokenCount(usage[member] ?? before?.[member] ?? 0)
  const inputTokens = value('input_tokens')
  const cachedInputTokens = value('cache_read_input_tokens')
  const cacheWriteTokens = value('cache_creation_input_tokens')
  const outputTokens = tokenCount(usage.output_tokens ?? before?.output_tokens)
  const hour = creation(usage) ?? creation(before)
  const cacheWriteHourTokens = tokenCount(isObject(hour) ? (hour.ephemeral_1h_input_tokens ?? 0) : 0)
  if (
    cacheWriteHourTokens === undefined ||
    inputTokens === undefined ||
    cachedInputTokens === undefined ||
    cacheWriteTokens === undefined ||
    outputTokens === undefined
  )
    return undefined
  if (cacheWriteHourTokens > cacheWriteTokens) return undefined
  return { inputTokens, cachedInputTokens, cacheWriteTokens, cacheWriteHourTokens, outputTokens }
}

function creation(usage: JsonObject | undefined): JsonValue | undefined {
  return usage?.cache_creation
}

/** `message_start` has the input; each `message_delta` the output so far (cumulative), the last one counts. */
export class AnthropicStreamUsage implements StreamUsage {
  usage: TokenUsage | undefined
  #start: JsonObject | undefined

  event(data: JsonObject): boolean {
    if (data.type === 'message_start' && isObject(data.message) && isObject(data.message.usage)) this.#start = data.message.usage
    else if (data.type === 'message_delta') this.usage = usageIn(data.usage, this.#start)
    return false
  }
}
