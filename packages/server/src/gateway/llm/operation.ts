import type { TokenUsage } from '../../policy/call.ts'
import type { Effect } from '../seams.ts'
import type { JsonObject } from './json-body.ts'

/** How many tokens a call can use at most, and what of it has no bound. */
export interface Bound {
  readonly inputTokensMax: number
  /** For each of `answers`. */
  readonly outputTokensMax: number
  /** How many answers are generated (`n`, `best_of`, prompts). */
  readonly answers: number
  /** False where the request can't make the provider write to a cache, which costs more than reading. */
  readonly mayWriteCache: boolean
  /** A feature whose cost can't be bounded from the request, in words that name it. */
  readonly unbounded: string | undefined
}

/** Where the bound of the output stands in a body, and what to write where it is absent. */
export interface OutputBound {
  /** Members that bound the output; the largest counts. */
  readonly members: readonly string[]
  /** The member that is set where none is there. */
  readonly insert: string
  /** The provider's own default where it has one, which is then kept. */
  readonly providerDefault?: number
}

/** One thing that a provider's API can do. What is not in a table does not pass. */
export interface Operation {
  /** As grants name it: `chat`, `files.read`. */
  readonly name: string
  /** What it does where the credential's authority allows that; `run` operations generate and cost money. */
  readonly effect: Effect
  readonly body: 'none' | 'json' | 'multipart'
  /** Whether a grant that names no operations has it. */
  readonly byDefault: boolean
  /** `tokens`: priced by the model's tokens; `free`: the provider charges nothing; otherwise the words that say why it has no bound. */
  readonly cost: 'tokens' | 'free' | { readonly unbounded: string }
  /** Whether the body names a model that the grant has to allow. */
  readonly model: boolean
  /** The models of calls that run later, where the body names them (a batch); anything but a list where they can't be seen. */
  readonly modelsWithin?: (body: JsonObject) => unknown
  readonly output?: OutputBound
  /** Computes the bound from a body. Only for `cost: 'tokens'`. */
  readonly bound?: (body: JsonObject, bytes: number, outputTokensMax: number) => Bound
  /** Whether to ask for usage in a stream that would not have it (OpenAI's `stream_options.include_usage`). */
  readonly askForUsage?: boolean
}

/** A provider's protocol as the gateway knows it. */
export interface LlmProtocol {
  operation(method: string, path: string): Operation | undefined
  /** Takes usage out of an answer (not a stream). Undefined: it has none that can be believed. */
  usage(answer: JsonObject): TokenUsage | undefined
  /** Follows the events of a stream. */
  streamUsage(): StreamUsage
  /** A header of the request that makes the cost unbounded, in words. */
  unboundedHeader(name: string, value: string): string | undefined
}

/** Collects usage from a stream's events, whatever their order. */
export interface StreamUsage {
  /** `data` of one event, parsed. True where the event holds nothing but usage that the client did not ask for. */
  event(data: JsonObject): boolean
  /** The usage so far, once it is final; undefined before. */
  readonly usage: TokenUsage | undefined
}

/** Table lookup: exact addresses first, then those with an id in them. */
export function table(entries: Readonly<Record<string, Operation>>): (method: string, path: string) => Operation | undefined {
  const exact = new Map<string, Operation>()
  const shapes: { method: string; shape: RegExp; operation: Operation }[] = []
  for (const [address, operation] of Object.entries(entries)) {
    const [method = '', path = ''] = address.split(' ')
    if (!path.includes('*')) exact.set(address, operation)
    else
      shapes.push({ method, shape: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll('*', '[A-Za-z0-9._:@-]{1,200}')}$`), operation })
  }
  return (method, path) => {
    const found = exact.get(`${method} ${path}`)
    if (found !== undefined) return found
    for (const entry of shapes) if (entry.method === method && entry.shape.test(path)) return entry.operation
    return undefined
  }
}

/** A count of tokens as a provider reports it; undefined for anything but a whole number that a call can have. */
export function tokenCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= tokensMax ? value : undefined
}
/** Above any context and any answer: a report beyond it is a lie or a bug. */
const tokensMax = 1_000_000_000

/** A positive whole number of the request, or undefined. */
export function positive(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined
}
