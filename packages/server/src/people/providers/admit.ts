import { Name } from '@keyward/contract/fields'
import type { RoleBinding } from '@keyward/contract/people'
import { UserCreate } from '@keyward/contract/people'
import { sql } from 'kysely'
import { newId } from '../../observe/ids.ts'
import { lockAdmins } from '../built-in-admin.ts'
import { type Caller, type People, recordOf, type Trx } from '../people.ts'
import { type StartedSession, startSession } from '../sessions.ts'
import type { ProvenPerson } from './answer.ts'
import { replaceGroupRoles, stillThere } from './group-roles.ts'
import { rolesOf } from './groups.ts'
import { mappingsOf, type ProviderRow } from './rows.ts'

/** A session, or in words why there is none (`word`: for the audit log). What was withdrawn stays withdrawn either way. */
export type Outcome = (
  | { readonly session: StartedSession }
  | { readonly refused: string; readonly word: string; readonly user?: string | undefined }
) & {
  /** Whose roles became others: what is held by their leave may have to end (lifecycle/end-beyond-roles). */
  readonly changed?: string | undefined
}

/**
 * Lets in whom a provider proved: a linked user, or a new one where the provider makes users. Their roles from its groups become what the
 * groups say now. An address is never a reason to be somebody.
 * @throws KeywardError `conflict` where the roles that went would leave no admin who can sign in
 */
export async function admit(people: People, trx: Trx, caller: Caller, asked: ProviderRow, person: ProvenPerson): Promise<Outcome> {
  // First, as everywhere: two who lock in different orders would wait for each other.
  await lockAdmins(trx)
  // Locked, so that a provider that is being disabled or deleted begins no session that outlives it.
  const row = await trx
    .selectFrom('identity_providers')
    .selectAll()
    .where('id', '=', asked.id)
    .where('state', '=', 'active')
    .forShare()
    .executeTakeFirst()
  if (row === undefined) return { refused: `An administrator has disabled ${asked.name} as a way to sign in`, word: 'provider_disabled' }
  const roles = await stillThere(trx, rolesOf(person.groups, mappingsOf(row)))
  const link = await trx
    .selectFrom('user_links')
    .innerJoin('users', 'users.id', 'user_links.user_id')
    .select(['users.id', 'users.state', 'users.built_in'])
    .where('user_links.provider_id', '=', row.id)
    .where('user_links.subject', '=', person.subject)
    .forNoKeyUpdate()
    .executeTakeFirst()
  if (link === undefined) return await welcome(people, trx, caller, row, person, roles)
  if (link.state !== 'active')
    return { refused: 'Your user of Keyward is disabled: an administrator can make it active again', word: 'user_disabled', user: link.id }
  // The built-in administrator's role is nobody else's to give or take.
  const changed = !link.built_in && (await replaceGroupRoles(trx, link.id, row.id, roles)) ? link.id : undefined
  if (changed !== undefined) await recordRoles(people, trx, caller, row.id, link.id, roles)
  const held = await trx.selectFrom('role_bindings').select('id').where('user_id', '=', link.id).limit(1).executeTakeFirst()
  if (held === undefined) return { ...noRole(row, person), user: link.id, changed }
  await trx
    .updateTable('user_links')
    .set({ last_used_at: sql`now()` })
    .where('provider_id', '=', row.id)
    .where('subject', '=', person.subject)
    .execute()
  return { ...(await begin(people, trx, caller, row, person, link.id)), changed }
}

async function welcome(
  people: People,
  trx: Trx,
  caller: Caller,
  row: ProviderRow,
  person: ProvenPerson,
  roles: readonly RoleBinding[],
): Promise<Outcome> {
  if (!row.create_users)
    return {
      refused: `No user of Keyward is connected to your account at ${row.name}. If you have one, sign in another way and connect it on the account page; else ask an administrator`,
      word: 'user_unknown',
    }
  if (roles.length === 0) return noRole(row, person)
  const email = person.email === undefined ? undefined : UserCreate.shape.email.safeParse(person.email).data
  if (email !== undefined) {
    const other = await trx.selectFrom('users').select('id').where(sql<string>`lower(email)`, '=', email.toLowerCase()).executeTakeFirst()
    if (other !== undefined)
      return {
        refused: `A user of Keyward has your address already. If that is you, sign in another way and connect ${row.name} on the account page; else ask an administrator`,
        word: 'address_taken',
      }
  }
  const id = newId('user')
  const name = Name.safeParse(person.name).data ?? email ?? `Somebody of ${row.name}`.slice(0, 120)
  await trx
    .insertInto('users')
    .values({ id, name, email: email ?? null })
    .execute()
  await trx
    .insertInto('user_links')
    .values({ provider_id: row.id, subject: person.subject, user_id: id, last_used_at: sql`now()` })
    .execute()
  await replaceGroupRoles(trx, id, row.id, roles)
  await people.audit.recordIn(trx, {
    action: 'user.create',
    decision: 'done',
    actor: { kind: 'system' },
    target: { kind: 'user', id },
    details: { provider: row.id, roles },
    ...recordOf(caller, id),
  })
  return await begin(people, trx, caller, row, person, id)
}

async function begin(people: People, trx: Trx, caller: Caller, row: ProviderRow, person: ProvenPerson, userId: string): Promise<Outcome> {
  const { authenticatedAtSeconds } = person
  const session = await startSession(people, trx, caller, userId, 'oidc', { provider: row.id, authenticatedAtSeconds })
  return session === undefined ? { refused: 'Your user of Keyward is disabled', word: 'user_disabled', user: userId } : { session }
}

function noRole(row: ProviderRow, person: ProvenPerson): { readonly refused: string; readonly word: string } {
  if (person.groupsLeftOut)
    return {
      refused: `${row.name} left out your groups because they are too many: an administrator has to let it send only those that Keyward maps`,
      word: 'groups_left_out',
    }
  return {
    refused: `None of your groups at ${row.name} gives a role in Keyward: ask an administrator to put you into one that does, or to map one of yours`,
    word: 'no_role',
  }
}

/** The roles that came of the groups. The groups themselves say things about a person, and the log cannot forget. */
async function recordRoles(
  people: People,
  trx: Trx,
  caller: Caller,
  provider: string,
  userId: string,
  roles: readonly RoleBinding[],
): Promise<void> {
  await people.audit.recordIn(trx, {
    action: 'user.update',
    decision: 'done',
    actor: { kind: 'system' },
    target: { kind: 'user', id: userId },
    details: { fields: ['roles'], provider, roles },
    ...recordOf(caller, userId),
  })
}
