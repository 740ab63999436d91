import { KeywardError } from '@keyward/contract/errors'
import { sql } from 'kysely'
import { countAttempt } from './attempts.ts'
import { builtInSignInName } from './built-in-admin.ts'
import { type Caller, type People, recordOf } from './people.ts'
import type { Principal } from './principal.ts'
import { endSessionsOf, type StartedSession, startSession } from './sessions.ts'
import { signInFailed } from './sign-in-failed.ts'

/**
 * Signs in with an e-mail address (the built-in administrator without one: `admin`) and a password. Unknown addresses, users without a
 * password and disabled users take as long and get the same answer as a wrong password.
 * @throws KeywardError `sign-in-failed`, `too-many-requests`
 */
export async function signInByPassword(
  people: People,
  caller: Caller,
  input: { email: string; password: string },
): Promise<StartedSession> {
  const account = input.email.trim().toLowerCase()
  const attempt = await countAttempt(people, caller, account)
  const user = await findByName(people, account)
  const { right, outdated } = await people.passwords.verify(input.password, user?.hash)
  if (!right || user === undefined) throw await signInFailed(people, caller, 'password', user?.id)
  const hash = outdated ? await people.passwords.hash(input.password) : user.hash
  const started = await people.db.transaction().execute(async (trx) => {
    const same = await trx
      .updateTable('passwords')
      .set({ hash })
      .where('user_id', '=', user.id)
      .where('hash', '=', user.hash)
      .returning('user_id')
      .executeTakeFirst()
    if (same === undefined) return undefined
    return startSession(people, trx, caller, user.id, 'password')
  })
  if (started === undefined) throw await signInFailed(people, caller, 'password', user.id)
  await attempt.succeeded()
  return started
}

/**
 * Sets or changes the principal's password and ends their other sessions. Whoever signed in with the old password has to give it again;
 * a link, a passkey or a local login does without (that is how a forgotten one is replaced).
 * @throws KeywardError `sign-in-failed` where `current` is wrong, `invalid-request` where the new one is easily guessed, `too-many-requests`
 */
export async function setPassword(
  people: People,
  caller: Caller,
  principal: Principal,
  input: { current?: string | undefined; password: string },
): Promise<void> {
  requireGoodPassword(input.password, principal)
  if (principal.proof.method === 'password') await requireCurrent(people, caller, principal, input.current)
  const hash = await people.passwords.hash(input.password)
  await people.db.transaction().execute(async (trx) => {
    await trx
      .insertInto('passwords')
      .values({ user_id: principal.user.id, hash })
      .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ hash, updated_at: sql`now()` }))
      .execute()
    await endSessionsOf(trx, principal.user.id, principal.proof.kind === 'session' ? principal.proof.id : undefined)
    await people.audit.recordIn(trx, {
      action: 'password.set',
      decision: 'done',
      actor: { kind: 'user', id: principal.user.id },
      target: { kind: 'user', id: principal.user.id },
      ...recordOf(caller, principal.user.id),
    })
  })
}

async function requireCurrent(people: People, caller: Caller, principal: Principal, current: string | undefined): Promise<void> {
  const attempt = await countAttempt(people, caller, `password of ${principal.user.id}`)
  const row = await people.db.selectFrom('passwords').select('hash').where('user_id', '=', principal.user.id).executeTakeFirst()
  const { right } = await people.passwords.verify(current ?? '', row?.hash)
  if (!right)
    throw new KeywardError(
      'sign-in-failed',
      current === undefined ? 'Send the password that you have now as `current`' : 'The current password is not right',
    )
  await attempt.succeeded()
}

async function findByName(people: People, account: string): Promise<{ id: string; hash: string } | undefined> {
  return people.db
    .selectFrom('users')
    .innerJoin('passwords', 'passwords.user_id', 'users.id')
    .select(['users.id', 'passwords.hash'])
    .where('users.state', '=', 'active')
    .where((eb) =>
      account === builtInSignInName
        ? eb.and([eb('users.built_in', '=', true), eb('users.email', 'is', null)])
        : eb(sql<string>`lower(users.email)`, '=', account),
    )
    .executeTakeFirst()
}

/** Too little variety, or what an attacker tries first: the person's own name or address, ours. */
function requireGoodPassword(password: string, { user }: Principal): void {
  const plain = password.normalize('NFKC').toLowerCase()
  const obvious = [user.email, user.email?.split('@')[0], user.name, 'keyward'].flatMap((word) =>
    word && word.length > 3 ? [word.toLowerCase()] : [],
  )
  const rest = obvious.reduce((text, word) => text.replaceAll(word, ''), plain)
  if (new Set(plain).size >= distinctCharsMin && rest.length >= restCharsMin) return
  const message = 'is too easy to guess: use several words, or let a password manager make one'
  throw new KeywardError('invalid-request', undefined, { errors: [{ field: '/password', message }] })
}

const distinctCharsMin = 5
const restCharsMin = 6
