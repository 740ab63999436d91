import { KeywardError } from '@keyward/contract/errors'
import type { HeldRole, User, UserQuery } from '@keyward/contract/people'
import type { Role } from '@keyward/contract/words'
import { type SelectQueryBuilder, type SqlBool, sql } from 'kysely'
import type { Database } from '../db/database.ts'
import { type Page, pageOf } from '../db/page.ts'
import type { Tables } from '../db/tables.ts'
import type { Trx } from './people.ts'
import type { Permit } from './permit.ts'

interface HeldRow {
  readonly role: Role
  readonly team: string | null
  readonly environment: string | null
  readonly source: string | null
}

interface Row {
  readonly id: string
  readonly name: string
  readonly email: string | null
  readonly state: 'active' | 'disabled'
  readonly owner: string | null
  readonly created_at: Date
  readonly last_sign_in_at: Date | null
  readonly roles: readonly HeldRow[]
  readonly has_password: boolean
  readonly passkeys: number
}

/** Users newest first, filtered by state and by a part of the name or address. */
export async function listUsers(db: Database, permit: Permit<'user:read'>, query: UserQuery): Promise<Page<User>> {
  permit.requireAll()
  const { q, state } = query
  const rows = userRows(db)
    .$if(state !== undefined, (select) => select.where('users.state', '=', state ?? 'active'))
    .$if(q !== undefined && q !== '', (select) =>
      select.where(sql<SqlBool>`strpos(lower(users.name || ' ' || coalesce(users.email, '')), lower(${q ?? ''})) > 0`),
    )
  return pageOf(rows, 'users', query, showUser)
}

/** @throws KeywardError `not-found` */
export async function showUserById(db: Database | Trx, id: string): Promise<User> {
  const row = await userRows(db).where('users.id', '=', id).executeTakeFirst()
  if (row === undefined) throw new KeywardError('not-found')
  return showUser(row)
}

function userRows(db: Database | Trx): SelectQueryBuilder<Tables, 'users', Row> {
  return db
    .selectFrom('users')
    .select(['users.id', 'users.name', 'users.email', 'users.state', 'users.owner', 'users.created_at', 'users.last_sign_in_at'])
    .select([
      sql<
        Row['roles']
      >`coalesce((select json_agg(json_build_object('role', r.role, 'team', r.team, 'environment', r.environment, 'source', r.source) order by r.id)
        from role_bindings r where r.user_id = users.id), '[]')`.as('roles'),
      sql<boolean>`exists (select from passwords where user_id = users.id)`.as('has_password'),
      sql<number>`(select count(*)::int from passkeys where user_id = users.id)`.as('passkeys'),
    ])
}

function showUser(row: Row): User {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    state: row.state,
    roles: row.roles.map(showRole),
    owner: row.owner,
    sign_in: { password: row.has_password, passkeys: row.passkeys },
    created_at: row.created_at.toISOString(),
    last_sign_in_at: row.last_sign_in_at?.toISOString() ?? null,
  }
}

function showRole({ role, team, environment, source }: HeldRow): HeldRole {
  return {
    role,
    ...(team === null ? {} : { team }),
    ...(environment === null ? {} : { environment }),
    ...(source === null ? {} : { source }),
  }
}
