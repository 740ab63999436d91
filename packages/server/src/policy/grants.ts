import { KeywardError } from '@keyward/contract/errors'
import type { Grant, GrantCreate, GrantLimits, GrantQuery, GrantScope, GrantUpdate } from '@keyward/contract/grants'
import type { ResourceKind } from '@keyward/contract/words'
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import { type Reach, teamOf, within } from '../audit/reach.ts'
import { type Page, pageOf } from '../db/page.ts'
import type { GrantsTable, Tables } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import { type Revision, requireRevision } from './revision.ts'

/*
 * Grants: statements and their rules. Whoever changes one records the act (audit.recordIn) and then, as the last statement of the same
 * transaction, the change (recordChange, kind `grant`), so that every node drops what it cached.
 */

type Db = Kysely<Tables>
type Trx = Transaction<Tables>

/**
 * @param createdBy id of the person, or null where the system acts
 * @throws KeywardError `invalid-request` (field named) where workload, resource or tenant is unknown or outside the reach, or the scope does
 *   not fit the resource's kind; `already-revoked` where the workload or tenant is revoked
 */
export async function createGrant(trx: Trx, reach: Reach, input: GrantCreate, createdBy: string | null): Promise<Grant> {
  await requireWorkload(trx, reach, input.workload)
  const kind = await requireResource(trx, input.resource)
  requireScope(kind, input.scope)
  if (input.tenant !== undefined) await requireTenant(trx, input.tenant)
  await requireDelegates(trx, reach, input.delegates, input.workload)
  requireOneBinding(input.require_dpop, input.require_mtls)
  if (input.expires_at !== undefined && input.expires_at !== null) await requireFuture(trx, input.expires_at)
  const row = await trx
    .insertInto('grants')
    .values({
      id: newId('grant'),
      workload_id: input.workload,
      resource_id: input.resource,
      tenant_id: input.tenant ?? null,
      scope: JSON.stringify(input.scope),
      limits: JSON.stringify(input.limits ?? {}),
      ttl_seconds: input.ttl_seconds,
      expires_at: input.expires_at ?? null,
      require_dpop: input.require_dpop,
      require_mtls: input.require_mtls,
      minimum_assurance: input.minimum_assurance ?? null,
      delegates: input.delegates,
      streams_outlive_token: input.streams_outlive_token,
      reason: input.reason ?? null,
      created_by: createdBy,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
  return grantOf(row)
}

/** @throws KeywardError `invalid-cursor` */
export async function listGrants(db: Db, reach: Reach, query: GrantQuery): Promise<Page<Grant>> {
  let rows = db.selectFrom('grants').selectAll('grants')
  if (query.workload !== undefined) rows = rows.where('grants.workload_id', '=', query.workload)
  if (query.resource !== undefined) rows = rows.where('grants.resource_id', '=', query.resource)
  if (query.tenant !== undefined) rows = rows.where('grants.tenant_id', '=', query.tenant)
  if (query.state !== undefined) rows = rows.where('grants.state', '=', query.state)
  if (reach !== 'all') rows = rows.where(({ exists }) => exists(reachedWorkload(db, reach)))
  return await pageOf(rows, 'grants', query, grantOf)
}

/** @throws KeywardError `not-found`, also where it is outside the reach */
export async function showGrant(db: Db, reach: Reach, id: string): Promise<Grant> {
  return grantOf(await reachedGrant(db, reach, id))
}

/**
 * Open tokens feel it at once: the gateway reads the grant, not the token, for all but its end.
 *
 * @returns the grant, and the workloads that are no delegates of it any more: what they hold is the caller's to end
 * @throws KeywardError `not-found`, `precondition-failed`, `already-revoked`, `invalid-request`
 */
export async function updateGrant(
  trx: Trx,
  reach: Reach,
  id: string,
  input: GrantUpdate,
  revision: Revision,
): Promise<{ readonly grant: Grant; readonly delegatesOut: readonly string[] }> {
  const before = await reachedGrant(trx, reach, id, 'for update')
  requireRevision(before.revision, revision)
  if (before.state === 'revoked') throw new KeywardError('already-revoked', 'The grant is revoked and cannot be changed')
  if (input.scope !== undefined) requireScope(await requireResource(trx, before.resource_id), input.scope)
  if (input.delegates !== undefined) await requireDelegates(trx, reach, input.delegates, before.workload_id)
  requireOneBinding(input.require_dpop ?? before.require_dpop, input.require_mtls ?? before.require_mtls)
  if (input.expires_at !== undefined && input.expires_at !== null) await requireFuture(trx, input.expires_at)
  const row = await trx
    .updateTable('grants')
    .set({
      ...(input.scope === undefined ? {} : { scope: JSON.stringify(input.scope) }),
      ...(input.limits === undefined ? {} : { limits: JSON.stringify(input.limits) }),
      ...(input.ttl_seconds === undefined ? {} : { ttl_seconds: input.ttl_seconds }),
      ...(input.expires_at === undefined ? {} : { expires_at: input.expires_at }),
      ...(input.require_dpop === undefined ? {} : { require_dpop: input.require_dpop }),
      ...(input.require_mtls === undefined ? {} : { require_mtls: input.require_mtls }),
      ...(input.minimum_assurance === undefined ? {} : { minimum_assurance: input.minimum_assurance }),
      ...(input.delegates === undefined ? {} : { delegates: input.delegates }),
      ...(input.streams_outlive_token === undefined ? {} : { streams_outlive_token: input.streams_outlive_token }),
      updated_at: sql<Date>`now()`,
      revision: before.revision + 1,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  return { grant: grantOf(row), delegatesOut: before.delegates.filter((one) => !row.delegates.includes(one)) }
}

/**
 * Only a revoked grant without a live token can go: what could still act must stay visible. Its budgets go with it.
 *
 * @throws KeywardError `not-found`, `precondition-failed`, `in-use`
 */
export async function deleteGrant(trx: Trx, reach: Reach, id: string, revision: Revision): Promise<void> {
  const before = await reachedGrant(trx, reach, id, 'for update')
  requireRevision(before.revision, revision)
  if (before.state !== 'revoked')
    throw new KeywardError('in-use', 'The grant is active: revoke it first', { extra: { used_by: [workloadReference(before)] } })
  const live = await trx
    .selectFrom('tokens')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where('grant_id', '=', id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .executeTakeFirstOrThrow()
  if (live.count > 0n)
    throw new KeywardError('in-use', `${live.count} tokens of the grant have not ended`, {
      extra: { used_by: [workloadReference(before)] },
    })
  await trx.deleteFrom('budgets').where('level', '=', 'grant').where('subject', '=', id).execute()
  await trx.deleteFrom('grants').where('id', '=', id).execute()
}

function workloadReference(grant: Selectable<GrantsTable>) {
  return { kind: 'workload', id: grant.workload_id, name: grant.workload_id }
}

async function reachedGrant(db: Db, reach: Reach, id: string, lock?: 'for update'): Promise<Selectable<GrantsTable>> {
  let query = db.selectFrom('grants').selectAll('grants').where('grants.id', '=', id)
  if (reach !== 'all') query = query.where(({ exists }) => exists(reachedWorkload(db, reach)))
  if (lock) query = query.forUpdate()
  const row = await query.executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  return row
}

/** The grant's workload, where the reach covers it. */
function reachedWorkload(db: Db, reach: Reach) {
  return db
    .selectFrom('workloads')
    .innerJoin('owners', 'owners.id', 'workloads.owner')
    .select('workloads.id')
    .whereRef('workloads.id', '=', sql.ref('grants.workload_id'))
    .where(within(reach, teamOf(), sql.ref('workloads.environment')))
}

/** Locked against a revocation at the same time: either it sees this grant, or this sees that it is revoked. */
async function requireWorkload(trx: Trx, reach: Reach, id: string, field = '/workload'): Promise<void> {
  const row = await trx
    .selectFrom('workloads')
    .innerJoin('owners', 'owners.id', 'workloads.owner')
    .select(['workloads.state', 'workloads.name'])
    .where('workloads.id', '=', id)
    .where(within(reach, teamOf(), sql.ref('workloads.environment')))
    .forShare('workloads')
    .executeTakeFirst()
  if (!row) throw invalid(field, 'is not a workload that you can use here: see GET /api/v1/workloads')
  if (row.state === 'revoked') throw new KeywardError('already-revoked', `The workload ${row.name} is revoked: create a new one`)
}

/** A token is bound to one key: no token could satisfy both. */
function requireOneBinding(dpop: boolean, mtls: boolean): void {
  if (dpop && mtls) throw invalid('/require_mtls', 'can not go with require_dpop, for a token is bound to one key: ask for one of them')
}

/** Workloads that may act under its tokens: known, within the reach, and another than its own. */
async function requireDelegates(trx: Trx, reach: Reach, ids: readonly string[], own: string): Promise<void> {
  for (const [index, id] of ids.entries()) {
    if (id === own) throw invalid(`/delegates/${index}`, "is the grant's own workload, which needs no leave")
    await requireWorkload(trx, reach, id, `/delegates/${index}`)
  }
}

async function requireResource(trx: Trx, id: string): Promise<ResourceKind> {
  const row = await trx.selectFrom('resources').select('kind').where('id', '=', id).forShare().executeTakeFirst()
  if (!row) throw invalid('/resource', 'is not a resource: see GET /api/v1/resources')
  return row.kind
}

async function requireTenant(trx: Trx, id: string): Promise<void> {
  const row = await trx.selectFrom('tenants').select(['state', 'name']).where('id', '=', id).forShare().executeTakeFirst()
  if (!row) throw invalid('/tenant', 'is not a tenant: see GET /api/v1/tenants')
  if (row.state === 'revoked') throw new KeywardError('already-revoked', `The tenant ${row.name} is revoked`)
}

function requireScope(kind: ResourceKind, scope: GrantScope): void {
  const fits = kind === 'llm' ? 'models' in scope : kind === 'http' ? 'paths' in scope : false
  if (fits) return
  const needed = kind === 'llm' ? '`models` (and optionally `operations`)' : '`methods` and `paths`'
  throw invalid('/scope', `must name ${needed}: the resource is of kind ${kind}`)
}

async function requireFuture(trx: Trx, time: string): Promise<void> {
  const { rows } = await sql<{ future: boolean }>`select ${time}::timestamptz > now() as future`.execute(trx)
  if (!rows[0]?.future) throw invalid('/expires_at', 'must lie in the future')
}

function invalid(field: string, message: string): KeywardError {
  return new KeywardError('invalid-request', undefined, { errors: [{ field, message }] })
}

function grantOf(row: Selectable<GrantsTable>): Grant {
  return {
    id: row.id,
    workload: row.workload_id,
    resource: row.resource_id,
    tenant: row.tenant_id,
    scope: row.scope as GrantScope,
    limits: row.limits as GrantLimits,
    ttl_seconds: row.ttl_seconds,
    expires_at: row.expires_at?.toISOString() ?? null,
    require_dpop: row.require_dpop,
    require_mtls: row.require_mtls,
    minimum_assurance: row.minimum_assurance,
    delegates: row.delegates,
    streams_outlive_token: row.streams_outlive_token,
    reason: row.reason,
    state: row.state,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    revision: row.revision,
  }
}
