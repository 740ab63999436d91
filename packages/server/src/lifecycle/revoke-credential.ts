import { KeywardError } from '@keyward/contract/errors'
import { sql } from 'kysely'
import { teamOfOwner } from '../inventory/credentials.ts'
import { ownedWithin } from '../inventory/reach.ts'
import type { Permit } from '../people/permit.ts'
import type { RevocationOf } from './revocation.ts'

/**
 * No call goes out with it any more. Its versions are revoked but keep their sealed secret: whoever ends the key at its provider may have
 * to show it there.
 */
export const revokeCredential: RevocationOf<Permit<'credential:revoke'>> = {
  kind: 'credential',

  async end(trx, permit, id, reason) {
    const before = await trx
      .selectFrom('credentials')
      .select(['state', 'revoked_at', 'owner', 'environment'])
      .where('id', '=', id)
      .where(ownedWithin(permit.reach, 'credentials'))
      .forUpdate()
      .executeTakeFirst()
    if (!before) throw new KeywardError('not-found')
    const record = { credential: id, team: await teamOfOwner(trx, before.owner), environment: before.environment }
    if (before.state === 'revoked' && before.revoked_at) {
      return { already: true, revokedAt: before.revoked_at, grants: 0, versions: 0, identities: 0, record }
    }
    const { revoked_at } = await trx
      .updateTable('credentials')
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
    const versions = await trx
      .updateTable('credential_versions')
      .set({ state: 'revoked', ended_at: revoked_at })
      .where('credential_id', '=', id)
      .where('state', 'not in', ['retired', 'revoked'])
      .executeTakeFirst()
    return { already: false, revokedAt: revoked_at, grants: 0, versions: Number(versions.numUpdatedRows), identities: 0, record }
  },

  // Tokens stay live: they may be for a resource that gets another credential.
  countTokens: async () => 0,
}
