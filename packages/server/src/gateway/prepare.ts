import type { IncomingHttpHeaders } from 'node:http'
import type { PriceBook, Quote } from '../policy/prices.ts'
import { pathFits } from './http/paths.ts'
import { anthropic } from './llm/anthropic.ts'
import { type JsonObject, parseJsonObject, withMember } from './llm/json-body.ts'
import { modelAllowed } from './llm/models.ts'
import { multipartModel } from './llm/multipart-model.ts'
import { openai } from './llm/openai.ts'
import { type LlmProtocol, type Operation, positive } from './llm/operation.ts'
import type { Plan } from './plan.ts'
import { Refusal } from './refusal.ts'
import type { Effect } from './seams.ts'
import type { Target } from './target.ts'

/** Set on calls of budgeted grants that bound their output nowhere. Enough for a long answer, small enough to be reserved. */
export const outputTokensDefault = 16_384

/** Far above any answer of any model, far below what the ledger's numbers hold. */
const outputTokensOfCallMax = 1_000_000_000

/** Prices as they are at the moment of a call. */
export interface PriceList {
  readonly book: PriceBook
  readonly at: Date
}

/** What a call is, once its address is known to be allowed. */
export interface Act {
  /** As it is recorded: `chat`, `files.read`; `GET` for plain HTTP. */
  readonly operation: string
  readonly effect: Effect
  /** `none`: a body is refused; `whole`: read before anything goes on; `stream`: passed through. */
  readonly body: 'none' | 'whole' | 'stream'
  readonly llm: { readonly protocol: LlmProtocol; readonly operation: Operation } | undefined
}

/** What goes upstream, and what it can cost at most. */
export interface Prepared {
  readonly body: Buffer | null
  readonly model: string | null
  /** Further models that the body names, list by list as `requireModels` takes them. */
  readonly modelLists: readonly unknown[]
  readonly amountNano: bigint | null
  readonly unbounded: { readonly code: 'cost_unbounded' | 'price_unknown'; readonly detail: string } | null
  readonly inputTokensMax: number | null
  /** Of all answers together. */
  readonly outputTokensMax: number | null
  /** The output bound that we set because the caller named none. */
  readonly outputTokensSet: number | undefined
  /** The client did not ask for the usage that we asked for: the event that holds it is taken out. */
  readonly stripUsage: boolean
  /** The price by which the worst case was reserved, and by which the call is charged. */
  readonly quote: Quote | undefined
}

const protocols: Readonly<Record<string, LlmProtocol>> = { anthropic, openai }

export function llmProtocol(provider: string | null): LlmProtocol {
  return protocols[provider ?? 'openai'] ?? openai
}

/** Finds what a call does and whether the grant allows it. Throws operation_unknown, operation_not_allowed or path_not_allowed. */
export function actOf(plan: Plan, method: string, target: Target, authority: readonly string[]): Act {
  const { scopes } = plan.grant
  if (plan.resource.kind === 'llm') {
    const protocol = llmProtocol(plan.resource.provider)
    const operation = protocol.operation(method, target.path)
    if (operation === undefined) throw new Refusal('operation_unknown')
    const allowed = scopes.every(
      (scope) => 'models' in scope && (scope.operations === undefined ? operation.byDefault : scope.operations.includes(operation.name)),
    )
    if (!allowed) throw new Refusal('operation_not_allowed', `The operation is ${operation.name}.`)
    const effect = authority.includes(operation.effect) ? operation.effect : 'consume'
    const body = operation.body === 'none' ? 'none' : operation.body === 'json' || operation.model ? 'whole' : 'stream'
    return { operation: operation.name, effect, body, llm: { protocol, operation } }
  }
  const fits = scopes.every(
    (scope) =>
      'methods' in scope && scope.methods.some((one) => one === method) && scope.paths.some((pattern) => pathFits(target.path, pattern)),
  )
  if (!fits) throw new Refusal('path_not_allowed')
  const reads = method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
  const effect = reads ? 'consume' : authority.includes('modify') ? 'modify' : authority.includes('spend') ? 'spend' : 'consume'
  return { operation: method, effect, body: 'stream', llm: undefined }
}

const nothingToPay = {
  model: null,
  modelLists: [],
  amountNano: 0n,
  unbounded: null,
  inputTokensMax: null,
  outputTokensMax: null,
  outputTokensSet: undefined,
  stripUsage: false,
  quote: undefined,
} as const

/**
 * Reads a body once: the model, the bound of the output, what has no bound. The body goes on byte for byte but for what has to be set.
 * Throws body_invalid, model_not_allowed, cost_unbounded or price_unknown (the last two on budgeted grants).
 */
export function prepare(
  plan: Plan,
  act: Act,
  headers: IncomingHttpHeaders,
  body: Buffer | null,
  budgeted: boolean,
  prices: PriceList,
): Prepared {
  const { llm } = act
  if (llm === undefined) return { ...nothingToPay, body }
  const { operation, protocol } = llm
  if (operation.body === 'none' || body === null) return { ...nothingToPay, body, ...fixedPrice(operation, budgeted) }
  if (headers['content-encoding'] !== undefined) throw new Refusal('body_invalid', 'It is compressed.')
  if (operation.body === 'multipart') {
    const model = operation.model ? requireModel(plan, multipartModel(body, headers['content-type'])) : null
    return { ...nothingToPay, body, model, ...fixedPrice(operation, budgeted) }
  }
  return prepareJson(plan, operation, protocol, headers, body, budgeted, prices)
}

function prepareJson(
  plan: Plan,
  operation: Operation,
  protocol: LlmProtocol,
  headers: IncomingHttpHeaders,
  body: Buffer,
  budgeted: boolean,
  prices: PriceList,
): Prepared {
  requireJsonType(headers['content-type'])
  const parsed = parseJsonObject(body)
  const model = operation.model ? requireModel(plan, parsed.model) : null
  // Relays of several providers take a list of stand-ins for the model.
  const standIns = operation.model && Object.hasOwn(parsed, 'models') ? [parsed.models] : []
  const modelLists = operation.modelsWithin === undefined ? standIns : [...standIns, operation.modelsWithin(parsed)]
  for (const models of modelLists) requireModels(plan, models)
  const output = outputBound(plan, operation, parsed, budgeted)
  let edited =
    output.set === undefined || operation.output === undefined ? body : withMember(body, parsed, operation.output.insert, output.set)
  let stripUsage = false
  if (operation.askForUsage && parsed.stream === true) {
    const options = parsed.stream_options
    const asked = typeof options === 'object' && options !== null && !Array.isArray(options) ? options : {}
    if (asked.include_usage !== true) {
      stripUsage = true
      const written =
        output.set === undefined || operation.output === undefined ? parsed : { ...parsed, [operation.output.insert]: output.set }
      edited = withMember(edited, written, 'stream_options', { ...asked, include_usage: true })
    }
  }
  const common = { ...nothingToPay, body: edited, model, modelLists, outputTokensSet: output.set, stripUsage }
  if (operation.cost !== 'tokens') return { ...common, ...fixedPrice(operation, budgeted) }
  const quote = prices.book.quote(plan.resource.provider ?? 'openai', model ?? '', prices.at)
  const bound = operation.bound?.(parsed, body.length, output.max ?? 0)
  const unbounded = bound?.unbounded ?? unboundedHeader(protocol, headers) ?? (output.max === null ? 'output without a bound' : undefined)
  if (bound === undefined || unbounded !== undefined)
    return { ...common, quote, ...refuseOnBudget(budgeted, 'cost_unbounded', `It is ${unbounded}.`) }
  const tokens = { inputTokensMax: bound.inputTokensMax, outputTokensMax: bound.outputTokensMax * bound.answers }
  if (tokens.outputTokensMax > outputTokensOfCallMax)
    throw new Refusal('body_invalid', `It asks for more than ${outputTokensOfCallMax} tokens of output.`)
  const amountNano = quote?.worstCase(bound)
  if (amountNano === undefined)
    return { ...common, quote, ...tokens, ...refuseOnBudget(budgeted, 'price_unknown', `The model is ${model}.`) }
  return { ...common, quote, ...tokens, amountNano, unbounded: null }
}

type NoAmount = Pick<Prepared, 'amountNano' | 'unbounded'>

/** A cost that nobody knows: refused on a budget, else passed on as unknown (and refused by the admission where it knows of a budget). */
function refuseOnBudget(budgeted: boolean, code: 'cost_unbounded' | 'price_unknown', detail: string): NoAmount {
  if (budgeted) throw new Refusal(code, detail)
  return { amountNano: null, unbounded: { code, detail } }
}

/** The price of an operation that is not paid by its tokens. */
function fixedPrice(operation: Operation, budgeted: boolean): NoAmount {
  if (operation.cost === 'free') return { amountNano: 0n, unbounded: null }
  return refuseOnBudget(budgeted, 'cost_unbounded', `It is ${operation.cost === 'tokens' ? operation.name : operation.cost.unbounded}.`)
}

/** A body that is JSON, but goes by another type or charset, could be read as something else by the upstream. Throws body_invalid. */
function requireJsonType(contentType: string | undefined): void {
  if (contentType === undefined || jsonType.test(contentType)) return
  throw new Refusal('body_invalid', 'Its content type must be application/json.')
}
const jsonType = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?$/i

/** Whether the grant still allows what a call has asked of it, once the grant has changed. @throws Refusal `model_not_allowed` */
export function requireModelsStill(plan: Plan, { model, modelLists }: Prepared): void {
  if (model !== null) requireModel(plan, model)
  for (const models of modelLists) requireModels(plan, models)
}

/** Every model that a body names: all of them have to be allowed; where they can't be seen, all models do. */
function requireModels(plan: Plan, models: unknown): void {
  if (Array.isArray(models) && models.length > 0) {
    for (const model of models) requireModel(plan, model)
    return
  }
  if (!plan.grant.scopes.every((scope) => 'models' in scope && scope.models.includes('*')))
    throw new Refusal('model_not_allowed', 'The models that it would run are not named in the call: the grant has to allow all (`*`).')
}

function requireModel(plan: Plan, model: unknown): string {
  if (typeof model !== 'string' || model === '') throw new Refusal('body_invalid', 'It names no model.')
  if (model.length > 200 || !/^[\x21-\x7e]+$/.test(model)) throw new Refusal('body_invalid', 'The name of the model is no model id.')
  if (!plan.grant.scopes.every((scope) => 'models' in scope && modelAllowed(model, scope.models)))
    throw new Refusal('model_not_allowed', `The model is ${model}.`)
  return model
}

/** The output bound of a call: the caller's, checked against the grant's; else the grant's, else on a budget the default. `set`: to be written. */
function outputBound(
  plan: Plan,
  operation: Operation,
  parsed: JsonObject,
  budgeted: boolean,
): { max: number | null; set: number | undefined } {
  const { output } = operation
  if (output === undefined) return { max: 0, set: undefined }
  const ceiling = plan.grant.limits.max_output_tokens
  let named: number | undefined
  for (const member of output.members) {
    const value = parsed[member]
    if (value === undefined || value === null) continue
    const count = positive(value)
    if (count === undefined) throw new Refusal('body_invalid', `${member} must be a positive whole number.`)
    named = Math.max(named ?? 0, count)
  }
  if (named !== undefined) {
    if (ceiling !== undefined && named > ceiling)
      throw new Refusal('operation_not_allowed', `The grant allows ${ceiling} output tokens at most.`)
    return { max: named, set: undefined }
  }
  const wanted = output.providerDefault ?? (ceiling === undefined ? (budgeted ? outputTokensDefault : undefined) : ceiling)
  if (wanted === undefined) return { max: null, set: undefined }
  const max = ceiling === undefined ? wanted : Math.min(wanted, ceiling)
  return { max, set: max }
}

function unboundedHeader(protocol: LlmProtocol, headers: IncomingHttpHeaders): string | undefined {
  for (const name in headers) {
    const value = headers[name]
    const found = typeof value === 'string' ? protocol.unboundedHeader(name, value) : undefined
    if (found !== undefined) return found
  }
  return undefined
}
