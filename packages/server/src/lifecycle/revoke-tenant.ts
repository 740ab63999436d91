import { KeywardError } from '@keyward/contract/errors'
import type { Permit } from '../people/permit.ts'
import { countLiveTokens } from './live-tokens.ts'
import { endedBefore, markRevoked, revokeGrantsOf } from './mark-revoked.ts'
import type { RevocationOf } from './revocation.ts'

/** All grants that name the tenant end with it, whoever holds them: a tenant belongs to the organisation, so that takes a role over all. */
export const revokeTenant: RevocationOf<Permit<'tenant:revoke'>> = {
  kind: 'tenant',

  async end(trx, permit, id, reason) {
    permit.requireAll()
    const before = await trx.selectFrom('tenants').select(['state', 'revoked_at']).where('id', '=', id).forUpdate().executeTakeFirst()
    if (!before) throw new KeywardError('not-found')
    if (before.state === 'revoked' && before.revoked_at) return endedBefore(before.revoked_at, { tenant: id })
    const revokedAt = await markRevoked(trx, 'tenants', id, reason)
    const grants = await revokeGrantsOf(trx, 'tenant_id', id, revokedAt, reason)
    return {
      already: false,
      revokedAt,
      grants,
      versions: 0,
      identities: 0,
      record: { tenant: id },
    }
  },

  countTokens: (db, id, revokedAt) => countLiveTokens(db, 'tenant_id', id, revokedAt),
}
