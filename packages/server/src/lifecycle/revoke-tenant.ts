import { KeywardError } from '@keyward/contract/errors'
import { sql } from 'kysely'
import type { Permit } from '../people/permit.ts'
import { countLiveTokens } from './live-tokens.ts'
import type { RevocationOf } from './revocation.ts'

/** All grants that name the tenant end with it, whoever holds them: a tenant belongs to the organisation, so that takes a role over all. */
export const revokeTenant: RevocationOf<Permit<'tenant:revoke'>> = {
  kind: 'tenant',

  async end(trx, permit, id, reason) {
    permit.requireAll()
    const before = await trx.selectFrom('tenants').select(['state', 'revoked_at']).where('id', '=', id).forUpdate().executeTakeFirst()
    if (!before) throw new KeywardError('not-found')
    if (before.state === 'revoked' && before.revoked_at) {
      return { already: true, revokedAt: before.revoked_at, grants: 0, versions: 0, identities: 0, record: { tenant: id } }
    }
    const { revoked_at } = await trx
      .updateTable('tenants')
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
      .where('tenant_id', '=', id)
      .where('state', '=', 'active')
      .executeTakeFirst()
    return {
      already: false,
      revokedAt: revoked_at,
      grants: Number(grants.numUpdatedRows),
      versions: 0,
      identities: 0,
      record: { tenant: id },
    }
  },

  countTokens: (db, id, revokedAt) => countLiveTokens(db, 'tenant_id', id, revokedAt),
}
