import { KeywardError } from '@keyward/contract/errors'
import type { Token, TokenLineage, TokenQuery } from '@keyward/contract/grants'
import { type Kysely, sql } from 'kysely'
import { type Page, pageOf } from '../db/page.ts'
import type { Tables } from '../db/tables.ts'
import type { Permit } from '../people/permit.ts'
import { ownedWithin } from './reach.ts'
import { shown, shownOrNull } from './times.ts'

/*
 * Records of tokens. A token is revoked by itself, or by what it hangs on: its grant, its workload, its tenant, the identity that obtained
 * it. Revoking those marks no token, so the state is worked out here.
 */

type Db = Kysely<Tables>

/** @throws KeywardError `invalid-cursor` */
export async function listTokens(db: Db, permit: Permit<'token:read'>, query: TokenQuery): Promise<Page<Token>> {
  let rows = selectTokens(db, permit)
  if (query.grant !== undefined) rows = rows.where('tokens.grant_id', '=', query.grant)
  if (query.workload !== undefined) rows = rows.where('tokens.workload_id', '=', query.workload)
  if (query.user !== undefined) rows = rows.where('tokens.user_id', '=', query.user)
  if (query.actor !== undefined) rows = rows.where('tokens.actor_id', '=', query.actor)
  if (query.parent !== undefined) rows = rows.where('tokens.parent', '=', query.parent)
  if (query.identity !== undefined) rows = rows.where('tokens.identity_id', '=', query.identity)
  if (query.consent !== undefined) rows = rows.where('tokens.consent_id', '=', query.consent)
  if (query.state !== undefined) rows = rows.where(state, '=', query.state)
  return await pageOf(rows, 'tokens', query, tokenOf, 'issued_at')
}

/** @throws KeywardError `not-found` */
export async function showToken(db: Db, permit: Permit<'token:read'>, id: string): Promise<Token> {
  const row = await selectTokens(db, permit).where('tokens.id', '=', id).executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  return tokenOf(row)
}

const ancestorsMax = 20
const descendantsMax = 500

/**
 * The family of a token as far as the reader may see it: all of one family are under one grant, so they see all or nothing.
 * @throws KeywardError `not-found`
 */
export async function showLineage(db: Db, permit: Permit<'token:read'>, id: string): Promise<TokenLineage> {
  const token = await showToken(db, permit, id)
  const above = await sql<{ id: string }>`
    with recursive line as (
      select parent as id, 1 as steps from tokens where id = ${id} and parent is not null
      union all select t.parent, l.steps + 1 from tokens t join line l on t.id = l.id where t.parent is not null and l.steps < ${ancestorsMax}
    ) select id from line order by steps desc`.execute(db)
  // `union` and not `union all`: a circle, which nothing should have made, ends too.
  const below = await sql<{ id: string; total: bigint }>`
    with recursive family as (
      select id, issued_at from tokens where parent = ${id}
      union select t.id, t.issued_at from tokens t join family f on t.parent = f.id
    ) select id, count(*) over () as total from family order by issued_at, id limit ${descendantsMax}`.execute(db)
  const ids = [...above.rows, ...below.rows].map((row) => row.id)
  const rows = ids.length === 0 ? [] : await selectTokens(db, permit).where('tokens.id', 'in', ids).execute()
  const byId = new Map(rows.map((row) => [row.id, tokenOf(row)]))
  const inOrder = (list: readonly { id: string }[]) => list.map((row) => byId.get(row.id)).filter((one) => one !== undefined)
  const workload = await db.selectFrom('workloads').select(['id', 'name']).where('id', '=', token.workload).executeTakeFirstOrThrow()
  const user =
    token.user === null ? undefined : await db.selectFrom('users').select(['id', 'name']).where('id', '=', token.user).executeTakeFirst()
  return {
    user: user ?? null,
    workload,
    ancestors: inOrder(above.rows),
    token,
    descendants: inOrder(below.rows),
    descendants_left_out: Number(below.rows[0]?.total ?? 0n) - below.rows.length,
  }
}

/** When the token was ended by somebody, whichever came first; an end by the clock before that goes first. */
const revokedAt = sql<Date | null>`(select min(at) from (values (tokens.revoked_at), (grants.revoked_at), (workloads.revoked_at),
  (tenants.revoked_at), (workload_identities.revoked_at)) as ends (at) where at <= tokens.expires_at)`
const state = sql<Token['state']>`case
  when least(tokens.revoked_at, grants.revoked_at, workloads.revoked_at, tenants.revoked_at, workload_identities.revoked_at) <= tokens.expires_at then 'revoked'
  when tokens.expires_at <= now() or grants.expires_at <= now() then 'ended' else 'live' end`

function selectTokens(db: Db, permit: Permit<'token:read'>) {
  return db
    .selectFrom('tokens')
    .innerJoin('grants', 'grants.id', 'tokens.grant_id')
    .innerJoin('workloads', 'workloads.id', 'tokens.workload_id')
    .leftJoin('tenants', 'tenants.id', 'tokens.tenant_id')
    .leftJoin('workload_identities', 'workload_identities.id', 'tokens.identity_id')
    .select(['tokens.id', 'tokens.grant_id', 'tokens.workload_id', 'tokens.resource_id', 'tokens.tenant_id', 'tokens.method'])
    .select(['tokens.minted_by', 'tokens.bound_to', 'tokens.issued_at', 'tokens.expires_at', 'tokens.identity_id', 'tokens.user_id'])
    .select(['tokens.actor_id', 'tokens.client', 'tokens.consent_id', 'tokens.parent', 'tokens.depth', 'tokens.scope', 'tokens.binding'])
    .select('tokens.assurance')
    .select([revokedAt.as('revoked_at'), state.as('state')])
    .where(ownedWithin(permit.reach, 'workloads'))
}

interface Row {
  readonly id: string
  readonly grant_id: string
  readonly workload_id: string
  readonly resource_id: string
  readonly tenant_id: string | null
  readonly method: string
  readonly minted_by: string | null
  readonly bound_to: string | null
  readonly identity_id: string | null
  readonly user_id: string | null
  readonly actor_id: string | null
  readonly client: string | null
  readonly consent_id: string | null
  readonly parent: string | null
  readonly depth: number
  readonly scope: unknown
  readonly binding: Token['binding']
  readonly assurance: Token['assurance']
  readonly state: Token['state']
  readonly issued_at: Date
  readonly expires_at: Date
  readonly revoked_at: Date | null
}

function tokenOf(row: Row): Token {
  return {
    id: row.id,
    grant: row.grant_id,
    workload: row.workload_id,
    resource: row.resource_id,
    tenant: row.tenant_id,
    method: row.method,
    minted_by: row.minted_by,
    identity: row.identity_id,
    user: row.user_id,
    actor: row.actor_id,
    client: row.client,
    consent: row.consent_id,
    parent: row.parent,
    depth: row.depth,
    scope: row.scope as Token['scope'],
    binding: row.binding,
    bound_to: row.bound_to,
    assurance: row.assurance,
    state: row.state,
    issued_at: shown(row.issued_at),
    expires_at: shown(row.expires_at),
    revoked_at: shownOrNull(row.revoked_at),
  }
}
