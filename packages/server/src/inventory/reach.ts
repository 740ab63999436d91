import { KeywardError } from '@keyward/contract/errors'
import { type Expression, type SqlBool, sql } from 'kysely'
import type { Permit, Reach } from '../people/permit.ts'

/*
 * Reach inside the statements. What an owner's team or an environment puts outside a permit does not exist for it: the same 404 as for an
 * id that nobody ever had.
 */

/** The condition that a row of `credentials` or `workloads` (or an alias of it) lies within the reach. */
export function ownedWithin(reach: Reach, table: string): Expression<SqlBool> {
  if (reach === 'all') return sql<SqlBool>`true`
  const parts = reach.map(({ team, environment }) => {
    const conditions = [
      // An array, not a join: the planner can walk the owner's index or filter along the page's, whichever is shorter.
      ...(team === undefined
        ? []
        : [sql`${sql.ref(`${table}.owner`)} = any (array(select id from owners where id = ${team} or team = ${team}))`]),
      ...(environment === undefined ? [] : [sql`${sql.ref(`${table}.environment`)} = ${environment}`]),
    ]
    return conditions.length === 0 ? sql`true` : sql`(${sql.join(conditions, sql` and `)})`
  })
  return sql<SqlBool>`(${sql.join(parts, sql` or `)})`
}

/**
 * The condition that an owner may be seen. An owner has no environment: a role over an environment sees all owners, because it has to name
 * one for what it makes there; a role over a team sees the team and its people.
 */
export function ownersWithin(reach: Reach, table: string): Expression<SqlBool> {
  if (reach === 'all' || reach.some((part) => part.team === undefined)) return sql<SqlBool>`true`
  const teams = reach.flatMap((part) => (part.team === undefined ? [] : [part.team]))
  return sql<SqlBool>`(${sql.ref(`${table}.id`)} = any (${teams}::text[]) or ${sql.ref(`${table}.team`)} = any (${teams}::text[]))`
}

/**
 * For acts that could send a secret somewhere new: an administrator of the thing, freshly authenticated.
 * @param what the act, as the end of "Only an admin may …"
 * @throws KeywardError `forbidden`, `fresh-auth-required`
 */
export function requireFreshAdmin(
  permit: Permit,
  thing: { readonly team: string | null; readonly environment: string | null },
  what: string,
): void {
  if (!isAdminOf(permit, thing)) throw new KeywardError('forbidden', `Only an admin may ${what}`)
  permit.requireFresh()
}

function isAdminOf(permit: Permit, thing: { readonly team: string | null; readonly environment: string | null }): boolean {
  return permit.principal.roles.some(
    ({ role, team, environment }) =>
      role === 'admin' && (team === undefined || team === thing.team) && (environment === undefined || environment === thing.environment),
  )
}
