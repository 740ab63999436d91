import { KeywardError } from '@keyward/contract/errors'
import { limits } from '@keyward/contract/limits'
import type { ApiToken, ApiTokenCreate } from '@keyward/contract/people'
import { type Selectable, sql } from 'kysely'
import { type Page, pageOf } from '../db/page.ts'
import type { ApiTokensTable } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import { newSecretString } from '../observe/secret-string.ts'
import { type Caller, type People, recordOf, type Trx } from './people.ts'
import type { Principal } from './principal.ts'

/** Makes a personal API token; its string is in this answer and nowhere else. */
export async function createApiToken(
  people: People,
  trx: Trx,
  caller: Caller,
  principal: Principal,
  input: ApiTokenCreate,
): Promise<ApiToken> {
  const { text, hash, hint } = newSecretString('apiToken')
  const row = await trx
    .insertInto('api_tokens')
    .values({
      id: newId('apiToken'),
      token_hash: hash,
      user_id: principal.user.id,
      name: input.name,
      hint,
      expires_at: sql<Date>`now() + make_interval(days => ${input.days})`,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  await people.audit.recordIn(trx, {
    action: 'api_token.create',
    decision: 'done',
    actor: { kind: 'user', id: principal.user.id },
    target: { kind: 'api_token', id: row.id },
    details: { days: input.days },
    ...recordOf(caller, principal.user.id),
  })
  return { ...showApiToken(row), token: text }
}

/** Makes the one-hour token of a local login. The caller records it. */
export async function createLocalToken(
  trx: Trx,
  userId: string,
): Promise<{ readonly id: string; readonly token: string; readonly expiresAt: Date }> {
  const { text, hash, hint } = newSecretString('apiToken')
  const row = await trx
    .insertInto('api_tokens')
    .values({
      id: newId('apiToken'),
      token_hash: hash,
      user_id: userId,
      kind: 'local',
      name: 'Local login',
      hint,
      expires_at: sql<Date>`now() + make_interval(mins => ${limits.localLoginMinutesMax})`,
    })
    .returning(['id', 'expires_at'])
    .executeTakeFirstOrThrow()
  return { id: row.id, token: text, expiresAt: row.expires_at }
}

/** Ends a token of the principal's own, at once. @throws KeywardError `not-found` where there is none, or it has ended already */
export async function revokeApiToken(people: People, trx: Trx, caller: Caller, principal: Principal, id: string): Promise<void> {
  const revoked = await trx
    .updateTable('api_tokens')
    .set({ revoked_at: sql`now()` })
    .where('id', '=', id)
    .where('user_id', '=', principal.user.id)
    .where('revoked_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (revoked === undefined) throw new KeywardError('not-found')
  await people.audit.recordIn(trx, {
    action: 'api_token.revoke',
    decision: 'done',
    actor: { kind: 'user', id: principal.user.id },
    target: { kind: 'api_token', id },
    ...recordOf(caller, principal.user.id),
  })
}

export async function revokeApiTokensOf(trx: Trx, userId: string): Promise<void> {
  await trx
    .updateTable('api_tokens')
    .set({ revoked_at: sql`now()` })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .execute()
}

/** The principal's own tokens, also those that have ended, newest first. */
export async function listApiTokens(
  people: People,
  principal: Principal,
  query: { cursor?: string | undefined; limit: number },
): Promise<Page<ApiToken>> {
  const rows = people.db.selectFrom('api_tokens').selectAll('api_tokens').where('user_id', '=', principal.user.id)
  return pageOf(rows, 'api_tokens', query, showApiToken)
}

function showApiToken(row: Selectable<ApiTokensTable>): ApiToken {
  return {
    id: row.id,
    user: row.user_id,
    name: row.name,
    hint: row.hint,
    kind: row.kind,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    last_used_at: row.last_used_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
  }
}
