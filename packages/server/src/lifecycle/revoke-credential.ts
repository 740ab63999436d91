import { KeywardError } from '@keyward/contract/errors'
import { teamOfOwner } from '../inventory/credentials.ts'
import { ownedWithin } from '../inventory/reach.ts'
import type { Permit } from '../people/permit.ts'
import { endedBefore, markRevoked } from './mark-revoked.ts'
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
    if (before.state === 'revoked' && before.revoked_at) return endedBefore(before.revoked_at, record)
    const revokedAt = await markRevoked(trx, 'credentials', id, reason)
    const versions = await trx
      .updateTable('credential_versions')
      .set({ state: 'revoked', ended_at: revokedAt })
      .where('credential_id', '=', id)
      .where('state', 'not in', ['retired', 'revoked'])
      .executeTakeFirst()
    return { already: false, revokedAt, grants: 0, versions: Number(versions.numUpdatedRows), identities: 0, record }
  },

  // Tokens stay live: they may be for a resource that gets another credential.
  countTokens: async () => 0,
}
