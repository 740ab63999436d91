import { limits } from '@keyward/contract/limits'
import { isWellFormedSecret } from '@keyward/contract/secret-format'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import { newId } from '../../observe/ids.ts'
import { hashOf, newSecretString } from '../../observe/secret-string.ts'

type Trx = Transaction<Tables>

/*
 * Refresh tokens (OAuth 2.1 section 4.3.1): each works once and is followed by a new one. One that comes twice means that two hold it, and
 * nobody can tell which is the thief, so its family ends: all refresh tokens and access tokens since the person's yes.
 *
 * There is no time of grace for a client that lost an answer. Handing out the same or a second successor to whoever repeats a token would
 * hand it to a thief who is quick; a public client without a bound key has nothing else to show. Such a client asks the person again.
 *
 * Whatever changes a family locks its consent first, so that a successor is either seen by what ends the family or never made.
 */

export interface StoredRefreshToken {
  readonly id: string
  readonly family: string
  readonly consent: string
  readonly client: string
  readonly boundTo: string | null
  /** Its time is over. */
  readonly ended: boolean
  /** It was followed by another. */
  readonly used: boolean
  readonly revoked: boolean
}

/** @returns undefined for what is no refresh token of ours, or is long gone */
export async function findRefreshToken(db: Kysely<Tables>, text: string): Promise<StoredRefreshToken | undefined> {
  if (!isWellFormedSecret('refreshToken', text)) return undefined
  const row = await db
    .selectFrom('refresh_tokens')
    .selectAll()
    .select(sql<boolean>`expires_at <= now()`.as('ended'))
    .where('token_hash', '=', hashOf(text))
    .executeTakeFirst()
  if (row === undefined) return undefined
  return {
    id: row.id,
    family: row.family,
    consent: row.consent_id,
    client: row.client,
    boundTo: row.bound_to,
    ended: row.ended,
    used: row.used_at !== null,
    revoked: row.revoked_at !== null,
  }
}

/** Locks a consent. @returns false where it has ended */
export async function lockConsent(trx: Trx, id: string): Promise<boolean> {
  const row = await trx
    .selectFrom('consents')
    .select(sql<boolean>`revoked_at is null and expires_at > now()`.as('active'))
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  return row?.active ?? false
}

/** Makes a refresh token of a family whose consent the caller has locked. It ends with the consent at the latest. @returns its text */
export async function newRefreshToken(
  trx: Trx,
  facts: { readonly family: string; readonly consent: string; readonly client: string; readonly boundTo: string | undefined },
): Promise<string> {
  const { text, hash } = newSecretString('refreshToken')
  await trx
    .insertInto('refresh_tokens')
    .values({
      id: newId('refreshToken'),
      token_hash: hash,
      family: facts.family,
      consent_id: facts.consent,
      client: facts.client,
      bound_to: facts.boundTo ?? null,
      expires_at: sql<Date>`least(now() + make_interval(days => ${limits.refreshTokenDaysMax}),
        (select expires_at from consents where id = ${facts.consent}))`,
    })
    .execute()
  await trx.updateTable('consents').set({ last_used_at: sql<Date>`now()` }).where('id', '=', facts.consent).execute()
  return text
}

/** Takes a refresh token out of use; the caller has locked its consent. @returns false where somebody was first, or its family has ended */
export async function useRefreshToken(trx: Trx, id: string): Promise<boolean> {
  const used = await trx
    .updateTable('refresh_tokens')
    .set({ used_at: sql<Date>`now()` })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .where('revoked_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  return used !== undefined
}
