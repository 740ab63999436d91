import type { GrantScope } from '@keyward/contract/grants'
import type { AssuranceLevel, IdentityMethod } from '@keyward/contract/words'
import type { Binding } from '../policy/assurance.ts'
import type { MintFacts } from './mint-facts.ts'
import type { Actor, VerifiedToken } from './verify.ts'

/** How the asker proved who it is, as it is recorded. `token_exchange` where a token of ours was handed on. */
export type MintMethod = IdentityMethod | 'by_hand' | 'authorization_code'

export interface MintRequest {
  readonly grant: string
  /** What is known of the grant, where it was just read. */
  readonly facts?: MintFacts
  /** The workload that asks, where one proved who it is: the grant must be its own, or name it as a delegate. Absent: a person mints by hand. */
  readonly workload?: string
  readonly identity?: string
  /** Grants that the identity is held to; null: every grant of its workload. */
  readonly identityGrants?: readonly string[] | null
  readonly method: MintMethod
  /** What its issuer calls it (`sub`): which job, pod or machine of the workload it was, for the record. */
  readonly subject?: string
  /** The issuer attests what runs where (contract/issuers). */
  readonly attests?: boolean
  /** The person who mints by hand. */
  readonly mintedBy?: string
  /** The key that the token is to be bound to. */
  readonly binding?: Binding
  /** Narrower than the grant's; checked here. */
  readonly scope?: GrantScope
  /** A person who connected a client to their agent (authorization code). */
  readonly behalf?: { readonly user: string; readonly client: string; readonly consent: string; readonly family: string }
  /** The token that this one is exchanged from. Its authority, end, scope and assurance bound this one's. */
  readonly parent?: ParentToken
  /** Shorter than the grant's own, never longer. */
  readonly ttlSeconds?: number
  readonly correlationId?: string
  readonly personal?: { readonly user?: string; readonly ip?: string; readonly userAgent?: string }
}

export interface ParentToken {
  readonly token: VerifiedToken
  readonly depth: number
}

export interface MintedAccessToken {
  readonly token: string
  readonly id: string
  readonly type: 'Bearer' | 'DPoP'
  readonly expiresInSeconds: number
  readonly scope: string
  /** The scope as it was granted, and by which `authorization_details` echo it (RFC 9396, section 7). */
  readonly granted: GrantScope
  readonly grant: string
  readonly assurance: AssuranceLevel
  readonly act: Actor | undefined
  /** The address of the resource that it is for, and what speaks there: a client that only knows its grant can set itself up from it. */
  readonly resource: string
  readonly resourceKind: string
  readonly provider: string | null
  readonly environment: string
}

export const mintRefusalCodes = [
  'unknown_grant',
  'grant_ended',
  'workload_revoked',
  'tenant_revoked',
  'identity_ended',
  'parent_ended',
  'user_ended',
  'consent_ended',
  'binding_required',
  'certificate_required',
  'assurance_too_low',
  'scope_too_wide',
  'not_a_delegate',
  'too_deep',
  'lifetime',
] as const
export type MintRefusalCode = (typeof mintRefusalCodes)[number]

/** Why no token was minted. Whether the caller may know more than "no" is the caller's to decide. */
export class MintRefused extends Error {
  readonly code: MintRefusalCode

  constructor(code: MintRefusalCode, message: string) {
    super(message)
    this.name = 'MintRefused'
    this.code = code
  }
}
