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

/** Why a token of an issuer was refused; the message is for its sender and says nothing about other workloads. */
export class FederationRefused extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'FederationRefused'
  }
}
