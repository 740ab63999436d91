import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { KeywardError } from '@keyward/contract/errors'
import { limits } from '@keyward/contract/limits'
import { isWellFormedSecret } from '@keyward/contract/secret-format'
import { sql } from 'kysely'
import { hashOf, newSecretString } from '../observe/secret-string.ts'
import { countAttempt } from './attempts.ts'
import { adminsWhoCanSignIn, ensureBuiltInAdmin } from './built-in-admin.ts'
import { type Caller, type People, recordOf, type Trx } from './people.ts'
import { writePrivateFile } from './private-file.ts'
import { type StartedSession, startSession } from './sessions.ts'
import { signInFailed } from './sign-in-failed.ts'

/** In the data folder, mode 0600: the first sign-in link where standard output is no terminal. */
export const signInLinkFileName = 'sign-in-link'

export interface IssuedLink {
  readonly url: string
  readonly expiresAt: Date
}

/**
 * Makes a link that signs one user in, once, within 10 minutes. The secret stands in the fragment, which browsers send nowhere; the
 * console redeems it by POST, so that a mail scanner that follows links does not use it up.
 */
export async function issueSignInLink(
  people: Pick<People, 'origin'>,
  trx: Pick<Trx, 'insertInto'>,
  userId: string,
  purpose: 'first_start' | 'invite',
): Promise<IssuedLink> {
  const { text, hash } = newSecretString('signInLink')
  const row = await trx
    .insertInto('sign_in_links')
    .values({
      token_hash: hash,
      user_id: userId,
      purpose,
      expires_at: sql<Date>`now() + make_interval(mins => ${limits.signInLinkMinutesMax})`,
    })
    .returning('expires_at')
    .executeTakeFirstOrThrow()
  return { url: `${people.origin}/#/sign-in?token=${text}`, expiresAt: row.expires_at }
}

/**
 * To be called at each start: makes the built-in administrator, and as long as no admin has a password or passkey, a link to sign in as
 * them. With `toFile` the link is also written to the data folder (where nobody reads standard output).
 * @returns the address to print on a terminal; undefined where none is needed
 */
export async function firstSignInLink(people: People, options: { toFile: boolean }): Promise<string | undefined> {
  const path = join(people.dataFolder, signInLinkFileName)
  const admin = await ensureBuiltInAdmin(people)
  if ((await adminsWhoCanSignIn(people.db)) > 0) {
    rmSync(path, { force: true })
    return undefined
  }
  const { url } = await issueSignInLink(people, people.db, admin, 'first_start')
  if (options.toFile) writePrivateFile(path, `${url}\n`)
  else rmSync(path, { force: true })
  return url
}

/**
 * Signs in by a link, which is used up.
 * @returns the value of `Set-Cookie`
 * @throws KeywardError `sign-in-failed` alike for unknown, used and expired links; `too-many-requests`
 */
export async function signInByLink(people: People, caller: Caller, token: string): Promise<StartedSession> {
  const attempt = await countAttempt(people, caller)
  if (!isWellFormedSecret('signInLink', token)) throw await signInFailed(people, caller, 'link')
  const started = await people.db.transaction().execute(async (trx) => {
    const link = await trx
      .updateTable('sign_in_links')
      .set({ used_at: sql`now()` })
      .where('token_hash', '=', hashOf(token))
      .where('used_at', 'is', null)
      .where('expires_at', '>', sql<Date>`now()`)
      .returning(['user_id', 'purpose'])
      .executeTakeFirst()
    if (link === undefined) return undefined
    const session = await startSession(people, trx, caller, link.user_id, 'link')
    return session && { ...session, purpose: link.purpose }
  })
  if (started === undefined) throw await signInFailed(people, caller, 'link')
  if (started.purpose === 'first_start') rmSync(join(people.dataFolder, signInLinkFileName), { force: true })
  await attempt.succeeded()
  return started
}

/** Makes a link for a user, and records who made it. @throws KeywardError `not-found`, `conflict` where the user is disabled */
export async function inviteUser(people: People, trx: Trx, caller: Caller, adminId: string, userId: string): Promise<IssuedLink> {
  const user = await trx.selectFrom('users').select('state').where('id', '=', userId).forUpdate().executeTakeFirst()
  if (user === undefined) throw new KeywardError('not-found')
  if (user.state === 'disabled') throw new KeywardError('conflict', 'This user is disabled: make them active first')
  const link = await issueSignInLink(people, trx, userId, 'invite')
  await people.audit.recordIn(trx, {
    action: 'user.invite',
    decision: 'done',
    actor: { kind: 'user', id: adminId },
    target: { kind: 'user', id: userId },
    ...recordOf(caller, adminId),
  })
  return link
}
