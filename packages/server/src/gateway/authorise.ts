import type { GatewayErrorCode } from '@keyward/contract/gateway-errors'
import type { Plan } from './plan.ts'
import { Refusal } from './refusal.ts'

/** Which purposes of a credential serve which kind of resource: they are never interchangeable (design, section 2). */
const purposesOf: Readonly<Record<string, ReadonlySet<string>>> = {
  llm: new Set(['model']),
  http: new Set(['data', 'tool', 'deploy', 'billing', 'training']),
}

export type UsableCredential = NonNullable<Plan['credential']> & {
  readonly version: NonNullable<NonNullable<Plan['credential']>['version']>
}

/** What of a plan can stop a call before it is looked at, in the order in which a caller can mend it. Undefined: nothing. */
export function standing(plan: Plan, nowMs: number): { code: GatewayErrorCode; detail?: string } | undefined {
  const { grant, workload, tenant, resource, credential } = plan
  if (grant.state !== 'active') return { code: 'token_revoked', detail: 'The grant was revoked.' }
  if (workload.state !== 'active') return { code: 'token_revoked', detail: 'The workload was revoked.' }
  if (tenant !== null && tenant.state !== 'active') return { code: 'token_revoked', detail: 'The tenant was revoked.' }
  if (grant.expiresAtMs !== null && grant.expiresAtMs <= nowMs) return { code: 'token_ended', detail: 'The grant has ended.' }
  if (credential === null) return { code: 'environment_mismatch', detail: `The workload's environment is ${workload.environment}.` }
  const purposes = purposesOf[resource.kind]
  if (purposes === undefined) return { code: 'operation_unknown', detail: `The gateway does not serve resources of kind ${resource.kind}.` }
  if (!purposes.has(credential.purpose))
    return {
      code: 'purpose_mismatch',
      detail: `The credential's purpose is ${credential.purpose}; a resource of kind ${resource.kind} takes ${[...purposes].join(', ')}.`,
    }
  if (credential.state !== 'active') return { code: 'credential_unavailable', detail: 'The credential was revoked.' }
  if (credential.expiresAtMs !== null && credential.expiresAtMs <= nowMs)
    return { code: 'credential_unavailable', detail: 'The credential has expired.' }
  if (credential.version === null) return { code: 'credential_unavailable', detail: 'It has no current version.' }
  if (!credential.allowedOrigins.includes(resource.origin))
    return { code: 'credential_unavailable', detail: `The credential may not be sent to ${resource.origin}.` }
  return undefined
}

/** The credential of a plan that stands. Throws the refusal where it does not. */
export function requireStanding(plan: Plan, nowMs: number): UsableCredential {
  const why = standing(plan, nowMs)
  if (why !== undefined) throw new Refusal(why.code, why.detail)
  const { credential } = plan
  if (credential === null || credential.version === null) throw new Refusal('credential_unavailable')
  return { ...credential, version: credential.version }
}
