import type { ClaimConditions } from '@keyward/contract/identities'
import type { IssuerKeys, IssuerPreset } from '@keyward/contract/issuers'

export interface TrustedIssuer {
  readonly id: string
  readonly name: string
  readonly kind: 'oidc' | 'spiffe' | 'x509'
  readonly issuer: string
  readonly preset: IssuerPreset
  readonly keysFrom: IssuerKeys
  readonly allowPrivate: boolean
  readonly attests: boolean
  readonly ca: string | undefined
}

export interface TrustRule {
  readonly identity: string
  readonly name: string | null
  readonly workload: string
  readonly workloadName: string
  readonly method: 'oidc' | 'spiffe_jwt'
  /** Undefined: the audiences that mean this Keyward. */
  readonly audiences: ReadonlySet<string> | undefined
  readonly claims: ClaimConditions
  readonly spiffeId: string | undefined
  readonly singleUse: boolean
  /** Null: every grant of the workload. */
  readonly grants: readonly { readonly id: string; readonly resource: string }[] | null
}
