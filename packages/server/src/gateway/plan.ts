import type { GrantLimits, GrantScope } from '@keyward/contract/grants'
import type { Injection, ResourceLimits } from '@keyward/contract/resources'
import type { AssuranceLevel } from '@keyward/contract/words'
import type { SealedSecret } from './sealed.ts'

/** Everything that a call under one grant needs to know, as it was in the database at one moment. Immutable: a change makes a new one. */
export interface Plan {
  readonly grant: {
    readonly id: string
    readonly state: string
    readonly expiresAtMs: number | null
    /** The grant's own scope, and that of the token where it is narrower: a call has to be within each. */
    readonly scopes: readonly GrantScope[]
    readonly limits: GrantLimits
    readonly requireDpop: boolean
    readonly requireMtls: boolean
    readonly minimumAssurance: AssuranceLevel | null
    readonly streamsOutliveToken: boolean
  }
  readonly workload: {
    readonly id: string
    readonly state: string
    readonly environment: string
    readonly team: string | null
  }
  readonly tenant: { readonly id: string; readonly state: string } | null
  readonly resource: {
    readonly id: string
    readonly name: string
    readonly kind: string
    readonly provider: string | null
    /** `https://api.openai.com` */
    readonly origin: string
    /** What stands before the caller's path: `` or `/openai`. */
    readonly basePath: string
    readonly injection: Injection
    readonly allowPrivate: boolean
    readonly limits: ResourceLimits
  }
  /** Null: the resource has none for the workload's environment. */
  readonly credential: {
    readonly id: string
    readonly state: string
    readonly purpose: string
    readonly authority: readonly string[]
    readonly environment: string
    readonly allowedOrigins: readonly string[]
    readonly expiresAtMs: number | null
    /** Null: no current version. */
    readonly version: { readonly id: string; readonly number: number; readonly sealed: SealedSecret } | null
  } | null
}

/** True where a change of this object can change the plan. */
export function planHas(plan: Plan, subject: string): boolean {
  return (
    plan.grant.id === subject ||
    plan.workload.id === subject ||
    plan.resource.id === subject ||
    plan.credential?.id === subject ||
    plan.tenant?.id === subject
  )
}

/** The plan as a token that says less than its grant may use it. */
export function underToken(plan: Plan, token: { readonly narrowed?: GrantScope | undefined } | undefined): Plan {
  if (token?.narrowed === undefined) return plan
  return { ...plan, grant: { ...plan.grant, scopes: [...plan.grant.scopes, token.narrowed] } }
}
