import { KeywardError } from '@keyward/contract/errors'
import { sql } from 'kysely'
import { teamOfOwner } from '../inventory/credentials.ts'
import { ownedWithin } from '../inventory/reach.ts'
import type { Permit } from '../people/permit.ts'
import { countLiveTokens } from './live-tokens.ts'
import type { RevocationOf } from './revocation.ts'

/** Its grants and identities end with it; its tokens are refused because the workload's state is part of every call's plan. */
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
    if (before.state === 'revoked' && before.revoked_at) {
      return { already: true, revokedAt: before.revoked_at, grants: 0, versions: 0, identities: 0, record }
    }
    const { revoked_at } = await trx
      .updateTable('workloads')
      .set({
        state: 'revoked',
        revoked_at: sql<Date>`clock_timestamp()`,
        revoked_reason: reason,
        updated_at: sql<Date>`now()`,
        revision: sql<number>`revision + 1`,
      })
      .where('id', '=', id)
      .returning(sql<Date>`revoked_at`.as('revoked_at'))
      .executeTakeFirstOrThrow()
    const grants = await trx
      .updateTable('grants')
      .set({ state: 'revoked', revoked_at, revoked_reason: reason, updated_at: sql<Date>`now()`, revision: sql<number>`revision + 1` })
      .where('workload_id', '=', id)
      .where('state', '=', 'active')
      .executeTakeFirst()
    const identities = await trx
      .updateTable('workload_identities')
      .set({ revoked_at })
      .where('workload_id', '=', id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    return {
      already: false,
      revokedAt: revoked_at,
      grants: Number(grants.numUpdatedRows),
      versions: 0,
      identities: Number(identities.numUpdatedRows),
      record,
    }
  },

  countTokens: (db, id, revokedAt) => countLiveTokens(db, 'workload_id', id, revokedAt),
}
