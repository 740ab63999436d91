import { KeywardError } from '@keyward/contract/errors'
import { limits } from '@keyward/contract/limits'
import { isWellFormedSecret } from '@keyward/contract/secret-format'
import type { Role } from '@keyward/contract/words'
import { sql } from 'kysely'
import { hashOf } from '../observe/secret-string.ts'
import type { Caller, People } from './people.ts'
import type { Principal, SignInMethod } from './principal.ts'
import { requireSameOrigin } from './same-origin.ts'
import { readSessionCookie } from './session-cookie.ts'

/**
 * Who makes this request: by an API token in `Authorization`, else by the session cookie. The database is read each time, so a session that
 * was ended, a user who was disabled and a role that was taken away count at once, on every node.
 * @throws KeywardError `unauthenticated`, `csrf-refused`
 */
export async function authenticate(people: People, caller: Caller): Promise<Principal> {
  const authorization = caller.headers.get('authorization')
  if (authorization !== null) {
    const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
    if (token === undefined || !isWellFormedSecret('apiToken', token))
      throw new KeywardError('unauthenticated', 'That is no API token of Keyward (`kwu_…`)')
    return byApiToken(people, token)
  }
  const cookie = readSessionCookie(people.origin, caller.headers.get('cookie'))
  if (cookie === undefined) throw new KeywardError('unauthenticated')
  requireSameOrigin(people.origin, caller, { cookies: true })
  return bySession(people, cookie)
}

interface Row {
  readonly id: string
  readonly method: SignInMethod
  readonly authenticated_at: Date
  readonly expires_at: Date
  readonly fresh: boolean
  /** Last seen more than a minute ago, or never. */
  readonly unseen: boolean
  readonly user_id: string
  readonly name: string
  readonly email: string | null
  readonly built_in: boolean
  readonly roles: readonly { readonly role: Role; readonly team: string | null; readonly environment: string | null }[]
}

const rolesOfUser = sql`coalesce((select json_agg(json_build_object('role', r.role, 'team', r.team, 'environment', r.environment) order by r.id)
  from role_bindings r where r.user_id = u.id), '[]')`

/** The principal of a session's token. @throws KeywardError `unauthenticated` */
export async function bySession(people: People, token: string): Promise<Principal> {
  const { rows } = await sql<Row>`
    select s.id, s.method, s.authenticated_at, s.expires_at,
      s.authenticated_at > now() - make_interval(mins => ${limits.freshAuthMinutesMax}) as fresh,
      s.last_seen_at < now() - interval '1 minute' as unseen,
      u.id as user_id, u.name, u.email, u.built_in, ${rolesOfUser} as roles
    from sessions s join users u on u.id = s.user_id
    where s.token_hash = ${hashOf(token)} and s.ended_at is null and s.expires_at > now()
      and s.last_seen_at > now() - make_interval(mins => ${limits.sessionIdleMinutesMax}) and u.state = 'active'`.execute(people.db)
  const [row] = rows
  if (row === undefined) throw new KeywardError('unauthenticated', 'This session has ended: sign in again')
  if (row.unseen) await sql`update sessions set last_seen_at = now() where id = ${row.id}`.execute(people.db)
  return principalOf(row, 'session')
}

async function byApiToken(people: People, token: string): Promise<Principal> {
  const { rows } = await sql<Row>`
    select t.id, case t.kind when 'local' then 'local' else 'token' end as method, t.created_at as authenticated_at, t.expires_at,
      t.kind = 'local' as fresh, coalesce(t.last_used_at < now() - interval '1 minute', true) as unseen,
      u.id as user_id, u.name, u.email, u.built_in, ${rolesOfUser} as roles
    from api_tokens t join users u on u.id = t.user_id
    where t.token_hash = ${hashOf(token)} and t.revoked_at is null and t.expires_at > now() and u.state = 'active'`.execute(people.db)
  const [row] = rows
  if (row === undefined) throw new KeywardError('unauthenticated', 'This API token is unknown, has ended or was revoked')
  if (row.unseen) await sql`update api_tokens set last_used_at = now() where id = ${row.id}`.execute(people.db)
  return principalOf(row, 'api_token')
}

function principalOf(row: Row, kind: 'session' | 'api_token'): Principal {
  return {
    user: { id: row.user_id, name: row.name, email: row.email, builtIn: row.built_in },
    roles: row.roles.map(({ role, team, environment }) => ({
      role,
      ...(team === null ? {} : { team }),
      ...(environment === null ? {} : { environment }),
    })),
    proof: {
      kind,
      id: row.id,
      method: row.method,
      authenticatedAt: row.authenticated_at,
      expiresAt: row.expires_at,
      fresh: row.fresh,
    },
  }
}
