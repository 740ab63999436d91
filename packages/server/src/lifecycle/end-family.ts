import { sql } from 'kysely'
import type { AuditRecord } from '../audit/record.ts'
import { recordChange } from '../changes/record.ts'
import { endTokens, liveOf } from './end-tokens.ts'
import type { RevocationParts } from './revocation.ts'

export interface FamilyToEnd {
  readonly family: string
  readonly consent: string
  readonly reason: string
  /** What happened, as the audit log has it. */
  readonly record: Pick<AuditRecord, 'action' | 'decision' | 'code' | 'actor' | 'correlationId' | 'personal'>
}

/**
 * Ends what came of one authorization code: its refresh tokens, its access tokens and all that was exchanged from them. The consent stays: the
 * person may connect the client again. Resolves when this node refuses the tokens. Ending what has ended changes nothing.
 */
export async function endFamily(parts: Pick<RevocationParts, 'db' | 'audit' | 'feed'>, family: FamilyToEnd): Promise<void> {
  let seq: bigint | undefined
  await parts.db.transaction().execute(async (trx) => {
    const consent = await trx
      .selectFrom('consents')
      .innerJoin('grants', 'grants.id', 'consents.grant_id')
      .select(['consents.user_id', 'grants.id as grant', 'grants.workload_id', 'grants.resource_id'])
      .where('consents.id', '=', family.consent)
      .forUpdate('consents')
      .executeTakeFirst()
    await trx
      .updateTable('refresh_tokens')
      .set({ revoked_at: sql<Date>`clock_timestamp()` })
      .where('family', '=', family.family)
      .where('revoked_at', 'is', null)
      .execute()
    const ended = await endTokens(trx, 'family', [family.family])
    await parts.audit.recordIn(trx, {
      ...family.record,
      target: { kind: 'consent', id: family.consent },
      reason: family.reason,
      ...(consent === undefined
        ? {}
        : { onBehalfOf: consent.user_id, grant: consent.grant, workload: consent.workload_id, resource: consent.resource_id }),
      details: { family: family.family, tokens: ended.length },
    })
    for (const subject of liveOf(ended)) seq = await recordChange(trx, { kind: 'token', subject, op: 'revoked', reason: family.reason })
  })
  // Where the feed can't be read in time, this node is deaf: it refuses everything, and what ended stays ended.
  if (seq !== undefined) await parts.feed.catchUp(seq).catch(() => undefined)
}
