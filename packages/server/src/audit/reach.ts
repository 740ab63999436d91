import { type Expression, type SqlBool, sql } from 'kysely'

/** One part of what a permission is held over: a team, an environment, or a team in an environment (as in people/permit.ts). */
export interface ReachPart {
  readonly team?: string
  readonly environment?: string
}

/** What a caller may see: everything, or what at least one part covers. `people/` makes it; policy and audit only narrow by it. */
export type Reach = 'all' | readonly ReachPart[]

/**
 * The condition that a row's team and environment lie within the reach. A row without a team or environment is seen only through a part
 * that does not name one. An empty reach covers nothing.
 */
export function within(reach: Reach, team: Expression<unknown>, environment: Expression<unknown>): Expression<SqlBool> {
  if (reach === 'all') return sql<SqlBool>`true`
  const parts = reach.map((part) => {
    const conditions = [
      ...(part.team === undefined ? [] : [sql`${team} = ${part.team}`]),
      ...(part.environment === undefined ? [] : [sql`${environment} = ${part.environment}`]),
    ]
    return conditions.length === 0 ? sql`true` : sql`(${sql.join(conditions, sql` and `)})`
  })
  return parts.length === 0 ? sql<SqlBool>`false` : sql<SqlBool>`(${sql.join(parts, sql` or `)})`
}

/** The team that an owner answers for: itself where it is one, else the person's team. `owner` is the owners table's alias in the query. */
export function teamOf(owner = 'owners'): Expression<string | null> {
  return sql<
    string | null
  >`case when ${sql.ref(`${owner}.kind`)} = 'team' then ${sql.ref(`${owner}.id`)} else ${sql.ref(`${owner}.team`)} end`
}
