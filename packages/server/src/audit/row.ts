import { newId } from '../observe/ids.ts'
import { safeDetails, safeText, safeWord } from './neutralise.ts'
import type { AuditRecord, AuditRow } from './record.ts'

/** The record as its row: bounded, neutralised, with an id. A call's entry takes its id from the call: it has exactly one admission. */
export function rowOf(record: AuditRecord, id: string = newId('audit')): AuditRow {
  return {
    id,
    action: safeText(record.action),
    decision: record.decision,
    code: safeWord(record.code),
    actor_kind: record.actor.kind,
    actor: safeWord(record.actor.id),
    behalf: safeWord(record.onBehalfOf),
    workload: safeWord(record.workload),
    token: safeWord(record.token),
    grant_id: safeWord(record.grant),
    credential: safeWord(record.credential),
    version: safeWord(record.version),
    resource: safeWord(record.resource),
    tenant: safeWord(record.tenant),
    team: safeWord(record.team),
    environment: safeWord(record.environment),
    target_kind: safeWord(record.target?.kind),
    target: safeWord(record.target?.id),
    model: safeWord(record.model),
    operation: safeWord(record.operation),
    effect: record.effect,
    call: safeWord(record.call),
    correlation: safeWord(record.correlationId),
    reason: record.reason === undefined ? undefined : safeText(record.reason),
    details: safeDetails(record.details),
    person: safeWord(record.personal?.user),
    ip: safeWord(record.personal?.ip),
    agent: record.personal?.userAgent === undefined ? undefined : safeText(record.personal.userAgent),
  }
}
