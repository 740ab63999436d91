import { type Answer, type Call, event, jsonAnswer, streamAnswer } from '../fake/answer.ts'
import { type JsonRecord, listIn, numberIn, recordIn, textIn } from '../fake/json.ts'
import { tokensOf } from '../fake/tokens.ts'
import { missing, openaiError } from './errors.ts'
import { generate } from './generate.ts'
import { modelNamed } from './models.ts'
import { noSuchModel } from './refusals.ts'

/** The API's own default for this old endpoint. */
const outputTokensMaxDefault = 16

/** `POST /v1/completions`: the older text endpoint. */
export function completions(call: Call, body: JsonRecord): Answer {
  const name = textIn(body, 'model')
  if (name === undefined) return openaiError(400, 'you must provide a model parameter')
  const model = modelNamed(name)
  if (!model) return noSuchModel(name)
  if (model.use !== 'completion')
    return openaiError(
      404,
      'This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?',
      { param: 'model' },
    )
  const prompts = (typeof body.prompt === 'string' ? [body.prompt] : (listIn(body, 'prompt') ?? [])).filter(
    (one) => typeof one === 'string',
  )
  if (prompts.length === 0) return missing('prompt')
  const choiceCount = numberIn(body, 'n') ?? 1
  const outputTokensMax = numberIn(body, 'max_tokens') ?? outputTokensMaxDefault
  const made = prompts.flatMap((prompt) =>
    Array.from({ length: choiceCount }, () =>
      generate(call, { model, lastUserText: prompt, outputTokensMax, tools: [], toolChoice: undefined, effort: undefined }),
    ),
  )
  const promptTokens = prompts.reduce((sum, prompt) => sum + tokensOf(prompt), 0)
  const completionTokens = made.reduce((sum, one) => sum + one.textTokens, 0)
  const usage = { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens }
  const frame = {
    id: `cmpl-${call.requestId.slice(4)}`,
    object: 'text_completion' as const,
    created: Math.floor(call.clock.wallMs() / 1000),
    model: name,
  }
  const reported = call.behaviour.noUsage ? undefined : { ...usage, ...call.behaviour.usageReported }
  const finish = (finished: string) => (finished === 'length' ? ('length' as const) : ('stop' as const))
  if (body.stream !== true) {
    const choices = made.map((one, index) => ({ text: one.pieces.join(''), index, logprobs: null, finish_reason: finish(one.finish) }))
    return { ...jsonAnswer(200, { ...frame, choices, ...(reported ? { usage: reported } : {}) }), model: name, usage }
  }
  const reports = recordIn(body, 'stream_options')?.include_usage === true && reported !== undefined
  const none = reports ? { usage: null } : {}
  const events = made.flatMap((one, index) => [
    ...one.pieces.map((text) => event(null, { ...frame, choices: [{ text, index, logprobs: null, finish_reason: null }], ...none })),
    event(null, { ...frame, choices: [{ text: '', index, logprobs: null, finish_reason: finish(one.finish) }], ...none }),
  ])
  if (reports) events.push(event(null, { ...frame, choices: [], usage: reported }))
  return { ...streamAnswer([...events, 'data: [DONE]\n\n']), model: name, usage }
}
