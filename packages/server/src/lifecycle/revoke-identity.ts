import { KeywardError } from '@keyward/contract/errors'
import type { Identity } from '@keyward/contract/identities'
import { sql } from 'kysely'
import { identityColumns, identityOf } from '../inventory/identity-row.ts'
import { ownedWithin } from '../inventory/reach.ts'
import type { Permit } from '../people/permit.ts'
import { endTokens, liveOf } from './end-tokens.ts'
import type { Trx } from './revocation.ts'

/**
 * Ends one way of proving who a workload is. Its tokens carry the identity's id and are refused by it, so they are not marked; those
 * that others exchanged from them are.
 * @returns the identity as it is now, whether this act ended it, and the tokens to announce
 * @throws KeywardError `not-found`
 */
export async function revokeIdentity(
  trx: Trx,
  permit: Permit<'workload:add_identity'>,
  workloadId: string,
  id: string,
): Promise<{ identity: Identity; ended: boolean; tokens: readonly string[] }> {
  const before = await trx
    .selectFrom('workload_identities')
    .innerJoin('workloads', 'workloads.id', 'workload_identities.workload_id')
    .select('workload_identities.revoked_at')
    .where('workload_identities.id', '=', id)
    .where('workload_identities.workload_id', '=', workloadId)
    .where(ownedWithin(permit.reach, 'workloads'))
    .forUpdate('workload_identities')
    .executeTakeFirst()
  if (!before) throw new KeywardError('not-found')
  const row = await trx
    .updateTable('workload_identities')
    .set({ revoked_at: sql<Date>`coalesce(revoked_at, clock_timestamp())` })
    .where('id', '=', id)
    .returning(identityColumns)
    .executeTakeFirstOrThrow()
  const ended = before.revoked_at === null
  return { identity: identityOf(row), ended, tokens: ended ? liveOf(await endTokens(trx, 'identity_id', [id], { roots: false })) : [] }
}
