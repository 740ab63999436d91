import { sql } from 'kysely'
import { mayUseGrant } from '../people/usable-grants.ts'
import { endTokens, liveOf } from './end-tokens.ts'
import type { Trx } from './revocation.ts'

/**
 * Ends what is held by the leave of people whose roles do not give it any more: tokens of the clients that they connected, tokens that they
 * minted by hand, and what was exchanged from either. Call it once the roles have changed. People are locked, which minting locks too; and
 * minting asks for the role again once its token is written, so no token slips through between the two.
 * @returns ids of the tokens to announce
 */
export async function endTokensBeyondRoles(trx: Trx, users: readonly string[]): Promise<string[]> {
  if (users.length === 0) return []
  await sql`select from users where id = any(${users}) order by id for no key update`.execute(trx)
  const { rows: held } = await sql<{ person: string; grant_id: string; tokens: string[] }>`
    select coalesce(user_id, minted_by) as person, grant_id, array_agg(id) as tokens from tokens
    where (user_id = any(${users}) or minted_by = any(${users})) and revoked_at is null and expires_at > now() group by 1, 2`.execute(trx)
  const beyond: string[] = []
  for (const { person, grant_id, tokens } of held) if (!(await mayUseGrant(trx, person, grant_id))) beyond.push(...tokens)
  return liveOf(await endTokens(trx, 'id', beyond))
}
