import type { RoleBinding } from '@keyward/contract/people'
import { sql } from 'kysely'
import { newId } from '../../observe/ids.ts'
import { adminsWhoCanSignIn, lockAdmins } from '../built-in-admin.ts'
import { requireAnAdmin } from '../change-users.ts'
import type { Trx } from '../people.ts'
import { endSessionsOf } from '../sessions.ts'

/**
 * Replaces the roles that one provider's groups gave to a user; what an admin or another provider gave stays. Where that changes anything,
 * the user's sessions end, as they do when an admin changes roles.
 * @returns true where something changed
 * @throws KeywardError `conflict` where it would leave no admin who can sign in
 */
export async function replaceGroupRoles(trx: Trx, userId: string, providerId: string, roles: readonly RoleBinding[]): Promise<boolean> {
  await lockAdmins(trx)
  const before = await trx
    .selectFrom('role_bindings')
    .select(['role', 'team', 'environment'])
    .where('user_id', '=', userId)
    .where('source', '=', providerId)
    .execute()
  const keyOf = (one: { role: string; team?: string | null | undefined; environment?: string | null | undefined }) =>
    JSON.stringify([one.role, one.team ?? null, one.environment ?? null])
  const [held, wanted] = [before.map(keyOf).sort(), roles.map(keyOf).sort()]
  if (JSON.stringify(held) === JSON.stringify(wanted)) return false
  const admins = await adminsWhoCanSignIn(trx)
  await trx.deleteFrom('role_bindings').where('user_id', '=', userId).where('source', '=', providerId).execute()
  if (roles.length > 0)
    await trx
      .insertInto('role_bindings')
      .values(
        roles.map(({ role, team, environment }) => ({
          id: newId('roleBinding'),
          user_id: userId,
          role,
          team: team ?? null,
          environment: environment ?? null,
          source: providerId,
        })),
      )
      .execute()
  await endSessionsOf(trx, userId)
  await requireAnAdmin(trx, admins)
  return true
}

/** Those whose team and environment are still there: a mapping outlives what it names. */
export async function stillThere(trx: Trx, roles: readonly RoleBinding[]): Promise<RoleBinding[]> {
  const teams = roles.flatMap(({ team }) => (team === undefined ? [] : [team]))
  const environments = roles.flatMap(({ environment }) => (environment === undefined ? [] : [environment]))
  const { rows } = await sql<{ teams: string[]; environments: string[] }>`select
    array(select id from owners where kind = 'team' and id = any(${teams}) for key share) as teams,
    array(select name from environments where name = any(${environments}) for key share) as environments`.execute(trx)
  const [there] = rows
  return roles.filter(
    ({ team, environment }) =>
      (team === undefined || there?.teams.includes(team) === true) &&
      (environment === undefined || there?.environments.includes(environment) === true),
  )
}

/**
 * Takes away every role that a provider's groups gave and no mapping of `keep` gives any more, and ends the sessions of whoever held one.
 * @returns those people: what is held by their leave is the caller's to end (lifecycle/end-beyond-roles)
 * @throws KeywardError `conflict` where it would leave no admin who can sign in
 */
export async function withdrawGroupRoles(trx: Trx, providerId: string, keep: readonly RoleBinding[]): Promise<string[]> {
  await lockAdmins(trx)
  const admins = await adminsWhoCanSignIn(trx)
  const kept = JSON.stringify(keep.map(({ role, team, environment }) => ({ role, team: team ?? null, environment: environment ?? null })))
  const { rows } = await sql<{ user_id: string }>`
    with gone as (
      delete from role_bindings b where b.source = ${providerId} and not exists (
        select from jsonb_to_recordset(${kept}::jsonb) as k (role text, team text, environment text)
        where k.role = b.role and k.team is not distinct from b.team and k.environment is not distinct from b.environment)
      returning user_id
    ), ended as (
      update sessions set ended_at = now() where ended_at is null and user_id in (select user_id from gone)
    )
    select distinct user_id from gone`.execute(trx)
  await requireAnAdmin(trx, admins)
  return rows.map((row) => row.user_id)
}
