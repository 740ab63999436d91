import { KeywardError } from '@keyward/contract/errors'
import type { RoleBinding, User, UserCreate, UserUpdate } from '@keyward/contract/people'
import { sql } from 'kysely'
import { newId } from '../observe/ids.ts'
import { revokeApiTokensOf } from './api-tokens.ts'
import { adminsWhoCanSignIn, lockAdmins } from './built-in-admin.ts'
import { type Caller, type People, recordOf, type Trx } from './people.ts'
import type { Permit } from './permit.ts'
import { endSessionsOf } from './sessions.ts'
import { showUserById } from './users.ts'

/** @throws KeywardError `conflict` where the address is taken, `invalid-request` where a team, environment or owner does not exist */
export async function createUser(
  people: People,
  trx: Trx,
  caller: Caller,
  permit: Permit<'user:create'>,
  input: UserCreate,
): Promise<User> {
  permit.requireAll()
  await checkRoles(trx, input.roles)
  await checkOwner(trx, input.owner)
  const id = newId('user')
  const made = await trx
    .insertInto('users')
    .values({ id, name: input.name, email: input.email, owner: input.owner ?? null })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (made === undefined) throw emailTaken()
  await storeRoles(trx, id, input.roles)
  await record(people, trx, caller, permit, 'user.create', id, { roles: input.roles })
  return showUserById(trx, id)
}

/**
 * Changes what is given. New roles end the user's sessions, so that nobody goes on in a page made for the old ones; their API tokens stay
 * and have the new roles at once. Disabling ends sessions and API tokens for good.
 * @throws KeywardError `not-found`, `conflict` (address taken, built-in administrator, last admin), `invalid-request`
 */
export async function updateUser(
  people: People,
  trx: Trx,
  caller: Caller,
  permit: Permit<'user:update'>,
  id: string,
  input: UserUpdate,
): Promise<User> {
  permit.requireAll()
  await lockAdmins(trx)
  const user = await trx.selectFrom('users').select(['built_in', 'state']).where('id', '=', id).forUpdate().executeTakeFirst()
  if (user === undefined) throw new KeywardError('not-found')
  const disables = input.state === 'disabled' && user.state === 'active'
  if (user.built_in && (disables || input.roles !== undefined)) throw builtInStays()
  if (input.roles !== undefined) await checkRoles(trx, input.roles)
  await checkOwner(trx, input.owner ?? undefined)
  if (input.email !== undefined) await checkEmail(trx, input.email, id)
  const before = await adminsWhoCanSignIn(trx)
  await trx
    .updateTable('users')
    .set({
      updated_at: sql`now()`,
      ...(input.name === undefined ? {} : { name: input.name }),
      ...(input.email === undefined ? {} : { email: input.email }),
      ...(input.state === undefined ? {} : { state: input.state }),
      ...(input.owner === undefined ? {} : { owner: input.owner }),
    })
    .where('id', '=', id)
    .execute()
  if (input.roles !== undefined) {
    await storeRoles(trx, id, input.roles)
    await endSessionsOf(trx, id, permit.principal.proof.kind === 'session' ? permit.principal.proof.id : undefined)
  }
  if (disables) await lockOut(trx, id)
  await requireAnAdmin(trx, before)
  const fields = Object.keys(input).sort()
  await record(people, trx, caller, permit, 'user.update', id, {
    fields,
    ...(input.roles === undefined ? {} : { roles: input.roles }),
    ...(input.state === undefined ? {} : { state: input.state }),
  })
  return showUserById(trx, id)
}

/**
 * Disables a user and removes what is personal: name, address, passwords, passkeys, sessions' addresses, and what is kept beside the audit
 * log. The log itself goes on to say that this id acted. Can be repeated.
 * @throws KeywardError `not-found`, `conflict` (built-in administrator, last admin)
 */
export async function eraseUser(people: People, trx: Trx, caller: Caller, permit: Permit<'user:update'>, id: string): Promise<User> {
  permit.requireAll()
  await lockAdmins(trx)
  const user = await trx.selectFrom('users').select('built_in').where('id', '=', id).forUpdate().executeTakeFirst()
  if (user === undefined) throw new KeywardError('not-found')
  if (user.built_in) throw builtInStays()
  const before = await adminsWhoCanSignIn(trx)
  await trx
    .updateTable('users')
    .set({ name: 'Erased user', email: null, owner: null, state: 'disabled', updated_at: sql`now()` })
    .where('id', '=', id)
    .execute()
  for (const table of ['passwords', 'passkeys', 'role_bindings', 'sign_in_links', 'sessions', 'api_tokens', 'user_links'] as const) {
    await trx.deleteFrom(table).where('user_id', '=', id).execute()
  }
  await trx.deleteFrom('challenges').where('user_id', '=', id).execute()
  await requireAnAdmin(trx, before)
  await trx.deleteFrom('audit_personal').where('user_id', '=', id).execute()
  await record(people, trx, caller, permit, 'user.erase', id, {})
  return showUserById(trx, id)
}

/** Ends everything by which a user could act. */
async function lockOut(trx: Trx, userId: string): Promise<void> {
  await endSessionsOf(trx, userId)
  await revokeApiTokensOf(trx, userId)
  await trx.deleteFrom('sign_in_links').where('user_id', '=', userId).where('used_at', 'is', null).execute()
}

/** @throws KeywardError `conflict` where there was an admin who can sign in (`before`), and now there is none */
export async function requireAnAdmin(trx: Trx, before: number): Promise<void> {
  if (before > 0 && (await adminsWhoCanSignIn(trx)) === 0) {
    throw new KeywardError(
      'conflict',
      'This is the last admin who can sign in: give another user the role admin and a way to sign in first',
    )
  }
}

/** @throws KeywardError `invalid-request` where a team or environment does not exist; `at` is where the list stands in the body */
export async function checkRoles(trx: Trx, roles: readonly RoleBinding[], at = '/roles'): Promise<void> {
  const errors = []
  for (const [index, { team, environment }] of roles.entries()) {
    if (team !== undefined) {
      const owner = await trx.selectFrom('owners').select('kind').where('id', '=', team).executeTakeFirst()
      if (owner?.kind !== 'team') errors.push({ field: `${at}/${index}/team`, message: 'is not the id of a team' })
    }
    if (environment !== undefined) {
      const known = await trx.selectFrom('environments').select('name').where('name', '=', environment).executeTakeFirst()
      if (known === undefined) errors.push({ field: `${at}/${index}/environment`, message: 'is no environment' })
    }
  }
  if (errors.length > 0) throw new KeywardError('invalid-request', undefined, { errors })
}

async function checkOwner(trx: Trx, owner: string | undefined): Promise<void> {
  if (owner === undefined) return
  const found = await trx.selectFrom('owners').select('kind').where('id', '=', owner).executeTakeFirst()
  if (found?.kind === 'person') return
  throw new KeywardError('invalid-request', undefined, {
    errors: [{ field: '/owner', message: 'is not the id of an owner of the kind person' }],
  })
}

async function checkEmail(trx: Trx, email: string, userId: string): Promise<void> {
  const other = await trx
    .selectFrom('users')
    .select('id')
    .where(sql<string>`lower(email)`, '=', email.toLowerCase())
    .where('id', '!=', userId)
    .executeTakeFirst()
  if (other !== undefined) throw emailTaken()
}

/** Replaces what admins gave; what groups of a provider gave is the provider's to change. */
async function storeRoles(trx: Trx, userId: string, roles: readonly RoleBinding[]): Promise<void> {
  await trx.deleteFrom('role_bindings').where('user_id', '=', userId).where('source', 'is', null).execute()
  const rows = roles.map(({ role, team, environment }) => ({
    id: newId('roleBinding'),
    user_id: userId,
    role,
    team: team ?? null,
    environment: environment ?? null,
  }))
  await trx.insertInto('role_bindings').values(rows).execute()
}

function record(
  people: People,
  trx: Trx,
  caller: Caller,
  permit: Permit,
  action: string,
  id: string,
  details: Record<string, unknown>,
): Promise<void> {
  const { user } = permit.principal
  return people.audit.recordIn(trx, {
    action,
    decision: 'done',
    actor: { kind: 'user', id: user.id },
    target: { kind: 'user', id },
    details,
    ...recordOf(caller, user.id),
  })
}

function emailTaken(): KeywardError {
  return new KeywardError('conflict', 'Another user has this e-mail address')
}

function builtInStays(): KeywardError {
  return new KeywardError(
    'conflict',
    'The built-in administrator is who acts in local logins: their name and address can change, nothing else',
  )
}
