import { sql } from 'kysely'
import type { Trx } from './revocation.ts'

/*
 * Tokens that have to be marked one by one, because nothing that every call looks at ends them: a token that is revoked by itself, those
 * that were exchanged from a token whose identity was revoked, those that a revoked workload holds of another's grant, those of a person
 * who has no access any more.
 */

/** What the first tokens of a family hang on. */
export type TokenRoot = 'id' | 'identity_id' | 'actor_id' | 'user_id' | 'minted_by' | 'consent_id' | 'family'

export interface EndedToken {
  readonly id: string
  readonly revokedAt: Date
  /** False where the clock had ended it before: nobody has to hear of it. */
  readonly live: boolean
}

/**
 * Marks the tokens that hang on these, and all that were exchanged from them, however deep. The caller has locked what they hang on, which
 * minting locks too. A child that was minted while its parent was waited for is not in the statement's snapshot, so the statement is
 * repeated until it finds nothing more; after that nothing can be minted from them.
 * @param options.roots false where the first ones are refused already by what they hang on
 */
export async function endTokens(
  trx: Trx,
  root: TokenRoot,
  ids: readonly string[],
  options: { readonly roots: boolean } = { roots: true },
): Promise<EndedToken[]> {
  const ended: EndedToken[] = []
  if (ids.length === 0) return ended
  for (;;) {
    // `union` and not `union all`: a circle of parents, which nothing should have made, ends too.
    const { rows } = await sql<EndedToken>`
      with recursive family as (
        select id, true as is_root from tokens where ${sql.ref(root)} = any(${ids})
          and (${root === 'id'} or expires_at > now())
        union select t.id, false from tokens t join family f on t.parent = f.id
      ), at as materialized (select clock_timestamp() as now)
      update tokens t set revoked_at = at.now
      from (select id from family group by id having ${options.roots} or not bool_or(is_root)) f, at
      where t.id = f.id and t.revoked_at is null returning t.id, t.revoked_at as "revokedAt", t.expires_at > at.now as live`.execute(trx)
    if (rows.length === 0) return ended
    ended.push(...rows)
  }
}

/**
 * What workloads hold of one grant that it names as delegates no longer, and what was exchanged from that. The caller has locked the grant.
 * @returns ids of the tokens to announce
 */
export async function endTokensOfDelegates(trx: Trx, grant: string, actors: readonly string[]): Promise<string[]> {
  if (actors.length === 0) return []
  const { rows } = await sql<{ id: string }>`
    select id from tokens where actor_id = any(${actors}) and grant_id = ${grant} and revoked_at is null and expires_at > now()`.execute(
    trx,
  )
  return liveOf(
    await endTokens(
      trx,
      'id',
      rows.map(({ id }) => id),
    ),
  )
}

/** Those that others have to hear of. */
export function liveOf(ended: readonly EndedToken[]): string[] {
  return ended.filter((token) => token.live).map((token) => token.id)
}
