import { KeywardError } from '@keyward/contract/errors'
import { teamOfOwner } from '../inventory/credentials.ts'
import { ownedWithin } from '../inventory/reach.ts'
import type { Permit } from '../people/permit.ts'
import { endTokens, liveOf } from './end-tokens.ts'
import { countLiveTokens } from './live-tokens.ts'
import { endedBefore, markRevoked, revokeGrantsOf } from './mark-revoked.ts'
import type { RevocationOf } from './revocation.ts'

/** Its grants and identities end with it; its tokens are refused because the workload's state is part of every
 * call's plan. Tokens of others' grants that were handed on to it are marked one by one. */
export const revokeWorkload: RevocationOf<Permit<'workload:revoke'>> = {
  kind: 'workload',

  async end(trx, permit, id, reason) {
    const before = await trx
      .selectFrom('workloads')
      .select(['state', 'revoked_at', 'owner', 'environment'])
      .where('id', '=', id)
      .where(ownedWithin(permit.reach, 'workloads'))
      .forUpdate()
      .executeTakeFirst()
    if (!before) throw new KeywardError('not-found')
    const record = { workload: id, team: await teamOfOwner(trx, before.owner), environment: before.environment }
    if (before.state === 'revoked' && before.revoked_at) return endedBefore(before.revoked_at, record)
    const revokedAt = await markRevoked(trx, 'workloads', id, reason)
    const grants = await revokeGrantsOf(trx, 'workload_id', id, revokedAt, reason)
    const identities = await trx
      .updateTable('workload_identities')
      .set({ revoked_at: revokedAt })
      .where('workload_id', '=', id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    const alsoTokens = liveOf(await endTokens(trx, 'actor_id', [id]))
    return {
      already: false,
      alsoTokens,
      revokedAt,
      grants,
      versions: 0,
      identities: Number(identities.numUpdatedRows),
      record,
    }
  },

  countTokens: (db, id, revokedAt) => countLiveTokens(db, 'workload_id', id, revokedAt),
}
