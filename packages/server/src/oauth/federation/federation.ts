import type { TrustTry, TrustTryResult } from '@keyward/contract/issuers'
import type { AuthenticatedClient } from '../client.ts'

/** What the caller says about which trust rule it means; each is compared, none is believed. */
export interface FederationHints {
  /** `client_id`: the workload. */
  readonly workload?: string | undefined
  /** `federation_rule_id`: the identity. */
  readonly identity?: string | undefined
  /** Rules of this method alone: a JWT-SVID authenticates a client, a token of an OIDC issuer does not. */
  readonly method?: 'oidc' | 'spiffe_jwt' | undefined
  /** What is asked for: of several rules of one workload, the first that has it. */
  readonly grant?: string | undefined
  /** The name of the resource, where no grant was named. */
  readonly resource?: string | undefined
}

/** Where a request came from, for the record of a refusal. */
export interface FederationContext {
  readonly correlationId?: string
  readonly personal?: { readonly user?: string; readonly ip?: string; readonly userAgent?: string }
}

/** What an issuer's token proved: a workload, by one of its trust rules. */
export interface FederatedProof extends AuthenticatedClient {
  readonly issuer: string
  /** The token's `sub`, for the audit log. */
  readonly subject: string
}

/** Verifies tokens of trusted issuers and finds the trust rule that they fit. */
export interface Federation {
  /**
   * @throws FederationRefused, which is on record by then
   */
  prove(jwt: string, hints: FederationHints, context?: FederationContext): Promise<FederatedProof>
}

/** What somebody who makes trust rules asks: which rule would a token match, and why not. */
export interface Tryout {
  /**
   * Nothing is minted, and a token that counts once is not used up.
   * @param visible of these workloads the ones that the asker may see; rules of others are left out
   */
  tryOut(asked: TrustTry, visible: (workloads: readonly string[]) => Promise<ReadonlySet<string>>): Promise<TrustTryResult>
}

/** Why a token of an issuer was refused, in one word for the audit log. */
export type FederationRefusalCode =
  | 'malformed'
  | 'type'
  | 'issuer_unknown'
  | 'time'
  | 'audience'
  | 'no_rule'
  | 'ambiguous'
  | 'key_unknown'
  | 'signature'
  | 'replayed'
  | 'keys_away'
  | 'node_deaf'

/**
 * Why a token of an issuer was refused; the message is for its sender and says nothing about other workloads. What only the log may know
 * travels as `cause`.
 */
export class FederationRefused extends Error {
  readonly code: FederationRefusalCode

  constructor(code: FederationRefusalCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'FederationRefused'
    this.code = code
  }
}

/** Nothing is wrong with the token: its sender may try again. */
export function isPassing({ code }: FederationRefused): boolean {
  return code === 'keys_away' || code === 'node_deaf'
}
