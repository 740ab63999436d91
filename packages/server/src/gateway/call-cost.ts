import type { TokenUsage } from '../policy/call.ts'
import type { Prepared } from './prepare.ts'

/** What an attempt is charged. `costNano` null: unknown, so that the whole reservation is charged where a budget pays. */
export interface Charge {
  readonly costNano: bigint | null
  readonly usage: TokenUsage | undefined
  readonly estimated: boolean
}

export interface Attempt {
  readonly prepared: Prepared
  /** False for what the provider does not charge. */
  readonly paid: boolean
  /** Bytes of it may have reached the upstream. */
  readonly sent: boolean
  /** The upstream's status; null where none came. */
  readonly status: number | null
  /** The answer was read to its end. */
  readonly whole: boolean
  readonly usage: TokenUsage | undefined
}

const nothing: Charge = { costNano: 0n, usage: undefined, estimated: false }
const unknown: Charge = { costNano: null, usage: undefined, estimated: true }

/**
 * The rule of settling, in this order:
 * - what never left costs nothing; what the provider does not charge costs nothing;
 * - usage that the provider reported and that the request's bounds allow is priced (also with an error, or a client that left);
 * - a refusal (4xx) or a redirect costs nothing, and neither does an answer with which the provider itself says that it did not serve (500, 501, 503, 529);
 * - all else is unknown: an answer that a party in between lost (502, 504, 52x: the model may have run), a break, a timeout, a cut, an answer
 *   without usage or with usage that can't be.
 */
export function chargeOf(attempt: Attempt): Charge {
  const { prepared, paid, status, usage } = attempt
  if (!attempt.sent || !paid) return { ...nothing, usage }
  if (usage !== undefined && credible(usage, prepared)) {
    const costNano = prepared.quote?.cost(usage)
    return costNano === undefined ? { costNano: null, usage, estimated: false } : { costNano, usage, estimated: false }
  }
  if (status !== null && status >= 300 && attempt.whole && notServed(status)) return nothing
  return unknown
}

function notServed(status: number): boolean {
  return (status < 500 && status !== 499) || status === 500 || status === 501 || status === 503 || status === 529
}

/** More than the request could use at most is a lie or a bug, and must not be charged against a promise that the worst case was held. */
function credible(usage: TokenUsage, { inputTokensMax, outputTokensMax }: Prepared): boolean {
  if (inputTokensMax !== null && usage.inputTokens + (usage.cachedInputTokens ?? 0) + (usage.cacheWriteTokens ?? 0) > inputTokensMax)
    return false
  return outputTokensMax === null || usage.outputTokens <= outputTokensMax
}
