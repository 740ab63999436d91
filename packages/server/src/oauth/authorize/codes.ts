import { limits } from '@keyward/contract/limits'
import { isWellFormedSecret } from '@keyward/contract/secret-format'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Tables } from '../../db/tables.ts'
import { newId } from '../../observe/ids.ts'
import { hashOf, newSecretString } from '../../observe/secret-string.ts'

type Trx = Transaction<Tables>

/** What a code hangs on (OAuth 2.1 section 4.1.2): whoever shows it again has to show all of it. */
export interface CodeFacts {
  readonly user: string
  /** Null: a login of the command line. */
  readonly consent: string | null
  readonly client: string
  readonly redirectUri: string
  readonly codeChallenge: string
  readonly boundTo: string | undefined
}

export interface StoredCode {
  readonly hash: Buffer
  readonly family: string
  readonly user: string
  readonly consent: string | null
  /** What a login's code became. */
  readonly apiToken: string | null
  readonly client: string
  readonly redirectUri: string
  readonly codeChallenge: string
  readonly boundTo: string | null
  readonly ended: boolean
  readonly used: boolean
}

/**
 * Makes a code: 60 seconds, once. Only its hash is stored.
 * @returns the code; undefined where this person has answered this very request before
 */
export async function newCode(trx: Trx, facts: CodeFacts): Promise<string | undefined> {
  const { text, hash } = newSecretString('authorizationCode')
  const made = await trx
    .insertInto('authorization_codes')
    .values({
      code_hash: hash,
      family: newId('tokenFamily'),
      user_id: facts.user,
      consent_id: facts.consent,
      client: facts.client,
      redirect_uri: facts.redirectUri,
      code_challenge: facts.codeChallenge,
      bound_to: facts.boundTo ?? null,
      expires_at: sql<Date>`now() + make_interval(secs => ${limits.authorizationCodeSecondsMax})`,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('family')
    .executeTakeFirst()
  return made === undefined ? undefined : text
}

/** @returns undefined for what is no code of ours, or is long gone */
export async function findCode(db: Kysely<Tables>, text: string): Promise<StoredCode | undefined> {
  if (!isWellFormedSecret('authorizationCode', text)) return undefined
  const row = await db
    .selectFrom('authorization_codes')
    .selectAll()
    .select(sql<boolean>`expires_at <= now()`.as('ended'))
    .where('code_hash', '=', hashOf(text))
    .executeTakeFirst()
  if (row === undefined) return undefined
  return {
    hash: row.code_hash,
    family: row.family,
    user: row.user_id,
    consent: row.consent_id,
    apiToken: row.api_token_id,
    client: row.client,
    redirectUri: row.redirect_uri,
    codeChallenge: row.code_challenge,
    boundTo: row.bound_to,
    ended: row.ended,
    used: row.used_at !== null,
  }
}

/** Takes a code out of use. @returns false where somebody was first */
export async function useCode(trx: Trx, hash: Buffer, apiToken?: string): Promise<boolean> {
  const used = await trx
    .updateTable('authorization_codes')
    .set({ used_at: sql<Date>`now()`, ...(apiToken === undefined ? {} : { api_token_id: apiToken }) })
    .where('code_hash', '=', hash)
    .where('used_at', 'is', null)
    .returning('family')
    .executeTakeFirst()
  return used !== undefined
}
