import { KeywardError } from '@keyward/contract/errors'
import type { UserLink } from '@keyward/contract/identity-providers'
import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import { lockAdmins } from '../built-in-admin.ts'
import { type Caller, type People, recordOf, type Trx } from '../people.ts'
import { replaceGroupRoles } from './group-roles.ts'

interface LinkAct {
  /** Who does it: the user themselves, or an admin. */
  readonly by: string
  readonly user: string
  readonly provider: string
}

/** One user's ways in by providers. */
export async function listLinks(db: Database | Trx, userId: string): Promise<UserLink[]> {
  const rows = await db
    .selectFrom('user_links')
    .innerJoin('identity_providers', 'identity_providers.id', 'user_links.provider_id')
    .select(['identity_providers.id', 'identity_providers.name', 'user_links.subject', 'user_links.created_at', 'user_links.last_used_at'])
    .where('user_links.user_id', '=', userId)
    .orderBy('user_links.created_at')
    .execute()
  return rows.map((row) => ({
    provider: { id: row.id, name: row.name },
    subject: row.subject,
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at?.toISOString() ?? null,
  }))
}

/**
 * Connects a user to a provider's own id of them.
 * @throws KeywardError `not-found`, `conflict` where that id is another user's, or the user has another id at this provider
 */
export async function linkUser(people: People, trx: Trx, caller: Caller, act: LinkAct, subject: string): Promise<UserLink> {
  await lockAdmins(trx)
  const user = await trx.selectFrom('users').select('state').where('id', '=', act.user).forUpdate().executeTakeFirst()
  if (user === undefined) throw new KeywardError('not-found')
  if (user.state !== 'active') throw new KeywardError('conflict', 'This user is disabled: make them active first')
  const provider = await trx.selectFrom('identity_providers').select('name').where('id', '=', act.provider).forShare().executeTakeFirst()
  if (provider === undefined)
    throw new KeywardError('invalid-request', undefined, { errors: [{ field: '/provider', message: 'is no identity provider' }] })
  const there = await trx
    .selectFrom('user_links')
    .select(['user_id', 'subject'])
    .where('provider_id', '=', act.provider)
    .where((eb) => eb.or([eb('subject', '=', subject), eb('user_id', '=', act.user)]))
    .execute()
  if (there.some((link) => link.user_id !== act.user))
    throw new KeywardError('conflict', `This account at ${provider.name} is connected to another user`)
  if (there.some((link) => link.subject !== subject))
    throw new KeywardError('conflict', `This user is connected to another account at ${provider.name}: disconnect that first`)
  if (there.length === 0) {
    await trx.insertInto('user_links').values({ provider_id: act.provider, subject, user_id: act.user }).execute()
    await record(people, trx, caller, act, 'user.link')
  }
  const link = (await listLinks(trx, act.user)).find((one) => one.provider.id === act.provider)
  if (link === undefined) throw new Error('a link that was just made is not there')
  return link
}

/**
 * Disconnects a user from a provider: the roles that its groups gave end, and so do the sessions that it began.
 * @throws KeywardError `not-found`, `conflict` where it is a user's own only way in, or nobody could sign in as admin any more
 */
export async function unlinkUser(people: People, trx: Trx, caller: Caller, act: LinkAct): Promise<void> {
  await lockAdmins(trx)
  await trx.selectFrom('users').select('id').where('id', '=', act.user).forUpdate().execute()
  const gone = await trx
    .deleteFrom('user_links')
    .where('user_id', '=', act.user)
    .where('provider_id', '=', act.provider)
    .returning('subject')
    .execute()
  if (gone.length === 0) throw new KeywardError('not-found')
  if (act.by === act.user && !(await hasAnotherWayIn(trx, act.user)))
    throw new KeywardError('conflict', 'This is your only way to sign in: set a passkey or password first')
  if (!(await replaceGroupRoles(trx, act.user, act.provider, [])))
    await trx
      .updateTable('sessions')
      .set({ ended_at: sql`now()` })
      .where('user_id', '=', act.user)
      .where('provider_id', '=', act.provider)
      .where('ended_at', 'is', null)
      .execute()
  await record(people, trx, caller, act, 'user.unlink')
}

async function hasAnotherWayIn(trx: Trx, userId: string): Promise<boolean> {
  const { rows } = await sql<{ other: boolean }>`select exists (select from passwords where user_id = ${userId})
    or exists (select from passkeys where user_id = ${userId})
    or exists (select from user_links l join identity_providers p on p.id = l.provider_id
      where l.user_id = ${userId} and p.state = 'active') as other`.execute(trx)
  return rows[0]?.other === true
}

/** The provider's id of a person is personal: it stays in the link, and out of the log. */
function record(people: People, trx: Trx, caller: Caller, act: LinkAct, action: string): Promise<void> {
  return people.audit.recordIn(trx, {
    action,
    decision: 'done',
    actor: { kind: 'user', id: act.by },
    target: { kind: 'user', id: act.user },
    details: { provider: act.provider },
    ...recordOf(caller, act.by),
  })
}
