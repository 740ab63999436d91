import { type Answer, type Call, event, jsonAnswer, streamAnswer } from '../fake/answer.ts'
import { isRecord, type JsonRecord, listIn, numberIn, recordIn, textIn } from '../fake/json.ts'
import { imagesIn, textOf, tokensOf, tokensPerImage } from '../fake/tokens.ts'
import { missing, openaiError } from './errors.ts'
import { type Generated, generate, type PromptCache } from './generate.ts'
import { modelNamed } from './models.ts'
import { noSuchModel } from './refusals.ts'

/** Added to the prompt's count for each message, and once for the reply's beginning: the framing that OpenAI documents for its chat models. */
const tokensPerMessage = 3
const choicesMax = 128

/** Tokens of a chat request's messages and tools by the fakes' rule. Exported so that a test can say what a call costs. */
export function promptTokens(body: JsonRecord): number {
  const messages = listIn(body, 'messages') ?? []
  const tools = listIn(body, 'tools')
  let tokens = tokensPerMessage
  for (const message of messages) {
    const content = isRecord(message) ? message.content : undefined
    const calls = listIn(message, 'tool_calls')
    tokens +=
      tokensPerMessage + tokensOf(textOf(content)) + imagesIn(content) * tokensPerImage + (calls ? tokensOf(JSON.stringify(calls)) : 0)
  }
  return tokens + (tools ? tokensOf(JSON.stringify(tools)) : 0)
}

export function usageOf(prompt: number, cached: number, choices: readonly Generated[]) {
  const reasoning = choices.reduce((sum, one) => sum + one.reasoningTokens, 0)
  const completion = choices.reduce((sum, one) => sum + one.textTokens, 0) + reasoning
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

/** `POST /v1/chat/completions` */
export function chat(call: Call, body: JsonRecord, cache: PromptCache): Answer {
  const name = textIn(body, 'model')
  if (name === undefined) return openaiError(400, 'you must provide a model parameter')
  const model = modelNamed(name)
  if (!model) return noSuchModel(name)
  if (model.use !== 'chat')
    return openaiError(404, 'This is not a chat model and thus not supported in the v1/chat/completions endpoint.', { param: 'model' })
  const messages = listIn(body, 'messages')
  if (!messages || messages.length === 0) return missing('messages')
  if (model.reasoning && body.max_tokens != null)
    return openaiError(400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", {
      param: 'max_tokens',
      code: 'unsupported_parameter',
    })
  const choiceCount = numberIn(body, 'n') ?? 1
  if (!Number.isInteger(choiceCount) || choiceCount < 1 || choiceCount > choicesMax)
    return openaiError(400, `Invalid 'n': expected an integer from 1 to ${choicesMax}.`, { param: 'n', code: 'invalid_value' })
  const outputTokensMax = numberIn(body, 'max_completion_tokens') ?? numberIn(body, 'max_tokens')
  if (outputTokensMax !== undefined && outputTokensMax < 1)
    return openaiError(400, "Invalid 'max_tokens': integer below minimum value.", { param: 'max_tokens', code: 'integer_below_min_value' })

  const lastUser = messages.findLast((message) => textIn(message, 'role') === 'user')
  const wish = {
    model,
    lastUserText: textOf(isRecord(lastUser) ? lastUser.content : ''),
    outputTokensMax,
    tools: listIn(body, 'tools') ?? [],
    toolChoice: body.tool_choice,
    effort: textIn(body, 'reasoning_effort'),
  }
  const choices = Array.from({ length: choiceCount }, () => generate(call, wish))
  const prompt = promptTokens(body)
  const usage = usageOf(prompt, cache.cachedTokens(call, name, JSON.stringify(messages), prompt), choices)
  const frame = {
    id: `chatcmpl-${call.requestId.slice(4)}`,
    created: Math.floor(call.clock.wallMs() / 1000),
    model: name,
    service_tier: 'default' as const,
    system_fingerprint: 'fp_fake000001',
  }
  const reported = call.behaviour.noUsage ? undefined : { ...usage, ...call.behaviour.usageReported }
  const answer =
    body.stream === true
      ? streamAnswer(chunks(frame, choices, recordIn(body, 'stream_options')?.include_usage === true, reported))
      : jsonAnswer(200, {
          ...frame,
          object: 'chat.completion' as const,
          choices: choices.map((one, index) => ({ index, message: message(one), logprobs: null, finish_reason: one.finish })),
          ...(reported ? { usage: reported } : {}),
        })
  return { ...answer, model: name, usage: billed(usage) }
}

/** The vendor's bill in flat numbers, for the request log. */
export function billed(usage: ReturnType<typeof usageOf>): Record<string, number> {
  return {
    prompt_tokens: usage.prompt_tokens,
    completion_tokens: usage.completion_tokens,
    total_tokens: usage.total_tokens,
    cached_tokens: usage.prompt_tokens_details.cached_tokens,
    reasoning_tokens: usage.completion_tokens_details.reasoning_tokens,
  }
}

function message(one: Generated) {
  return {
    role: 'assistant' as const,
    content: one.tool ? null : one.pieces.join(''),
    refusal: null,
    annotations: [],
    ...(one.tool
      ? { tool_calls: [{ id: one.tool.id, type: 'function' as const, function: { name: one.tool.name, arguments: one.tool.arguments } }] }
      : {}),
  }
}

/** The events of a stream. With usage asked for, `usage` is null on each chunk and a last one with no choices carries it. */
function chunks(frame: object, choices: readonly Generated[], usageAsked: boolean, usage: object | undefined): string[] {
  const reports = usageAsked && usage !== undefined
  const chunk = (index: number, delta: object, finish: string | null): string =>
    event(null, {
      ...frame,
      object: 'chat.completion.chunk',
      choices: [{ index, delta, logprobs: null, finish_reason: finish }],
      ...(reports ? { usage: null } : {}),
    })
  const events: string[] = []
  for (const [index, one] of choices.entries()) {
    if (one.tool) {
      events.push(
        chunk(
          index,
          {
            role: 'assistant',
            content: null,
            tool_calls: [{ index: 0, id: one.tool.id, type: 'function', function: { name: one.tool.name, arguments: '' } }],
            refusal: null,
          },
          null,
        ),
      )
      events.push(chunk(index, { tool_calls: [{ index: 0, function: { arguments: one.tool.arguments } }] }, null))
    } else {
      events.push(chunk(index, { role: 'assistant', content: '', refusal: null }, null))
      for (const piece of one.pieces) events.push(chunk(index, { content: piece }, null))
    }
    events.push(chunk(index, {}, one.finish))
  }
  if (reports) events.push(event(null, { ...frame, object: 'chat.completion.chunk', choices: [], usage }))
  return [...events, 'data: [DONE]\n\n']
}
