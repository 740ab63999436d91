import type { TrustTry, TrustTryResult } from '@keyward/contract/issuers'
import type { Permit } from '../../people/permit.ts'
import type { AuthenticatedClient } from '../client.ts'

/** What the caller says about which trust rule it means; each is compared, none is believed. */
export interface FederationHints {
  /** `client_id`: the workload. */
  readonly workload?: string | undefined
  /** `federation_rule_id`: the identity. */
  readonly identity?: string | undefined
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
   * @throws FederationRefused
   */
  prove(jwt: string, hints: FederationHints): Promise<FederatedProof>
}

/** What somebody who makes trust rules asks: which rule would a token match, and why not. */
export interface Tryout {
  /**
   * Nothing is minted, and a token that counts once is not used up. Rules of workloads outside the permit's reach are left out.
   * @throws KeywardError `invalid-request` where the issuer that is named with claims does not exist
   */
  tryOut(permit: Permit<'issuer:try'>, asked: TrustTry): Promise<TrustTryResult>
}

/** Why a token of an issuer was refused; the message is for its sender and says nothing about other workloads. */
export class FederationRefused extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'FederationRefused'
  }
}
