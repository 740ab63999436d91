import { createHash } from 'node:crypto'
import { isRecord, type JsonRecord, listIn, textIn } from '../fake/json.ts'
import { imagesIn, textOf, tokensOf, tokensPerImage } from '../fake/tokens.ts'

interface Block {
  text: string
  tokens: number
  /** The block ends a prefix that the caller wants cached. */
  marked: '5m' | '1h' | null
}

export interface PromptCount {
  inputTokens: number
  cacheCreation5mTokens: number
  cacheCreation1hTokens: number
  cacheReadTokens: number
}

/** Added to the count for each message. */
const tokensPerMessage = 3
/** Shorter prefixes are never cached: Anthropic's minimum for its larger models. */
export const cachedTokensMin = 1024
const prefixesMax = 100_000

/** Prefixes that a project has had cached. They stay for the fake's life; the real one forgets after 5 minutes or an hour. */
export class PrefixCache {
  readonly #known = new Set<string>()

  /** Counts a request's prompt by the fakes' rule: the cached part apart from `inputTokens`, as Anthropic reports it. */
  count(project: string, body: JsonRecord): PromptCount {
    const blocks = blocksOf(body)
    const total = blocks.reduce((sum, block) => sum + block.tokens, 0)
    const end = blocks.findLastIndex((block) => block.marked !== null)
    const prefix = blocks.slice(0, end + 1)
    const prefixTokens = prefix.reduce((sum, block) => sum + block.tokens, 0)
    const none = { inputTokens: total, cacheCreation5mTokens: 0, cacheCreation1hTokens: 0, cacheReadTokens: 0 }
    if (prefixTokens < cachedTokensMin) return none
    const id = createHash('sha256')
      .update(JSON.stringify([project, textIn(body, 'model'), prefix.map((block) => block.text)]))
      .digest('hex')
    const rest = { ...none, inputTokens: total - prefixTokens }
    if (this.#known.has(id)) return { ...rest, cacheReadTokens: prefixTokens }
    if (this.#known.size < prefixesMax) this.#known.add(id)
    return blocks[end]?.marked === '1h'
      ? { ...rest, cacheCreation1hTokens: prefixTokens }
      : { ...rest, cacheCreation5mTokens: prefixTokens }
  }
}

/** All tokens of a request's prompt, cached or not: what `count_tokens` answers. */
export function promptTokens(body: JsonRecord): number {
  return blocksOf(body).reduce((sum, block) => sum + block.tokens, 0)
}

/** The prompt in the order in which prefixes are made: tools, system, messages. */
function blocksOf(body: JsonRecord): Block[] {
  const tools = (listIn(body, 'tools') ?? []).map((tool) => block(JSON.stringify(tool), 0, tool))
  const system =
    typeof body.system === 'string'
      ? [block(body.system, 0, undefined)]
      : (listIn(body, 'system') ?? []).map((part) => block(textOf([part]), 0, part))
  const messages = (listIn(body, 'messages') ?? []).flatMap((message) => {
    const content = isRecord(message) ? message.content : undefined
    const parts = Array.isArray(content) ? content : [content]
    return parts.map((part, index) =>
      block(
        typeof part === 'string' ? part : textOf([part]),
        (index === 0 ? tokensPerMessage : 0) + imagesIn([part]) * tokensPerImage,
        part,
      ),
    )
  })
  return [...tools, ...system, ...messages]
}

function block(text: string, extraTokens: number, source: unknown): Block {
  const control = isRecord(source) ? source.cache_control : undefined
  return { text, tokens: tokensOf(text) + extraTokens, marked: isRecord(control) ? (textIn(control, 'ttl') === '1h' ? '1h' : '5m') : null }
}
