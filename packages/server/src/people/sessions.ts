import { KeywardError } from '@keyward/contract/errors'
import { limits } from '@keyward/contract/limits'
import type { Session } from '@keyward/contract/people'
import { type ExpressionBuilder, type Selectable, type SqlBool, sql } from 'kysely'
import { type Page, pageOf } from '../db/page.ts'
import type { SessionsTable, Tables } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import { hashOf, newSecretString } from '../observe/secret-string.ts'
import { type Caller, type People, recordOf, type Trx } from './people.ts'
import type { Permit } from './permit.ts'
import type { Principal } from './principal.ts'
import { readSessionCookie, startCookie } from './session-cookie.ts'

export interface StartedSession {
  /** The value of `Set-Cookie`. */
  readonly cookie: string
  readonly token: string
}

/** What an identity provider said of a sign-in. */
export interface ProviderProof {
  readonly provider: string
  /** `auth_time`, in seconds since the epoch. */
  readonly authenticatedAtSeconds: number | undefined
}

/**
 * When the provider asked the person, which may be long before it was asked by us. Where it does not say, the session is none that was
 * freshly authenticated.
 */
function authenticatedAt({ authenticatedAtSeconds }: ProviderProof) {
  return authenticatedAtSeconds === undefined
    ? sql<Date>`now() - make_interval(mins => ${limits.freshAuthMinutesMax})`
    : sql<Date>`least(now(), to_timestamp(${authenticatedAtSeconds}::float8))`
}

/**
 * Starts a session for somebody who has just proved who they are, and records it in the same transaction. Always a new token, never one
 * that the request brought (session fixation); the session that it brought ends.
 * @returns the value of `Set-Cookie` and the session's token; undefined where the user is not active
 */
export async function startSession(
  people: People,
  trx: Trx,
  caller: Caller,
  userId: string,
  method: Session['method'],
  proof?: ProviderProof,
): Promise<StartedSession | undefined> {
  // Locked, so that a user who is being disabled does not get a session that outlives it.
  const user = await trx
    .selectFrom('users')
    .select('id')
    .where('id', '=', userId)
    .where('state', '=', 'active')
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (user === undefined) return undefined
  const before = readSessionCookie(people.origin, caller.headers.get('cookie'))
  if (before !== undefined)
    await trx
      .updateTable('sessions')
      .set({ ended_at: sql`now()` })
      .where('token_hash', '=', hashOf(before))
      .where('ended_at', 'is', null)
      .execute()
  const { text, hash } = newSecretString('session')
  const id = newId('session')
  await trx
    .insertInto('sessions')
    .values({
      id,
      token_hash: hash,
      user_id: userId,
      method,
      ip: caller.ip ?? null,
      user_agent: caller.userAgent ?? null,
      expires_at: sql<Date>`now() + make_interval(hours => ${limits.sessionHoursMax})`,
      ...(proof === undefined ? {} : { provider_id: proof.provider, authenticated_at: authenticatedAt(proof) }),
    })
    .execute()
  await trx.updateTable('users').set({ last_sign_in_at: sql`now()` }).where('id', '=', userId).execute()
  await people.audit.recordIn(trx, {
    action: 'session.start',
    decision: 'done',
    actor: { kind: 'user', id: userId },
    target: { kind: 'session', id },
    details: { method, ...(proof === undefined ? {} : { provider: proof.provider }) },
    ...recordOf(caller, userId),
  })
  return { cookie: startCookie(people.origin, text, limits.sessionHoursMax * 3_600), token: text }
}

/** Ends a session. @throws KeywardError `not-found` where it is not there, not `ofUser`'s, or has ended already */
export async function endSession(
  people: People,
  trx: Trx,
  caller: Caller,
  principal: Principal,
  id: string,
  ofUser?: string,
): Promise<void> {
  const ended = await trx
    .updateTable('sessions')
    .set({ ended_at: sql`now()` })
    .where('id', '=', id)
    .$if(ofUser !== undefined, (query) => query.where('user_id', '=', ofUser ?? ''))
    .where(live)
    .returning('user_id')
    .executeTakeFirst()
  if (ended === undefined) throw new KeywardError('not-found')
  await people.audit.recordIn(trx, {
    action: 'session.end',
    decision: 'done',
    actor: { kind: 'user', id: principal.user.id },
    target: { kind: 'session', id },
    details: { user: ended.user_id },
    ...recordOf(caller, principal.user.id),
  })
}

/** Ends every session of a user, or every one but `except`. */
export async function endSessionsOf(trx: Trx, userId: string, except?: string): Promise<void> {
  await trx
    .updateTable('sessions')
    .set({ ended_at: sql`now()` })
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .$if(except !== undefined, (query) => query.where('id', '!=', except ?? ''))
    .execute()
}

/** Ends every session that a provider began. */
export async function endSessionsOfProvider(trx: Trx, providerId: string): Promise<void> {
  await trx
    .updateTable('sessions')
    .set({ ended_at: sql`now()` })
    .where('provider_id', '=', providerId)
    .where('ended_at', 'is', null)
    .execute()
}

/** The running sessions of one user, newest first. */
export async function listSessionsOf(people: People, principal: Principal): Promise<Session[]> {
  const rows = await people.db
    .selectFrom('sessions')
    .selectAll()
    .where('user_id', '=', principal.user.id)
    .where(live)
    .orderBy('created_at', 'desc')
    .limit(limits.pageItemsMax)
    .execute()
  return rows.map((row) => showSession(row, principal))
}

/** The running sessions of everybody, newest first. */
export async function listSessions(
  people: People,
  permit: Permit<'session:read'>,
  query: { cursor?: string | undefined; limit: number; user?: string | undefined },
): Promise<Page<Session>> {
  permit.requireAll()
  const rows = people.db
    .selectFrom('sessions')
    .selectAll('sessions')
    .where(live)
    .$if(query.user !== undefined, (select) => select.where('user_id', '=', query.user ?? ''))
  return pageOf(rows, 'sessions', query, (row) => showSession(row, permit.principal))
}

function live(eb: ExpressionBuilder<Tables, 'sessions'>) {
  return eb.and([
    eb('sessions.ended_at', 'is', null),
    sql<SqlBool>`sessions.expires_at > now()`,
    sql<SqlBool>`sessions.last_seen_at > now() - make_interval(mins => ${limits.sessionIdleMinutesMax})`,
  ])
}

function showSession(row: Selectable<SessionsTable>, principal: Principal): Session {
  return {
    id: row.id,
    user: row.user_id,
    method: row.method,
    current: row.id === principal.proof.id,
    ip: row.ip,
    user_agent: row.user_agent,
    created_at: row.created_at.toISOString(),
    last_seen_at: row.last_seen_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
  }
}
