import { createHash } from 'node:crypto'
import type { Call } from '../fake/answer.ts'
import { replyPieces } from '../fake/echo.ts'
import { isRecord, recordIn, textIn } from '../fake/json.ts'
import { argumentsFor } from '../fake/schema-values.ts'
import { cutToTokens, textOfTokens, tokensOf } from '../fake/tokens.ts'
import type { FakeModel } from './models.ts'

/** What the fake model produced for one choice. */
export interface Generated {
  /** Joined: the text. As a stream: one delta each. */
  pieces: string[]
  /** In place of a text, where the request demands a tool. */
  tool: { id: string; name: string; arguments: string } | null
  finish: 'stop' | 'length' | 'tool_calls'
  /** Without reasoning. */
  textTokens: number
  reasoningTokens: number
}

/** Prompts of at least this many tokens are cached, in steps of `cacheStepTokens`: OpenAI's prompt caching rule. */
export const cachedTokensMin = 1024
const cacheStepTokens = 128
/** What a reasoning model thinks before each answer. */
export const reasoningTokensDefault = 64

export interface Wish {
  model: FakeModel
  lastUserText: string
  /** Includes reasoning tokens, as OpenAI counts them. */
  outputTokensMax: number | undefined
  tools: unknown[]
  toolChoice: unknown
  effort: string | undefined
}

/** The fake model: the same request gives the same answer. */
export function generate(call: Call, wish: Wish): Generated {
  const budget = wish.outputTokensMax ?? Number.POSITIVE_INFINITY
  const thinks = wish.model.reasoning && wish.effort !== 'none' ? reasoningTokensDefault : 0
  const reasoningTokens = Math.min(thinks, budget)
  const textMax = budget - reasoningTokens
  const tool = demandedTool(wish)
  if (tool) {
    const args = JSON.stringify(argumentsFor(tool.parameters))
    return {
      pieces: [],
      tool: { id: `call_${digest(call.requestId).slice(0, 24)}`, name: tool.name, arguments: args },
      finish: 'tool_calls',
      textTokens: tokensOf(args),
      reasoningTokens,
    }
  }
  const { behaviour } = call
  const whole =
    behaviour.outputTokens !== undefined
      ? textOfTokens(behaviour.outputTokens)
      : (behaviour.reply ?? `You said: ${wish.lastUserText || 'nothing'}`)
  const text = Number.isFinite(textMax) ? cutToTokens(whole, textMax) : whole
  return {
    pieces: replyPieces(text, behaviour),
    tool: null,
    finish: text === whole ? 'stop' : 'length',
    textTokens: tokensOf(text),
    reasoningTokens,
  }
}

/** Tokens of this prompt that the project has sent before: whole steps from the beginning, none below the minimum. */
export class PromptCache {
  readonly #seen = new Set<string>()

  cachedTokens(call: Call, model: string, prompt: string, promptTokens: number): number {
    if (promptTokens < cachedTokensMin) return 0
    const id = digest(`${call.key.project.name}\n${model}\n${prompt}`)
    const known = this.#seen.has(id)
    if (this.#seen.size < promptsMax) this.#seen.add(id)
    return known ? Math.floor(promptTokens / cacheStepTokens) * cacheStepTokens : 0
  }
}

/** Bounds the memory of a long run; later prompts are simply never cached. */
const promptsMax = 100_000

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** The tool that the request forces, in either of the two shapes (chat nests it under `function`). */
function demandedTool(wish: Wish): { name: string; parameters: unknown } | null {
  const named =
    textIn(recordIn(wish.toolChoice, 'function'), 'name') ??
    (textIn(wish.toolChoice, 'type') === 'function' ? textIn(wish.toolChoice, 'name') : undefined)
  if (wish.toolChoice !== 'required' && named === undefined) return null
  for (const tool of wish.tools) {
    const described = recordIn(tool, 'function') ?? (isRecord(tool) ? tool : {})
    const name = textIn(described, 'name')
    if (name !== undefined && (named === undefined || named === name)) return { name, parameters: described.parameters }
  }
  return null
}
