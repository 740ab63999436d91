import type { IncomingMessage } from 'node:http'
import type { GatewayErrorCode } from '@keyward/contract/gateway-errors'
import type { GrantScope } from '@keyward/contract/grants'
import type { AssuranceLevel } from '@keyward/contract/words'
import type { Dispatcher } from 'undici'
import type { AuditRecord } from '../audit/record.ts'
import type { CallIntent, CallOutcome, Outcome, Verdict } from '../policy/call.ts'
import type { PriceBook } from '../policy/prices.ts'
import type { Plan } from './plan.ts'
import type { CredentialBind, SealedSecret } from './sealed.ts'

/** What the gateway asks of the rest of the server: small, structural, so that each side can be tested alone (ARCHITECTURE, "Seams"). */

export interface VerifiedToken {
  readonly id: string
  readonly grant: string
  readonly workload: string
  readonly tenant?: string | undefined
  /** By which the workload proved itself; its revocation ends the token. */
  readonly identity?: string | undefined
  /** Who holds it: its workload, one that it was handed on to, or a person's client. */
  readonly client?: string | undefined
  /** The person on whose behalf it acts. */
  readonly user?: string | undefined
  readonly assurance?: AssuranceLevel | undefined
  /** Narrower than the grant's scope. */
  readonly narrowed?: GrantScope | undefined
  /** Thumbprint of the key (RFC 7638) or certificate (RFC 8705) that the token is bound to. */
  readonly boundTo?: string | undefined
  readonly binding?: 'dpop' | 'mtls' | undefined
  /** SHA-256 of the token, as a proof carries it. */
  readonly ath: string
  readonly expiresAtMs: number
}

export interface Verifier {
  /** Throws an error with a `code` of the gateway's. Answers at once for a token that it has seen. */
  verify(token: string): VerifiedToken | Promise<VerifiedToken>
  /**
   * Throws where the proof does not hold, with `headers` for the answer. Answers the digest of the body that the proof was made for
   * (SEP-1932), where it names one.
   */
  verifyProof(
    token: VerifiedToken,
    proof: { header: string; method: string; url: string },
  ): string | undefined | Promise<string | undefined>
  /** For answers to bound tokens (RFC 9449, 8.2). */
  proofNonce?(): string
}

/** One entry of the change feed; `reset`: some were missed, nothing cached may be believed. */
export type Change = { readonly op: 'changed' | 'revoked'; readonly kind: string; readonly subject: string } | { readonly op: 'reset' }

export interface Feed {
  readonly deaf: boolean
  /** Installation time: the database's clock carried on by the monotonic clock. */
  nowMs(): number
  on(listener: (change: Change) => void): () => void
  onDeaf(listener: (deaf: boolean) => void): () => void
}

export interface OpenSecret {
  reveal(): string
  useBytes<T>(use: (bytes: Uint8Array) => T): T
  destroy(): void
}

export interface SecretOpener {
  /** At once, where the data key is at hand. */
  openCached?(sealed: SealedSecret, bind: CredentialBind): OpenSecret | undefined
  open(sealed: SealedSecret, bind: CredentialBind): Promise<OpenSecret>
}

export type Effect = 'consume' | 'modify' | 'spend'

export interface RefusalJournal {
  record(record: AuditRecord): Promise<unknown>
}

export interface Admission {
  /** One durable group commit of reservation and record, also for a refusal. */
  admit(intent: CallIntent): Promise<Verdict>
}

export interface Budgets {
  /** From a cached view: whether a budget applies to the grant. The admission has the last word. */
  isBudgeted(subject: { readonly grant: string; readonly workload: string; readonly team: string | null }): boolean
}

export interface Settlement {
  settle(outcome: CallOutcome): void
}

export interface Prices {
  /** The price book as it is now: at once where it was read already. */
  current(): PriceBook | Promise<PriceBook>
}

export interface Upstreams {
  upstream(origin: string, options: { readonly allowPrivate: boolean }): Dispatcher
}

export interface GatewayLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Counters of observe/metrics; labels are closed sets. */
export interface GatewayMetrics {
  refused(code: GatewayErrorCode): void
  ended(kind: string, outcome: Outcome, overheadMs: number | undefined): void
}

export interface GatewayParts {
  readonly verifier: Verifier
  readonly feed: Feed
  readonly vault: SecretOpener
  readonly admission: Admission
  readonly budgets: Budgets
  readonly settlement: Settlement
  readonly prices: Prices
  /** The client certificate that came with a request, of the connection or from a trusted proxy: its SHA-256, base64url. */
  readonly certificateOf?: (request: IncomingMessage) => string | undefined
  /** Where refusals are recorded that never reached the admission. */
  readonly journal: RefusalJournal
  readonly egress: Upstreams
  /** Reads grant, workload, resource and credential as they are now. Undefined: no such grant. */
  readonly loadPlan: (grant: string) => Promise<Plan | undefined>
  /** Ids of the active grants of a workload for a resource, some at most: what a client may be told to ask for. */
  readonly grantsOf?: (workload: string, resource: string) => Promise<readonly string[]>
  readonly newCallId: () => string
  readonly log: GatewayLog
  readonly metrics?: GatewayMetrics
}

export interface GatewaySettings {
  /** The issuer of tokens, without a slash at its end: where the metadata of resources is. */
  readonly issuer: string
  /** `http` or `https`: what clients speak to us, for the address in DPoP proofs. */
  readonly scheme: 'http' | 'https'
  /** Host headers that are ours, such as `localhost:7411`: everything else is a rebinding attack or a mistake. */
  hosts(): ReadonlySet<string>
  /** Origins of browsers that may call. Empty by default: a gateway is for programs. */
  readonly origins: ReadonlySet<string>
  /** Stands in the Via header (RFC 9110, 7.6.3) of what goes upstream; a call that carries it already is a loop. */
  readonly viaName: string
  readonly inFlightMax: number
}
