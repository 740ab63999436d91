import type { Database } from '../../db/database.ts'
import type { Egress } from '../../egress/egress.ts'
import { type FederatedProof, type Federation, type FederationHints, FederationRefused, type Tryout } from './federation.ts'

export interface TrustedIssuersDeps {
  readonly db: Database
  readonly egress: Pick<Egress, 'request'>
  /** Our own issuer identifier: the audience that a rule accepts where it names none. */
  readonly issuer: string
  nowMs(): number
  monotonicMs(): number
}

/** Tokens of trusted issuers, by the trust rules of workloads. */
export class TrustedIssuers implements Federation, Tryout {
  readonly #deps: TrustedIssuersDeps

  constructor(deps: TrustedIssuersDeps) {
    this.#deps = deps
  }

  prove(_jwt: string, _hints: FederationHints): Promise<FederatedProof> {
    return Promise.reject(new FederationRefused(`no issuer is trusted by ${this.#deps.issuer}`))
  }

  async tryOut(): ReturnType<Tryout['tryOut']> {
    const problems = ['no issuer is trusted by this version']
    return { issuer: null, signature: 'not_checked', problems, claims: null, rules: [], rules_left_out: 0, would_mint: null }
  }
}
