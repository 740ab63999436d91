import type { AuditRecord } from '../audit/record.ts'
import type { UsableCredential } from './authorise.ts'
import type { Plan } from './plan.ts'
import type { Act } from './prepare.ts'
import type { VerifiedToken } from './seams.ts'
import type { Target } from './target.ts'

/** Of a path no more is recorded: it may hold what people wrote. Queries never are. */
const pathCharsMax = 500

export type CallRecord = Omit<AuditRecord, 'action' | 'decision'>

/** Who did what with which credential: what of a call is recorded, as far as it is known. Never content. */
export function recordOf(call: {
  readonly plan: Plan
  readonly act: Act | undefined
  readonly credential: UsableCredential | undefined
  readonly token: VerifiedToken | undefined
  readonly model: string | null
  readonly callId: string
  readonly method: string
  readonly target: Target
}): CallRecord {
  const { plan, act } = call
  return {
    actor: { kind: 'workload', id: plan.workload.id },
    workload: plan.workload.id,
    token: call.token?.id,
    grant: plan.grant.id,
    credential: plan.credential?.id,
    version: call.credential?.version.id,
    resource: plan.resource.id,
    tenant: plan.tenant?.id,
    team: plan.workload.team,
    environment: plan.workload.environment,
    model: call.model ?? undefined,
    operation: act?.operation,
    effect: act?.effect,
    correlationId: call.callId,
    details: plan.resource.kind === 'llm' ? undefined : { method: call.method, path: call.target.path.slice(0, pathCharsMax) },
  }
}
