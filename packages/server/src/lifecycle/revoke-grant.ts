import { KeywardError } from '@keyward/contract/errors'
import { teamOfOwner } from '../inventory/credentials.ts'
import { ownedWithin } from '../inventory/reach.ts'
import type { Permit } from '../people/permit.ts'
import { countLiveTokens } from './live-tokens.ts'
import { endedBefore, markRevoked } from './mark-revoked.ts'
import type { RevocationOf } from './revocation.ts'

/** Its tokens are refused because the grant's state is part of every call's plan. */
export const revokeGrant: RevocationOf<Permit<'grant:revoke'>> = {
  kind: 'grant',

  async end(trx, permit, id, reason) {
    const before = await trx
      .selectFrom('grants')
      .innerJoin('workloads', 'workloads.id', 'grants.workload_id')
      .select(['grants.state', 'grants.revoked_at', 'grants.workload_id', 'grants.resource_id', 'grants.tenant_id'])
      .select(['workloads.owner', 'workloads.environment'])
      .where('grants.id', '=', id)
      .where(ownedWithin(permit.reach, 'workloads'))
      .forUpdate('grants')
      .executeTakeFirst()
    if (!before) throw new KeywardError('not-found')
    const record = {
      grant: id,
      workload: before.workload_id,
      resource: before.resource_id,
      ...(before.tenant_id === null ? {} : { tenant: before.tenant_id }),
      team: await teamOfOwner(trx, before.owner),
      environment: before.environment,
    }
    if (before.state === 'revoked' && before.revoked_at) return endedBefore(before.revoked_at, record)
    const revokedAt = await markRevoked(trx, 'grants', id, reason)
    return { already: false, revokedAt, grants: 1, versions: 0, identities: 0, record }
  },

  countTokens: (db, id, revokedAt) => countLiveTokens(db, 'grant_id', id, revokedAt),
}
