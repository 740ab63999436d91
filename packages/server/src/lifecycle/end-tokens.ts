import { sql } from 'kysely'
import type { Trx } from './revocation.ts'

/*
 * Tokens that have to be marked one by one, because nothing that every call looks at ends them: those that were exchanged from a token
 * whose identity was revoked, those that a revoked workload holds of another's grant, those of a person who has no access any more.
 */

/** What the first tokens of a family hang on. */
export type TokenRoot = 'identity_id' | 'actor_id' | 'user_id' | 'consent_id' | 'family'

/**
 * Marks the live tokens that hang on these, and all that were exchanged from them, however deep.
 * @param options.roots false where the first ones are refused already by what they hang on
 * @returns ids to announce
 */
export async function endTokens(
  trx: Trx,
  root: TokenRoot,
  ids: readonly string[],
  options: { readonly roots: boolean } = { roots: true },
): Promise<string[]> {
  if (ids.length === 0) return []
  // `union` and not `union all`: a circle of parents, which nothing should have made, ends too.
  const { rows } = await sql<{ id: string; live: boolean }>`
    with recursive family as (
      select id, true as is_root from tokens where ${sql.ref(root)} = any(${ids}) and expires_at > now()
      union select t.id, false from tokens t join family f on t.parent = f.id where t.expires_at > now()
    ), at as materialized (select clock_timestamp() as now)
    update tokens t set revoked_at = at.now
    from (select id from family group by id having ${options.roots} or not bool_or(is_root)) f, at
    where t.id = f.id and t.revoked_at is null returning t.id, t.expires_at > at.now as live`.execute(trx)
  return rows.filter((row) => row.live).map((row) => row.id)
}
