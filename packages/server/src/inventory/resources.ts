import { KeywardError } from '@keyward/contract/errors'
import {
  Injection,
  type Resource,
  type ResourceCreate,
  ResourceLimits,
  type ResourceQuery,
  type ResourceUpdate,
  servedResourceKinds,
} from '@keyward/contract/resources'
import { type Expression, type Kysely, type Selectable, type SqlBool, sql, type Transaction } from 'kysely'
import { type Page, pageOf } from '../db/page.ts'
import type { ResourcesTable, Tables } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import type { Permit, Reach } from '../people/permit.ts'
import { type Revision, requireRevision } from '../policy/revision.ts'
import { invalid, naming } from './conflicts.ts'
import { ownedWithin } from './reach.ts'
import { type Binding, bindCredentials, bindingsOf, everyEnvironment, privateAllowed } from './resource-credentials.ts'
import { defaultInjection, judgeUpstream, providerFor, requireInjection } from './resource-rules.ts'
import { matches } from './search.ts'
import { shown } from './times.ts'
import { requireUnused, type Use, usesShownMax } from './used-by.ts'

/*
 * Resources: the upstreams behind the gateway. A resource lies where its credentials lie: a role that reaches one of them sees it, a role
 * that reaches all of them may change it.
 */

type Db = Kysely<Tables>
type Trx = Transaction<Tables>

/** Where this Keyward is reached. */
export interface OwnAddress {
  /** Without a slash at its end: `https://keyward.example.com`. */
  readonly origin: string
  /** True for every origin under which this server may be reached, in its one form. */
  isOwnOrigin(origin: string): boolean
}

/** A resource, and the credentials that an admin's word let go to a new origin: the caller records them. */
export interface ResourceMade {
  readonly resource: Resource
  readonly widened: readonly string[]
}

const nameTaken = { resources_name_key: { field: '/name', message: 'is the name of another resource: choose another' } }

/** @throws KeywardError `invalid-cursor` */
export async function listResources(
  db: Db,
  permit: Permit<'resource:read'>,
  query: ResourceQuery,
  at: OwnAddress,
): Promise<Page<Resource>> {
  let rows = db.selectFrom('resources').selectAll('resources').where(resourcesWithin(permit.reach))
  if (query.kind !== undefined) rows = rows.where('resources.kind', '=', query.kind)
  if (query.provider !== undefined) rows = rows.where('resources.provider', '=', query.provider)
  const { credential } = query
  if (credential !== undefined) {
    rows = rows.where('resources.id', 'in', (from) =>
      from.selectFrom('resource_credentials').select('resource_id').where('credential_id', '=', credential),
    )
  }
  if (query.q !== undefined) rows = rows.where(matches('resources', query.q))
  const page = await pageOf(rows, 'resources', query, (row) => row)
  const bindings = await bindingsIn(
    db,
    page.items.map((row) => row.id),
  )
  return { items: page.items.map((row) => resourceOf(row, bindings.get(row.id) ?? [], at)), next_cursor: page.next_cursor }
}

/** @throws KeywardError `not-found` */
export async function showResource(db: Db, permit: Permit<'resource:read'>, id: string, at: OwnAddress): Promise<Resource> {
  const row = await db.selectFrom('resources').selectAll().where('id', '=', id).where(resourcesWithin(permit.reach)).executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  return await shownResource(db, row, at)
}

/** @throws KeywardError `invalid-request` (field named), `conflict`, `forbidden`, `fresh-auth-required` */
export async function createResource(
  trx: Trx,
  permit: Permit<'resource:create'>,
  input: ResourceCreate,
  at: OwnAddress,
): Promise<ResourceMade> {
  const bindings = bindingsOf(input)
  if (bindings === undefined) throw invalid('/credential', 'is required')
  const upstream = plainUpstream(input.upstream)
  const reach = judgeUpstream(upstream, (origin) => at.isOwnOrigin(origin))
  const { bound, widened } = await bindCredentials(trx, permit, bindings, input.kind, upstream)
  const provider = providerFor(input.kind, input.provider, bound[0]?.provider ?? '')
  const injection = input.injection ?? defaultInjection(provider)
  requireInjection(injection)
  const row = await naming(nameTaken, () =>
    trx
      .insertInto('resources')
      .values({
        id: newId('resource'),
        name: input.name,
        kind: input.kind,
        upstream,
        provider,
        injection: JSON.stringify(injection),
        allow_private: privateAllowed(permit, bound, reach, input.allow_private),
        limits: JSON.stringify(input.limits ?? {}),
        description: input.description ?? null,
      })
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
  await writeBindings(trx, row.id, bindings)
  return { resource: await shownResource(trx, row, at), widened }
}

/** @throws KeywardError `not-found`, `precondition-failed`, `invalid-request`, `conflict`, `forbidden`, `fresh-auth-required` */
export async function updateResource(
  trx: Trx,
  permit: Permit<'resource:update'>,
  id: string,
  input: ResourceUpdate,
  revision: Revision,
  at: OwnAddress,
): Promise<ResourceMade> {
  const before = await lockResource(trx, permit, id, revision)
  const upstream = input.upstream === undefined ? before.upstream : plainUpstream(input.upstream)
  const reach = judgeUpstream(upstream, (origin) => at.isOwnOrigin(origin))
  const asked = bindingsOf(input)
  const changesTarget = asked !== undefined || input.upstream !== undefined || input.allow_private !== undefined
  const bindings = asked ?? (await bindingsIn(trx, [id])).get(id) ?? []
  const { bound, widened } = changesTarget
    ? await bindCredentials(trx, permit, bindings, servedKind(before.kind), upstream)
    : { bound: [], widened: [] }
  if (input.injection !== undefined) requireInjection(input.injection)
  const row = await trx
    .updateTable('resources')
    .set({
      upstream,
      ...(input.injection === undefined ? {} : { injection: JSON.stringify(input.injection) }),
      ...(input.limits === undefined ? {} : { limits: JSON.stringify(input.limits) }),
      ...(input.description === undefined ? {} : { description: input.description }),
      ...(changesTarget ? { allow_private: privateAllowed(permit, bound, reach, input.allow_private) } : {}),
      updated_at: sql<Date>`now()`,
      revision: before.revision + 1,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  if (asked) await writeBindings(trx, id, asked)
  return { resource: await shownResource(trx, row, at), widened }
}

/** @throws KeywardError `not-found`, `precondition-failed`, `in-use` */
export async function deleteResource(trx: Trx, permit: Permit<'resource:delete'>, id: string, revision: Revision): Promise<void> {
  await lockResource(trx, permit, id, revision)
  const { rows } = await sql<Use>`
    select 'grant' as kind, g.id, 'to ' || w.name as name from grants g join workloads w on w.id = g.workload_id
    where g.resource_id = ${id} limit ${usesShownMax}`.execute(trx)
  requireUnused('The resource', rows)
  await trx.deleteFrom('resources').where('id', '=', id).execute()
}

/**
 * A role over one team may only hand out what it reaches.
 * @throws KeywardError `invalid-request`
 */
export async function requireReachedResource(db: Db, permit: Permit<'grant:create'>, id: string): Promise<void> {
  const row = await db.selectFrom('resources').select('id').where('id', '=', id).where(resourcesWithin(permit.reach)).executeTakeFirst()
  if (!row) throw invalid('/resource', 'names no resource that you can use: `GET /api/v1/resources` lists them')
}

async function lockResource(trx: Trx, permit: Permit, id: string, revision: Revision): Promise<Selectable<ResourcesTable>> {
  const row = await trx
    .selectFrom('resources')
    .selectAll()
    .where('id', '=', id)
    .where(everyReached(permit.reach))
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  requireRevision(row.revision, revision)
  return row
}

/** The condition that a resource lies within the reach: one of its credentials does. */
export function resourcesWithin(reach: Reach): Expression<SqlBool> {
  if (reach === 'all') return sql<SqlBool>`true`
  return sql<SqlBool>`exists (select 1 from resource_credentials b join credentials on credentials.id = b.credential_id
    where b.resource_id = resources.id and ${ownedWithin(reach, 'credentials')})`
}

function everyReached(reach: Reach): Expression<SqlBool> {
  if (reach === 'all') return sql<SqlBool>`true`
  return sql<SqlBool>`(${resourcesWithin(reach)} and not exists (select 1 from resource_credentials b join credentials on credentials.id = b.credential_id
    where b.resource_id = resources.id and not ${ownedWithin(reach, 'credentials')}))`
}

/** What follows the name in a gateway address is appended, so a slash at the end would stand twice. */
function plainUpstream(text: string): string {
  return new URL(text).href.replace(/\/+$/, '')
}

function servedKind(kind: string): (typeof servedResourceKinds)[number] {
  const served = servedResourceKinds.find((one) => one === kind)
  if (served === undefined) throw new KeywardError('conflict', `Resources of kind ${kind} are not served by this version`)
  return served
}

async function writeBindings(trx: Trx, id: string, bindings: readonly Binding[]): Promise<void> {
  await trx.deleteFrom('resource_credentials').where('resource_id', '=', id).execute()
  await trx
    .insertInto('resource_credentials')
    .values(bindings.map(({ environment, credential }) => ({ resource_id: id, environment, credential_id: credential })))
    .execute()
}

async function bindingsIn(db: Db, ids: readonly string[]): Promise<Map<string, Binding[]>> {
  if (ids.length === 0) return new Map()
  const rows = await db.selectFrom('resource_credentials').selectAll().where('resource_id', 'in', ids).orderBy('environment').execute()
  const grouped = Map.groupBy(rows, (row) => row.resource_id)
  return new Map(
    [...grouped].map(([id, own]) => [
      id,
      own.map((row) => ({ environment: row.environment, credential: row.credential_id, field: '/upstream' })),
    ]),
  )
}

async function shownResource(db: Db, row: Selectable<ResourcesTable>, at: OwnAddress): Promise<Resource> {
  return resourceOf(row, (await bindingsIn(db, [row.id])).get(row.id) ?? [], at)
}

function resourceOf(row: Selectable<ResourcesTable>, bindings: readonly Binding[], at: OwnAddress): Resource {
  const every = bindings.find(({ environment }) => environment === everyEnvironment)
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    upstream: row.upstream,
    provider: row.provider,
    credential: every?.credential ?? null,
    credentials: every ? null : Object.fromEntries(bindings.map(({ environment, credential }) => [environment, credential])),
    injection: Injection.parse(row.injection),
    allow_private: row.allow_private,
    limits: ResourceLimits.parse(row.limits),
    description: row.description,
    address: `${at.origin}/g/${row.name}`,
    created_at: shown(row.created_at),
    updated_at: shown(row.updated_at),
    revision: row.revision,
  }
}
