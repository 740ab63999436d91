import { type Answer, type Call, event, jsonAnswer, streamAnswer } from '../fake/answer.ts'
import { isRecord, type JsonRecord, listIn, numberIn, recordIn, textIn } from '../fake/json.ts'
import { imagesIn, textOf, tokensOf, tokensPerImage } from '../fake/tokens.ts'
import { missing, openaiError } from './errors.ts'
import { type Generated, generate, type PromptCache } from './generate.ts'
import { modelNamed } from './models.ts'
import { noSuchModel } from './refusals.ts'
import { backgroundRunsMs, type ResponseStore, responsesStoredMax } from './stored-responses.ts'

/** `POST /v1/responses` */
export function createResponse(call: Call, body: JsonRecord, cache: PromptCache, store: ResponseStore): Answer {
  const name = textIn(body, 'model')
  if (name === undefined) return missing('model')
  const model = modelNamed(name)
  if (!model) return noSuchModel(name)
  const input = body.input
  if (typeof input !== 'string' && !Array.isArray(input)) return missing('input')
  const previousId = textIn(body, 'previous_response_id')
  if (body.background === true && body.store === false)
    return openaiError(400, "Background responses must be stored: leave 'store' out or set it to true.", { param: 'background' })
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
    access_programs: null,
    background: body.background === true,
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
  // A tool that the vendor runs itself is used once: a cost that no output maximum bounds.
  const searches = tools.some((tool) => /^web_search/.test(textIn(tool, 'type') ?? ''))
  const prelude = [
    ...(made.reasoningTokens > 0 ? [{ id: `rs_${id.slice(5)}`, type: 'reasoning', summary: [] }] : []),
    ...(searches
      ? [
          {
            id: `ws_${id.slice(5)}`,
            type: 'web_search_call',
            status: 'completed',
            action: { type: 'search', query: lastUserText, queries: [lastUserText] },
          },
        ]
      : []),
  ]
  const finished: JsonRecord = {
    ...base,
    status: cutShort ? 'incomplete' : 'completed',
    completed_at: cutShort ? null : createdAt,
    incomplete_details: cutShort ? { reason: 'max_output_tokens' } : null,
    output: [...prelude, outputItem(made, id, cutShort ? 'incomplete' : 'completed')],
    ...(call.behaviour.noUsage ? {} : { usage: { ...usage, ...call.behaviour.usageReported } }),
  }
  const running = { ...base, status: 'in_progress', completed_at: null, incomplete_details: null, output: [], usage: null }
  if (base.store && store.size < responsesStoredMax) {
    const doneAtMs = call.clock.wallMs() + (base.background ? backgroundRunsMs : 0)
    store.set(id, {
      running,
      finished,
      doneAtMs,
      canceled: false,
      contextTokens: inputTokens + outputTokens,
      project: call.key.project.name,
    })
  }
  const answer = base.background
    ? jsonAnswer(200, { ...running, status: 'queued' })
    : body.stream === true
      ? streamAnswer(responseEvents(running, finished, prelude, made, id))
      : jsonAnswer(200, finished)
  return {
    ...answer,
    model: name,
    usage: {
      input_tokens: inputTokens,
      output_tokens: outputTokens,
      total_tokens: usage.total_tokens,
      cached_tokens: usage.input_tokens_details.cached_tokens,
      reasoning_tokens: made.reasoningTokens,
      ...(searches ? { web_search_calls: 1 } : {}),
    },
  }
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

function responseEvents(running: object, finished: JsonRecord, prelude: readonly object[], made: Generated, id: string): string[] {
  let sequence = 0
  const events: string[] = []
  const emit = (type: string, fields: object): void => {
    events.push(event(type, { type, sequence_number: sequence++, ...fields }))
  }
  emit('response.created', { response: running })
  emit('response.in_progress', { response: running })
  for (const [index, item] of prelude.entries()) {
    emit('response.output_item.added', { output_index: index, item })
    emit('response.output_item.done', { output_index: index, item })
  }
  const index = prelude.length
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
