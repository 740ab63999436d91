import type { Route } from '@keyward/contract/route'
import type { Transaction } from 'kysely'
import type { AuditRecord } from '../audit/record.ts'
import { type ChangeKind, type ChangeToRecord, recordChange } from '../changes/record.ts'
import type { Tables } from '../db/tables.ts'
import type { Principal } from '../people/principal.ts'
import { actionOf } from './action.ts'
import type { ApiOptions } from './api-options.ts'
import type { RequestFacts } from './request-facts.ts'

/** What an act says of itself; who, when and from where is known already. */
export type ActRecord = Partial<Omit<AuditRecord, 'actor' | 'correlationId' | 'personal'>>

/** One act inside its transaction: what it leaves for the audit log, and what other nodes have to hear. */
export interface Act {
  /** Records the act, in its transaction. The action is the route's permission unless the record names another. */
  record(record: ActRecord): Promise<void>
  /** Announces a change. It is written as the last statement of the transaction, because it locks the feed's counter. */
  change(kind: ChangeKind, subject: string, op?: 'changed' | 'revoked'): void
}

/** @returns the act, and `announce`, which writes its changes and gives the number of the last */
export function beginAct(
  trx: Transaction<Tables>,
  route: Route,
  request: RequestFacts,
  principal: Principal | undefined,
  audit: ApiOptions['audit'],
): { act: Act; announce: () => Promise<bigint | undefined> } {
  const changes: ChangeToRecord[] = []
  const act: Act = {
    async record(record) {
      await audit.recordIn(trx, { action: actionOf(route), decision: 'done', ...record, ...actorOf(request, principal) })
    },
    change(kind, subject, op = 'changed') {
      changes.push({ kind, subject, op })
    },
  }
  const announce = async () => {
    let last: bigint | undefined
    for (const change of changes) last = await recordChange(trx, change)
    return last
  }
  return { act, announce }
}

/** Who acts, as the audit log names them. */
export function actorOf(
  request: RequestFacts,
  principal: Principal | undefined,
): Pick<AuditRecord, 'actor' | 'correlationId' | 'personal'> {
  return {
    actor: principal ? { kind: 'user', id: principal.user.id } : { kind: 'anonymous' },
    correlationId: request.correlationId,
    personal: { user: principal?.user.id, ip: request.ip, userAgent: request.userAgent },
  }
}
