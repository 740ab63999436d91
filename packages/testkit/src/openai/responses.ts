import { type Answer, type Call, event, jsonAnswer, streamAnswer } from '../fake/answer.ts'
import { isRecord, type JsonRecord, listIn, numberIn, recordIn, textIn } from '../fake/json.ts'
import { imagesIn, textOf, tokensOf, tokensPerImage } from '../fake/tokens.ts'
import { missing, openaiError } from './errors.ts'
import { type Generated, generate, type PromptCache } from './generate.ts'
import { modelNamed } from './models.ts'
import { noSuchModel } from './refusals.ts'

interface Stored {
  response: JsonRecord
  /** Tokens of the whole conversation up to and with this answer: what a follow-up pays for again. */
  contextTokens: number
  project: string
}

/** Answers that were asked to be stored (the default), for `previous_response_id` and retrieval. */
export type ResponseStore = Map<string, Stored>

/** `POST /v1/responses` */
export function createResponse(call: Call, body: JsonRecord, cache: PromptCache, store: ResponseStore): Answer {
  const name = textIn(body, 'model')
  if (name === undefined) return missing('model')
  const model = modelNamed(name)
  if (!model) return noSuchModel(name)
  const input = body.input
  if (typeof input !== 'string' && !Array.isArray(input)) return missing('input')
  const previousId = textIn(body, 'previous_response_id')
  const previous = previousId === undefined ? undefined : store.get(previousId)
  if (previousId !== undefined && previous?.project !== call.key.project.name)
    return openaiError(400, `Previous response with id '${previousId}' not found.`, {
      param: 'previous_response_id',
      code: 'previous_response_not_found',
    })

  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : input
  const lastUser = items.findLast((item) => textIn(item, 'role') === 'user')
  const lastUserText = textOf(isRecord(lastUser) ? lastUser.content : '')
  const tools = listIn(body, 'tools') ?? []
  const made = generate(call, {
    model,
    lastUserText,
    outputTokensMax: numberIn(body, 'max_output_tokens'),
    tools,
    toolChoice: body.tool_choice,
    effort: textIn(recordIn(body, 'reasoning'), 'effort'),
  })
  const inputTokens =
    (previous?.contextTokens ?? 0) +
    tokensOf(textIn(body, 'instructions') ?? '') +
    inputTokensOf(items) +
    (tools.length > 0 ? tokensOf(JSON.stringify(tools)) : 0)
  const outputTokens = made.textTokens + made.reasoningTokens
  const usage = {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cache.cachedTokens(call, name, JSON.stringify(items), inputTokens), cache_write_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: made.reasoningTokens },
    total_tokens: inputTokens + outputTokens,
  }
  const id = `resp_${call.requestId.slice(4)}`
  const createdAt = Math.floor(call.clock.wallMs() / 1000)
  const base = {
    id,
    object: 'response' as const,
    created_at: createdAt,
    error: null,
    instructions: textIn(body, 'instructions') ?? null,
    max_output_tokens: numberIn(body, 'max_output_tokens') ?? null,
    metadata: recordIn(body, 'metadata') ?? {},
    model: name,
    parallel_tool_calls: true,
    previous_response_id: previousId ?? null,
    reasoning: { effort: model.reasoning ? (textIn(recordIn(body, 'reasoning'), 'effort') ?? 'medium') : null, summary: null },
    service_tier: 'default' as const,
    store: body.store !== false,
    temperature: 1,
    text: { format: { type: 'text' as const } },
    tool_choice: body.tool_choice ?? 'auto',
    tools,
    top_p: 1,
    truncation: 'disabled' as const,
  }
  const cutShort = made.finish === 'length'
  const finished: JsonRecord = {
    ...base,
    status: cutShort ? 'incomplete' : 'completed',
    completed_at: cutShort ? null : createdAt,
    incomplete_details: cutShort ? { reason: 'max_output_tokens' } : null,
    output: [
      ...(made.reasoningTokens > 0 ? [{ id: `rs_${id.slice(5)}`, type: 'reasoning', summary: [] }] : []),
      outputItem(made, id, cutShort ? 'incomplete' : 'completed'),
    ],
    ...(call.behaviour.noUsage ? {} : { usage: { ...usage, ...call.behaviour.usageReported } }),
  }
  if (base.store && store.size < responsesStoredMax)
    store.set(id, { response: finished, contextTokens: inputTokens + outputTokens, project: call.key.project.name })
  const answer = body.stream === true ? streamAnswer(responseEvents(base, finished, made, id)) : jsonAnswer(200, finished)
  return {
    ...answer,
    model: name,
    usage: {
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      total_tokens: usage.total_tokens,
      cached_tokens: usage.input_tokens_details.cached_tokens,
      reasoning_tokens: made.reasoningTokens,
    },
  }
}

const responsesStoredMax = 10_000

/** `GET`, `DELETE /v1/responses/{id}` */
export function storedResponse(call: Call, id: string, store: ResponseStore): Answer {
  const stored = store.get(id)
  if (!stored || stored.project !== call.key.project.name) return openaiError(404, `Response with id '${id}' not found.`)
  if (call.method !== 'DELETE') return jsonAnswer(200, stored.response)
  store.delete(id)
  return jsonAnswer(200, { id, object: 'response', deleted: true })
}

function inputTokensOf(items: readonly unknown[]): number {
  return items.reduce<number>((sum, item) => {
    const content = isRecord(item) ? item.content : undefined
    return sum + 3 + tokensOf(textOf(content) || textIn(item, 'output') || '') + imagesIn(content) * tokensPerImage
  }, 3)
}

function outputItem(made: Generated, id: string, status: 'in_progress' | 'completed' | 'incomplete') {
  if (made.tool)
    return {
      id: `fc_${id.slice(5)}`,
      type: 'function_call' as const,
      status,
      call_id: made.tool.id,
      name: made.tool.name,
      arguments: made.tool.arguments,
    }
  return {
    id: `msg_${id.slice(5)}`,
    type: 'message' as const,
    status,
    role: 'assistant' as const,
    content: [{ type: 'output_text' as const, annotations: [], logprobs: [], text: made.pieces.join('') }],
  }
}

function responseEvents(base: object, finished: JsonRecord, made: Generated, id: string): string[] {
  let sequence = 0
  const events: string[] = []
  const emit = (type: string, fields: object): void => {
    events.push(event(type, { type, sequence_number: sequence++, ...fields }))
  }
  const running = { ...base, status: 'in_progress', incomplete_details: null, output: [], usage: null }
  emit('response.created', { response: running })
  emit('response.in_progress', { response: running })
  let index = 0
  if (made.reasoningTokens > 0) {
    const item = { id: `rs_${id.slice(5)}`, type: 'reasoning', summary: [] }
    emit('response.output_item.added', { output_index: index, item })
    emit('response.output_item.done', { output_index: index, item })
    index += 1
  }
  const done = outputItem(made, id, finished.status === 'incomplete' ? 'incomplete' : 'completed')
  const at = { item_id: done.id, output_index: index }
  if (made.tool) {
    emit('response.output_item.added', { output_index: index, item: { ...done, status: 'in_progress', arguments: '' } })
    emit('response.function_call_arguments.delta', { ...at, delta: made.tool.arguments })
    emit('response.function_call_arguments.done', { ...at, name: made.tool.name, arguments: made.tool.arguments })
  } else {
    const part = { type: 'output_text', annotations: [], logprobs: [], text: made.pieces.join('') }
    emit('response.output_item.added', { output_index: index, item: { ...done, status: 'in_progress', content: [] } })
    emit('response.content_part.added', { ...at, content_index: 0, part: { ...part, text: '' } })
    for (const delta of made.pieces) emit('response.output_text.delta', { ...at, content_index: 0, delta, logprobs: [] })
    emit('response.output_text.done', { ...at, content_index: 0, text: part.text, logprobs: [] })
    emit('response.content_part.done', { ...at, content_index: 0, part })
  }
  emit('response.output_item.done', { output_index: index, item: done })
  emit(finished.status === 'incomplete' ? 'response.incomplete' : 'response.completed', { response: finished })
  return events
}
