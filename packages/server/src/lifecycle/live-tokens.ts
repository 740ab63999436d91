import { limits } from '@keyward/contract/limits'
import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.ts'

/**
 * Tokens that were live at a moment, by what they hang on; neither they nor their grant had been revoked before. None lives longer than
 * `limits.tokenSecondsMax`, so only that much of the index is read however many a workload ever had.
 */
export async function countLiveTokens(
  db: Kysely<Tables>,
  column: 'grant_id' | 'workload_id' | 'tenant_id' | 'identity_id',
  id: string,
  at: Date,
): Promise<number> {
  const { count } = await db
    .selectFrom('tokens')
    .innerJoin('grants', 'grants.id', 'tokens.grant_id')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where(`tokens.${column}`, '=', id)
    .where('tokens.issued_at', '>', sql<Date>`${at}::timestamptz - make_interval(secs => ${limits.tokenSecondsMax})`)
    .where('tokens.expires_at', '>', at)
    .where((where) => where.or([where('tokens.revoked_at', 'is', null), where('tokens.revoked_at', '>=', at)]))
    .where((where) => where.or([where('grants.revoked_at', 'is', null), where('grants.revoked_at', '>=', at)]))
    .executeTakeFirstOrThrow()
  return Number(count)
}
