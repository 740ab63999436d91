import type { TokenUsage } from './call.ts'

/** Nano-dollars a million tokens; above each of `steps` (tokens of input) another price holds for all tokens of the call. */
export interface Rate {
  readonly base: bigint
  readonly steps: readonly { readonly above: number; readonly price: bigint }[]
}

/** What a model costs. An absent rate falls back to the one that the provider would bill instead (`billed`). */
export interface Rates {
  readonly input: Rate
  readonly output?: Rate | undefined
  readonly cachedInput?: Rate | undefined
  readonly cacheWrite?: Rate | undefined
  readonly cacheWriteHour?: Rate | undefined
  readonly audioInput?: Rate | undefined
  readonly audioCachedInput?: Rate | undefined
  readonly audioOutput?: Rate | undefined
  readonly imageInput?: Rate | undefined
  readonly imageCachedInput?: Rate | undefined
  readonly imageOutput?: Rate | undefined
  readonly reasoningOutput?: Rate | undefined
  readonly videoInput?: Rate | undefined
  readonly videoOutput?: Rate | undefined
  /** Each request, in nano-dollars. */
  readonly request: bigint
}

/** What a call can use at most. */
export interface TokenBound {
  /** All input, however it is billed. */
  readonly inputTokensMax: number
  /** Of one answer. */
  readonly outputTokensMax: number
  /** Answers asked for (OpenAI's `n`). */
  readonly answers?: number
  /** False only where the request can't make the provider write to a cache (Anthropic without `cache_control`). */
  readonly mayWriteCache?: boolean
}

const million = 1_000_000n

/**
 * What the call costs, in nano-dollars, rounded up once; undefined where it used something that has no price.
 * Never more than `worstCase` of a bound that holds.
 */
export function costOf(rates: Rates, usage: TokenUsage): bigint | undefined {
  const cacheWrite = usage.cacheWriteTokens ?? 0
  const cacheWriteHour = Math.min(usage.cacheWriteHourTokens ?? 0, cacheWrite)
  const cached = usage.cachedInputTokens ?? 0
  const inputAll = usage.inputTokens + cached + cacheWrite
  const { input } = rates
  const cachedRate = rates.cachedInput ?? input
  const writeRate = rates.cacheWrite ?? input
  const parts: [tokens: number, rate: Rate | undefined][] = [
    [cacheWrite - cacheWriteHour, writeRate],
    [cacheWriteHour, rates.cacheWriteHour ?? writeRate],
    ...split(usage.inputTokens, input, [
      [usage.audio?.inputTokens, rates.audioInput],
      [usage.image?.inputTokens, rates.imageInput],
    ]),
    ...split(cached, cachedRate, [
      [usage.audio?.cachedInputTokens, rates.audioCachedInput],
      [usage.image?.cachedInputTokens, rates.imageCachedInput],
    ]),
    ...split(usage.outputTokens, rates.output, [
      [usage.audio?.outputTokens, rates.audioOutput],
      [usage.image?.outputTokens, rates.imageOutput],
    ]),
  ]
  let total = 0n
  for (const [tokens, rate] of parts) {
    if (tokens === 0) continue
    if (rate === undefined || !Number.isSafeInteger(tokens) || tokens < 0) return undefined
    total += BigInt(tokens) * priceAt(rate, inputAll)
  }
  return roundUp(total) + rates.request
}

/** The dearest that a call within the bound can become, in nano-dollars; undefined where output is possible and has no price. */
export function worstCaseOf(rates: Rates, bound: TokenBound): bigint | undefined {
  const { inputTokensMax, outputTokensMax, answers = 1, mayWriteCache = true } = bound
  const outputTokens = outputTokensMax * answers
  if (![inputTokensMax, outputTokens].every((tokens) => Number.isSafeInteger(tokens) && tokens >= 0)) return undefined
  const inputs = [
    rates.input,
    rates.cachedInput,
    rates.audioInput,
    rates.audioCachedInput,
    rates.imageInput,
    rates.imageCachedInput,
    rates.videoInput,
  ]
  if (mayWriteCache) inputs.push(rates.cacheWrite, rates.cacheWriteHour)
  const outputs = [rates.output, rates.audioOutput, rates.imageOutput, rates.reasoningOutput, rates.videoOutput]
  const outputPrice = dearest(outputs, inputTokensMax)
  if (outputTokens > 0 && outputPrice === undefined) return undefined
  const total = BigInt(inputTokensMax) * (dearest(inputs, inputTokensMax) ?? 0n) + BigInt(outputTokens) * (outputPrice ?? 0n)
  return roundUp(total) + rates.request
}

/** Tokens of a kind that has no price of its own cost what text costs. */
function split(
  all: number,
  rate: Rate | undefined,
  parts: [tokens: number | undefined, rate: Rate | undefined][],
): [number, Rate | undefined][] {
  let rest = all
  const priced: [number, Rate | undefined][] = []
  for (const [tokens = 0, own] of parts) {
    if (own === undefined || tokens <= 0) continue
    const counted = Math.min(tokens, rest)
    rest -= counted
    priced.push([counted, own])
  }
  return [...priced, [rest, rate]]
}

function priceAt(rate: Rate, inputTokens: number): bigint {
  let price = rate.base
  for (const step of rate.steps) if (inputTokens > step.above) ({ price } = step)
  return price
}

/** Of every price that the input could reach: a longer call may be cheaper a token, and a shorter one then is the worst case. */
function dearest(rates: readonly (Rate | undefined)[], inputTokensMax: number): bigint | undefined {
  let most: bigint | undefined
  for (const rate of rates) {
    if (rate === undefined) continue
    const reachable = rate.steps.filter((step) => inputTokensMax > step.above).map((step) => step.price)
    for (const price of [rate.base, ...reachable]) if (most === undefined || price > most) most = price
  }
  return most
}

function roundUp(nanoMillionths: bigint): bigint {
  return (nanoMillionths + million - 1n) / million
}
