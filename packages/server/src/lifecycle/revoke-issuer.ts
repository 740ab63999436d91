import { KeywardError } from '@keyward/contract/errors'
import { sql } from 'kysely'
import type { Permit } from '../people/permit.ts'
import { endTokens, liveOf } from './end-tokens.ts'
import { endedBefore, markRevoked } from './mark-revoked.ts'
import type { RevocationOf } from './revocation.ts'

/**
 * Nobody for whom it vouched is believed any more: its trust rules end, the tokens that they obtained are refused by the rule's id, and
 * what others exchanged from these is marked one by one. It can vouch for any workload, so that takes a role over all.
 */
export const revokeIssuer: RevocationOf<Permit<'issuer:revoke'>> = {
  kind: 'issuer',

  async end(trx, permit, id, reason) {
    permit.requireAll()
    const before = await trx.selectFrom('issuers').select(['state', 'revoked_at']).where('id', '=', id).forUpdate().executeTakeFirst()
    if (!before) throw new KeywardError('not-found')
    if (before.state === 'revoked' && before.revoked_at) return endedBefore(before.revoked_at, {})
    const revokedAt = await markRevoked(trx, 'issuers', id, reason)
    const ended = await trx
      .updateTable('workload_identities')
      .set({ revoked_at: revokedAt })
      .where('issuer_id', '=', id)
      .where('revoked_at', 'is', null)
      .returning('id')
      .execute()
    const alsoIdentities = ended.map((row) => row.id)
    const alsoTokens = liveOf(await endTokens(trx, 'identity_id', alsoIdentities, { roots: false }))
    return { already: false, revokedAt, grants: 0, versions: 0, identities: alsoIdentities.length, record: {}, alsoIdentities, alsoTokens }
  },

  async countTokens(db, id, revokedAt) {
    const { rows } = await sql<{ count: bigint }>`
      with recursive family as (
        select t.id, t.revoked_at, true as is_root from tokens t join workload_identities i on i.id = t.identity_id
        where i.issuer_id = ${id} and i.revoked_at = ${revokedAt} and t.expires_at > ${revokedAt}
        union select t.id, t.revoked_at, false from tokens t join family f on t.parent = f.id where t.expires_at > ${revokedAt}
      ) select count(distinct id) as count from family where revoked_at is null or revoked_at >= ${revokedAt}`.execute(db)
    return Number(rows[0]?.count ?? 0)
  },
}
