import { createHash } from 'node:crypto'
import { type Answer, type Call, event, jsonAnswer, streamAnswer } from '../fake/answer.ts'
import { replyPieces } from '../fake/echo.ts'
import { isRecord, type JsonRecord, listIn, numberIn, recordIn, textIn } from '../fake/json.ts'
import { argumentsFor } from '../fake/schema-values.ts'
import { cutToTokens, textOf, textOfTokens, tokensOf } from '../fake/tokens.ts'
import { invalid, notFound } from './errors.ts'
import { modelNamed } from './models.ts'
import { type PrefixCache, type PromptCount, promptTokens } from './prompt.ts'

/** What thinking costs where it is switched on; part of the output, bounded by its budget. */
const thinkingTokensDefault = 48

interface Generated {
  thinking: boolean
  pieces: string[]
  tool: { id: string; name: string; input: Record<string, unknown> } | null
  stopReason: 'end_turn' | 'max_tokens' | 'stop_sequence' | 'tool_use'
  stopSequence: string | null
  outputTokens: number
  thinkingTokens: number
  /** Blocks that a tool leaves which the vendor runs itself: a cost that `max_tokens` does not bound. */
  searched: object[]
}

/** `POST /v1/messages` */
export function messages(call: Call, body: JsonRecord, cache: PrefixCache): Answer {
  const refusal = checked(call, body)
  if (refusal) return refusal
  const name = textIn(body, 'model') ?? ''
  const outputTokensMax = numberIn(body, 'max_tokens')
  if (outputTokensMax === undefined) return invalid(call, 'max_tokens: Field required')
  if (outputTokensMax < 1) return invalid(call, 'max_tokens: Input should be greater than or equal to 1')
  const modelMax = modelNamed(name)?.outputTokensMax ?? 0
  if (outputTokensMax > modelMax)
    return invalid(call, `max_tokens: ${outputTokensMax} > ${modelMax}, which is the maximum allowed number of output tokens for ${name}`)

  const made = generate(call, body, outputTokensMax)
  const prompt = cache.count(call.key.project.name, body)
  const message = {
    id: `msg_${call.requestId.slice(4)}`,
    type: 'message' as const,
    role: 'assistant' as const,
    model: modelNamed(name)?.id ?? name,
    container: null,
    diagnostics: null,
    stop_details: null,
  }
  const answer =
    body.stream === true ? streamAnswer(events(message, made, prompt, call)) : jsonAnswer(200, whole(message, made, prompt, call))
  return { ...answer, model: name, usage: billed(prompt, made) }
}

/** `POST /v1/messages/count_tokens` */
export function countTokens(call: Call, body: JsonRecord): Answer {
  return checked(call, body) ?? { ...jsonAnswer(200, { input_tokens: promptTokens(body) }), model: textIn(body, 'model') ?? '' }
}

/** The message that a batch holds as one request's result, or the error. */
export function batchResult(call: Call, params: JsonRecord, cache: PrefixCache): JsonRecord {
  const answer = messages(call, { ...params, stream: false }, cache)
  const said: unknown = JSON.parse(answer.frames.map(String).join(''))
  return answer.status === 200 ? { type: 'succeeded', message: said } : { type: 'errored', error: said }
}

function checked(call: Call, body: JsonRecord): Answer | null {
  const name = textIn(body, 'model')
  if (name === undefined) return invalid(call, 'model: Field required')
  if (!modelNamed(name)) return notFound(call, `model: ${name}`)
  const list = listIn(body, 'messages')
  if (!list) return invalid(call, 'messages: Field required')
  if (list.length === 0) return invalid(call, 'messages: at least one message is required')
  const odd = list.findIndex((message) => !['user', 'assistant'].includes(textIn(message, 'role') ?? ''))
  return odd < 0 ? null : invalid(call, `messages.${odd}.role: Input should be 'user' or 'assistant'`)
}

function generate(call: Call, body: JsonRecord, outputTokensMax: number): Generated {
  const thinking = ['enabled', 'adaptive'].includes(textIn(recordIn(body, 'thinking'), 'type') ?? '')
  const thinkingTokens = thinking ? Math.min(thinkingTokensDefault, outputTokensMax) : 0
  const searched = searchBlocks(call, body)
  const demanded = demandedTool(body)
  if (demanded) {
    const input = argumentsFor(demanded.input_schema)
    const tool = {
      id: `toolu_${createHash('sha256').update(call.requestId).digest('hex').slice(0, 24)}`,
      name: textIn(demanded, 'name') ?? '',
      input,
    }
    return {
      thinking,
      pieces: [],
      tool,
      stopReason: 'tool_use',
      stopSequence: null,
      outputTokens: thinkingTokens + tokensOf(JSON.stringify(input)),
      thinkingTokens,
      searched,
    }
  }
  const { behaviour } = call
  const lastUser = (listIn(body, 'messages') ?? []).findLast((message) => textIn(message, 'role') === 'user')
  const said = textOf(isRecord(lastUser) ? lastUser.content : '')
  let text =
    behaviour.outputTokens !== undefined ? textOfTokens(behaviour.outputTokens) : (behaviour.reply ?? `You said: ${said || 'nothing'}`)
  const stop = (listIn(body, 'stop_sequences') ?? []).find(
    (one): one is string => typeof one === 'string' && one.length > 0 && text.includes(one),
  )
  if (stop !== undefined) text = text.slice(0, text.indexOf(stop))
  const cut = cutToTokens(text, outputTokensMax - thinkingTokens)
  const stopReason = cut !== text ? 'max_tokens' : stop !== undefined ? 'stop_sequence' : 'end_turn'
  return {
    thinking,
    pieces: replyPieces(cut, behaviour),
    tool: null,
    stopReason,
    stopSequence: stopReason === 'stop_sequence' ? (stop ?? null) : null,
    outputTokens: tokensOf(cut) + thinkingTokens,
    thinkingTokens,
    searched,
  }
}

function searchBlocks(call: Call, body: JsonRecord): object[] {
  if (!(listIn(body, 'tools') ?? []).some((tool) => /^web_search_/.test(textIn(tool, 'type') ?? ''))) return []
  const id = `srvtoolu_${call.requestId.slice(4)}`
  const caller = { type: 'direct' as const }
  return [
    { type: 'server_tool_use', id, name: 'web_search', input: { query: 'keyward' }, caller },
    { type: 'web_search_tool_result', tool_use_id: id, content: [], caller },
  ]
}

function demandedTool(body: JsonRecord): JsonRecord | undefined {
  const choice = recordIn(body, 'tool_choice')
  const tools = (listIn(body, 'tools') ?? []).filter(isRecord)
  if (choice?.type === 'any') return tools[0]
  return choice?.type === 'tool' ? tools.find((tool) => tool.name === choice.name) : undefined
}

function inputUsage(prompt: PromptCount) {
  return {
    input_tokens: prompt.inputTokens,
    cache_creation_input_tokens: prompt.cacheCreation5mTokens + prompt.cacheCreation1hTokens,
    cache_read_input_tokens: prompt.cacheReadTokens,
  }
}

function serverToolUse(made: Generated) {
  return made.searched.length > 0 ? { web_search_requests: 1, web_fetch_requests: 0 } : null
}

function fullUsage(
  prompt: PromptCount,
  outputTokens: number,
  thinkingTokens: number | null,
  serverTools: ReturnType<typeof serverToolUse>,
) {
  return {
    ...inputUsage(prompt),
    cache_creation: { ephemeral_5m_input_tokens: prompt.cacheCreation5mTokens, ephemeral_1h_input_tokens: prompt.cacheCreation1hTokens },
    inference_geo: null,
    output_tokens: outputTokens,
    output_tokens_details: thinkingTokens === null ? null : { thinking_tokens: thinkingTokens },
    server_tool_use: serverTools,
    service_tier: 'standard' as const,
    speed: null,
  }
}

function billed(prompt: PromptCount, made: Generated): Record<string, number> {
  return {
    ...inputUsage(prompt),
    cache_creation_1h_input_tokens: prompt.cacheCreation1hTokens,
    output_tokens: made.outputTokens,
    thinking_tokens: made.thinkingTokens,
    ...(made.searched.length > 0 ? { web_search_requests: 1 } : {}),
  }
}

const thought = { type: 'thinking' as const, thinking: 'The question is short, so the answer may be.', signature: 'RkFLRS1TSUdOQVRVUkU=' }

function whole(message: object, made: Generated, prompt: PromptCount, call: Call) {
  const text = { type: 'text' as const, text: made.pieces.join(''), citations: null }
  const answer = made.tool ? { type: 'tool_use' as const, caller: { type: 'direct' as const }, ...made.tool } : text
  return {
    ...message,
    content: [...(made.thinking ? [thought] : []), ...made.searched, answer],
    stop_reason: made.stopReason,
    stop_sequence: made.stopSequence,
    ...(call.behaviour.noUsage
      ? {}
      : {
          usage: {
            ...fullUsage(prompt, made.outputTokens, made.thinking ? made.thinkingTokens : null, serverToolUse(made)),
            ...call.behaviour.usageReported,
          },
        }),
  }
}

/** The events of a stream. Usage comes twice: the input with `message_start`, everything so far, cumulative, with `message_delta`. */
function events(message: object, made: Generated, prompt: PromptCount, call: Call): string[] {
  const { noUsage, usageReported } = call.behaviour
  const send = (type: string, fields: object = {}): string => event(type, { type, ...fields })
  const list = [
    send('message_start', {
      message: {
        ...message,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        ...(noUsage ? {} : { usage: { ...fullUsage(prompt, 1, null, null), ...usageReported } }),
      },
    }),
  ]
  let index = 0
  if (made.thinking) {
    list.push(send('content_block_start', { index, content_block: { type: 'thinking', thinking: '', signature: '' } }))
    list.push(send('content_block_delta', { index, delta: { type: 'thinking_delta', thinking: thought.thinking } }))
    list.push(send('content_block_delta', { index, delta: { type: 'signature_delta', signature: thought.signature } }))
    list.push(send('content_block_stop', { index }))
    index += 1
  }
  for (const block of made.searched) {
    list.push(send('content_block_start', { index, content_block: block }))
    list.push(send('content_block_stop', { index }))
    index += 1
  }
  if (made.tool) {
    list.push(
      send('content_block_start', {
        index,
        content_block: { type: 'tool_use', caller: { type: 'direct' }, id: made.tool.id, name: made.tool.name, input: {} },
      }),
    )
    list.push(send('ping'))
    list.push(send('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: '' } }))
    list.push(send('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: JSON.stringify(made.tool.input) } }))
  } else {
    list.push(send('content_block_start', { index, content_block: { type: 'text', text: '', citations: null } }))
    list.push(send('ping'))
    for (const text of made.pieces) list.push(send('content_block_delta', { index, delta: { type: 'text_delta', text } }))
  }
  list.push(send('content_block_stop', { index }))
  const usage = {
    ...inputUsage(prompt),
    output_tokens: made.outputTokens,
    output_tokens_details: made.thinking ? { thinking_tokens: made.thinkingTokens } : null,
    server_tool_use: serverToolUse(made),
  }
  list.push(
    send('message_delta', {
      delta: { container: null, stop_reason: made.stopReason, stop_sequence: made.stopSequence, stop_details: null },
      ...(noUsage ? {} : { usage: { ...usage, ...usageReported } }),
    }),
  )
  list.push(send('message_stop'))
  return list
}
