import { type SqlBool, sql } from 'kysely'
import { endTokens, liveOf } from './end-tokens.ts'
import type { Trx } from './revocation.ts'

/** Which consents end: one, those to a client, those of a person. */
export type ConsentsOf = { readonly id: string } | { readonly client: string } | { readonly user: string }

/**
 * Ends consents: their refresh tokens, their access tokens and all that was exchanged from those. A consent that is revoked is revoked for good;
 * one whose time is over is marked, too, so that nothing brings it back. The caller may see them, records it, and announces the tokens.
 * @returns ids of the consents that this ended, and of the tokens to announce
 */
export async function revokeConsents(
  trx: Trx,
  of: ConsentsOf,
  reason: string,
): Promise<{ readonly consents: readonly string[]; readonly tokens: readonly string[] }> {
  const [column, value] = 'id' in of ? ['id', of.id] : 'client' in of ? ['client', of.client] : ['user_id', of.user]
  const { rows } = await sql<{ id: string }>`
    update consents set revoked_at = clock_timestamp(), revoked_reason = ${reason}
    where ${sql.ref(column)} = ${value} and revoked_at is null returning id`.execute(trx)
  const consents = rows.map((row) => row.id)
  if (consents.length === 0) return { consents, tokens: [] }
  await trx
    .updateTable('refresh_tokens')
    .set({ revoked_at: sql<Date>`clock_timestamp()` })
    .where(sql<SqlBool>`consent_id = any(${consents})`)
    .where('revoked_at', 'is', null)
    .execute()
  return { consents, tokens: liveOf(await endTokens(trx, 'consent_id', consents)) }
}
