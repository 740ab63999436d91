import type { GatewayErrorCode } from '@keyward/contract/gateway-errors'
import type { outcomes } from '@keyward/contract/records'
import type { AuditRecord } from '../audit/record.ts'

/** What a call asks of the ledger before it may go upstream. */
export interface CallIntent {
  readonly callId: string
  readonly grant: string
  readonly workload: string
  /** The dearest that the call can become, in nano-dollars; null where nobody knows. */
  readonly amountNano: bigint | null
  /** Where `amountNano` is null: the refusal where a budget applies, and what the caller is told (such as the feature without a bound). */
  readonly whyNoAmount?: { readonly code: 'price_unknown' | 'cost_unbounded'; readonly detail?: string } | undefined
  /** The call is cut at the latest after this long; its reservation ends a little later. */
  readonly reserveSeconds: number
  /** Most tokens it can use, input and output; counted against `tokensPerMinute` until the settle knows better. */
  readonly tokensWorstCase: number
  readonly limits: { readonly requestsPerMinute?: number | undefined; readonly tokensPerMinute?: number | undefined }
  /** What the audit entry says beyond workload, grant and call. Action (`gateway.call`), actor and decision are the admission's. */
  readonly audit: Omit<AuditRecord, 'action' | 'decision' | 'code' | 'call' | 'workload' | 'grant' | 'actor' | 'target'>
}

export type Verdict = Admitted | Refused

/** Its audit entry is on disk, and what it may cost is held. Settle it exactly once, whatever happens to it. */
export interface Admitted {
  readonly admitted: true
  /** A budget pays for it: unknown usage is charged in full. */
  readonly budgeted: boolean
  /** There is a reservation to settle. Passed on to the settle. */
  readonly held: boolean
  /** Time of admission, by the database's clock. Passed on to the settle. */
  readonly at: Date
}

export interface Refused {
  readonly admitted: false
  readonly code: GatewayErrorCode
  /** For callers who hold a valid token: which budget, which feature. */
  readonly detail?: string
  readonly retryAfterSeconds?: number
}

export type Outcome = (typeof outcomes)[number]

/** How an admitted call ended. `costNano` null: unknown; the whole reservation is charged where a budget pays. */
export interface CallOutcome {
  readonly callId: string
  readonly at: Date
  readonly held: boolean
  readonly attempt?: number | undefined
  readonly workload: string
  readonly grant: string
  readonly token?: string | undefined
  readonly resource: string
  readonly credential: string
  readonly version?: string | undefined
  readonly tenant?: string | undefined
  readonly team?: string | null | undefined
  readonly environment: string
  readonly operation: string
  readonly model?: string | undefined
  readonly outcome: Outcome
  readonly status?: number | undefined
  readonly streamed: boolean
  readonly usage?: TokenUsage | undefined
  readonly costNano: bigint | null
  /** The cost is the worst case, or a guess, and not the provider's own usage. */
  readonly estimated?: boolean | undefined
  readonly latencyMs?: number | undefined
  readonly firstByteMs?: number | undefined
  readonly overheadMs?: number | undefined
}

/** Tokens of one call. Each is counted in exactly one place: `inputTokens` leaves out what was read from or written to a cache. */
export interface TokenUsage {
  readonly inputTokens: number
  readonly cachedInputTokens?: number | undefined
  readonly cacheWriteTokens?: number | undefined
  /** The part of `cacheWriteTokens` that is kept for an hour, which costs more. */
  readonly cacheWriteHourTokens?: number | undefined
  readonly outputTokens: number
  /** Parts of the above that are not text, where the provider tells them apart and prices them so. */
  readonly audio?:
    | {
        readonly inputTokens?: number | undefined
        readonly cachedInputTokens?: number | undefined
        readonly outputTokens?: number | undefined
      }
    | undefined
  readonly image?:
    | {
        readonly inputTokens?: number | undefined
        readonly cachedInputTokens?: number | undefined
        readonly outputTokens?: number | undefined
      }
    | undefined
}

export function totalTokens(usage: TokenUsage): number {
  return usage.inputTokens + (usage.cachedInputTokens ?? 0) + (usage.cacheWriteTokens ?? 0) + usage.outputTokens
}
