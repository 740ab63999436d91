import { newId } from '../observe/ids.ts'
import { safeDetails, safeText, safeWord } from './neutralise.ts'
import type { AuditRecord, AuditRow } from './record.ts'

/** The record as its row: bounded, neutralised, with an id. */
export function rowOf(record: AuditRecord): AuditRow {
  return {
    id: newId('audit'),
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

/** What the entry of a gateway call says beyond its workload, grant and call. */
export type CallRow = Omit<
  AuditRow,
  'id' | 'action' | 'decision' | 'code' | 'actor_kind' | 'actor' | 'workload' | 'grant_id' | 'call' | 'target_kind' | 'target'
>

/** The same for a gateway call, whose action, actor and id follow from it. */
export function callRowOf(record: Omit<AuditRecord, 'action' | 'decision' | 'actor'>): CallRow {
  const { personal } = record
  return {
    behalf: safeWord(record.onBehalfOf),
    token: safeWord(record.token),
    credential: safeWord(record.credential),
    version: safeWord(record.version),
    resource: safeWord(record.resource),
    tenant: safeWord(record.tenant),
    team: safeWord(record.team),
    environment: safeWord(record.environment),
    model: safeWord(record.model),
    operation: safeWord(record.operation),
    effect: record.effect,
    correlation: safeWord(record.correlationId),
    reason: record.reason === undefined ? undefined : safeText(record.reason),
    details: safeDetails(record.details),
    person: safeWord(personal?.user),
    ip: safeWord(personal?.ip),
    agent: personal?.userAgent === undefined ? undefined : safeText(personal.userAgent),
  }
}
