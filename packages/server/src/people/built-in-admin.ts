import { type QueryExecutorProvider, sql } from 'kysely'
import { newId } from '../observe/ids.ts'
import type { People, Trx } from './people.ts'

/** Serialises whatever could leave the installation without an admin, or make a second built-in one. */
export async function lockAdmins(trx: Trx): Promise<void> {
  await sql`select pg_advisory_xact_lock(7411, 3)`.execute(trx)
}

/** The name by which the built-in administrator signs in with a password, as long as they have no e-mail address. */
export const builtInSignInName = 'admin'

/**
 * Makes the built-in administrator at the first start: who acts in the first sign-in and in local logins. They hold the role admin over
 * everything, and can be neither disabled nor erased.
 */
export async function ensureBuiltInAdmin(people: Pick<People, 'db'>): Promise<string> {
  return people.db.transaction().execute(async (trx) => {
    await lockAdmins(trx)
    const row = await trx.selectFrom('users').select('id').where('built_in', '=', true).executeTakeFirst()
    if (row !== undefined) return row.id
    const id = newId('user')
    await trx.insertInto('users').values({ id, name: 'Administrator', built_in: true }).execute()
    await trx
      .insertInto('role_bindings')
      .values({ id: newId('roleBinding'), user_id: id, role: 'admin' })
      .execute()
    return id
  })
}

export async function builtInAdminId(trx: Pick<Trx, 'selectFrom'>): Promise<string> {
  const { id } = await trx.selectFrom('users').select('id').where('built_in', '=', true).executeTakeFirstOrThrow()
  return id
}

/** How many active admins over everything could sign in with a password or passkey. */
export async function adminsWhoCanSignIn(db: QueryExecutorProvider): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from users u where u.state = 'active'
      and exists (select from role_bindings r where r.user_id = u.id and r.role = 'admin' and r.team is null and r.environment is null)
      and (exists (select from passwords p where p.user_id = u.id) or exists (select from passkeys k where k.user_id = u.id))`.execute(db)
  return rows[0]?.count ?? 0
}
