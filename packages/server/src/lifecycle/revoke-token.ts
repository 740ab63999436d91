import { KeywardError } from '@keyward/contract/errors'
import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { teamOfOwner } from '../inventory/credentials.ts'
import { ownedWithin } from '../inventory/reach.ts'
import type { Permit } from '../people/permit.ts'
import { endTokens, liveOf } from './end-tokens.ts'
import type { Ended, RevocationOf, Trx } from './revocation.ts'

/** The asker is the workload that the token was minted for (oauth/revoke: RFC 7009, section 2.1). */
export interface OwnToken {
  readonly workload: string
}

/**
 * One token and all that were exchanged from it, however deep (RFC 7009, section 2.1 asks for it). Nodes keep what was revoked by id, so
 * each that is still live is announced by itself; what has ended is not.
 */
export const revokeToken: RevocationOf<Permit<'token:revoke'> | OwnToken> = {
  kind: 'token',

  async end(trx, permit, id) {
    const before = await trx
      .selectFrom('tokens')
      .innerJoin('workloads', 'workloads.id', 'tokens.workload_id')
      .select(['tokens.revoked_at', 'tokens.grant_id', 'tokens.workload_id', 'tokens.resource_id', 'tokens.tenant_id'])
      .select(['workloads.owner', 'workloads.environment'])
      .where('tokens.id', '=', id)
      .where((where) => ('reach' in permit ? ownedWithin(permit.reach, 'workloads') : where('tokens.workload_id', '=', permit.workload)))
      .forUpdate('tokens')
      .executeTakeFirst()
    if (!before) throw new KeywardError('not-found')
    const record = {
      token: id,
      grant: before.grant_id,
      workload: before.workload_id,
      resource: before.resource_id,
      ...(before.tenant_id === null ? {} : { tenant: before.tenant_id }),
      team: await teamOfOwner(trx, before.owner),
      environment: before.environment,
    }
    return await endFamily(trx, id, before.revoked_at, record)
  },

  countTokens: countFamily,
}

/**
 * Marks a token that the caller has locked, and its descendants.
 * @param revokedBefore when it was revoked already
 */
export async function endFamily(trx: Trx, id: string, revokedBefore: Date | null, record: Ended['record']): Promise<Ended> {
  const nothing = { grants: 0, versions: 0, identities: 0, record }
  if (revokedBefore) return { ...nothing, already: true, revokedAt: revokedBefore }
  const ended = await endTokens(trx, 'id', [id])
  const revokedAt = ended.find((token) => token.id === id)?.revokedAt
  if (!revokedAt) throw new Error('a token was locked, and then not there')
  const alsoTokens = liveOf(ended).filter((token) => token !== id)
  return { ...nothing, already: false, revokedAt, alsoTokens }
}

/** Those of the family that this revocation ended and the clock had not. */
export async function countFamily(db: Kysely<Tables>, id: string, revokedAt: Date): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`
    with recursive family as (
      select id, expires_at, revoked_at from tokens where id = ${id}
      union select t.id, t.expires_at, t.revoked_at from tokens t join family f on t.parent = f.id
    ) select count(*) as count from family where expires_at > ${revokedAt} and revoked_at >= ${revokedAt}`.execute(db)
  return Number(rows[0]?.count ?? 0)
}
