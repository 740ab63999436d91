import { KeywardError } from '@keyward/contract/errors'
import { isWellFormedSecret } from '@keyward/contract/secret-format'
import { type Selectable, sql } from 'kysely'
import { recordChanges } from '../../changes/record.ts'
import type { ProviderLoginsTable } from '../../db/tables.ts'
import { endTokensBeyondRoles } from '../../lifecycle/end-beyond-roles.ts'
import { hashOf } from '../../observe/secret-string.ts'
import { type Attempt, countAttempt } from '../attempts.ts'
import { bySession } from '../authenticate.ts'
import { type Caller, type People, recordOf } from '../people.ts'
import { requireFresh } from '../permit.ts'
import { readSessionCookie } from '../session-cookie.ts'
import { admit, type Outcome } from './admit.ts'
import { type ProvenPerson, provePerson } from './answer.ts'
import { readBrowser } from './browser-cookie.ts'
import { providerFailed, whyNot } from './failure.ts'
import { linkUser } from './links.ts'
import { ownPath } from './return-to.ts'
import type { ProviderRow } from './rows.ts'

export interface Arrival {
  /** Absent where a provider was connected to an account: the session stays what it was. */
  readonly session: Extract<Outcome, { session: unknown }>['session'] | undefined
  /** The session's token: the new one, or the one that was there. */
  readonly token: string
  readonly to: string
}

type Login = Selectable<ProviderLoginsTable>

/**
 * Takes in a browser that comes back from a provider. The departure is used up before anything of the answer is looked at, so that each
 * answer works once, in the browser that left, for the provider that it left for.
 * @throws KeywardError `provider-sign-in-failed`, `too-many-requests`
 */
export async function arrive(people: People, caller: Caller, providerId: string, query: string): Promise<Arrival> {
  const attempt = await countAttempt(people, caller)
  const { login, row, state } = await redeem(people, caller, providerId, query)
  if (login.user_id !== null) await requireSameUser(people, caller, login.user_id)
  const person = await proven(people, caller, row, login, query, state)
  const to = ownPath(people.origin, login.return_to ?? undefined)
  if (login.user_id !== null) return await connected(people, caller, row, login.user_id, person, to, attempt)
  const outcome = await people.db.transaction().execute(async (trx) => {
    const admitted = await admit(people, trx, caller, row, person)
    const ended = admitted.changed === undefined ? [] : await endTokensBeyondRoles(trx, [admitted.changed])
    await recordChanges(
      trx,
      ended.map((subject) => ({ kind: 'token', subject, op: 'revoked' })),
    )
    return admitted
  })
  if ('refused' in outcome) throw await failed(people, caller, row.id, outcome.word, outcome.refused, outcome.user)
  await forget(attempt)
  return { session: outcome.session, token: outcome.session.token, to }
}

async function redeem(
  people: People,
  caller: Caller,
  providerId: string,
  query: string,
): Promise<{ login: Login; row: ProviderRow; state: string }> {
  const state = stateOf(query)
  const browser = readBrowser(people.origin, caller.headers.get('cookie'))
  const login =
    state === undefined || browser === undefined
      ? undefined
      : await people.db
          .deleteFrom('provider_logins')
          .where('state_hash', '=', hashOf(state))
          .where('browser_hash', '=', hashOf(browser))
          .where('provider_id', '=', providerId)
          .where('expires_at', '>', sql<Date>`now()`)
          .returningAll()
          .executeTakeFirst()
  if (login === undefined || state === undefined)
    throw await failed(
      people,
      caller,
      undefined,
      'unknown_state',
      'This answer belongs to no sign-in that was begun in this browser in the last 10 minutes, or it was used already',
    )
  const row = await people.db.selectFrom('identity_providers').selectAll().where('id', '=', providerId).executeTakeFirstOrThrow()
  if (row.state !== 'active')
    throw await failed(people, caller, row.id, 'provider_disabled', `An administrator has disabled ${row.name} as a way to sign in`)
  return { login, row, state }
}

/** Exactly one `state`: two would let one be checked here and the other elsewhere. */
function stateOf(query: string): string | undefined {
  const [state, ...more] = new URLSearchParams(query).getAll('state')
  return more.length === 0 && state !== undefined && /^[\w-]{43}$/.test(state) ? state : undefined
}

async function proven(people: People, caller: Caller, row: ProviderRow, login: Login, query: string, state: string): Promise<ProvenPerson> {
  try {
    return await provePerson(people, row, login, query, state)
  } catch (error) {
    const { text, word } = whyNot(error)
    // The error itself stays out of the log: it can hold what the provider sent, and that can be a token.
    people.log.warn({ provider: row.id, why: word, correlationId: caller.correlationId }, 'a sign-in by a provider failed')
    throw await failed(people, caller, row.id, word, `${row.name} did not sign you in: ${text}`)
  }
}

/** Whoever connects a provider is still who began it, and freshly authenticated. */
async function requireSameUser(people: People, caller: Caller, userId: string): Promise<void> {
  const principal = await bySession(people, sessionToken(people, caller))
  if (principal.user.id !== userId) throw providerFailed('Somebody else is signed in in this browser now: begin again on the account page')
  requireFresh(principal)
}

async function connected(
  people: People,
  caller: Caller,
  row: ProviderRow,
  userId: string,
  person: ProvenPerson,
  to: string,
  attempt: Attempt,
): Promise<Arrival> {
  const token = sessionToken(people, caller)
  await people.db
    .transaction()
    .execute((trx) => linkUser(people, trx, caller, { by: userId, user: userId, provider: row.id }, person.subject))
  await forget(attempt)
  return { session: undefined, token, to }
}

function sessionToken(people: People, caller: Caller): string {
  const token = readSessionCookie(people.origin, caller.headers.get('cookie'))
  if (token === undefined || !isWellFormedSecret('session', token)) throw new KeywardError('unauthenticated')
  return token
}

/** The departure was counted too. */
async function forget(attempt: Attempt): Promise<void> {
  await attempt.succeeded()
  await attempt.succeeded()
}

/** Records a failed sign-in and gives the error to throw. */
async function failed(
  people: People,
  caller: Caller,
  provider: string | undefined,
  word: string,
  detail: string,
  userId?: string,
): Promise<KeywardError> {
  await people.audit.record({
    action: 'session.start',
    decision: 'refused',
    code: 'provider-sign-in-failed',
    actor: { kind: 'anonymous' },
    details: { method: 'oidc', why: word, ...(provider === undefined ? {} : { provider }) },
    ...recordOf(caller, userId),
  })
  return providerFailed(detail)
}
