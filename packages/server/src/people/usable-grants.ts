import type { GrantScope } from '@keyward/contract/grants'
import type { RoleBinding } from '@keyward/contract/people'
import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { ownedWithin } from '../inventory/reach.ts'
import { type Reach, reachOf } from './permit.ts'

type Db = Kysely<Tables>

export interface UsableGrant {
  readonly id: string
  readonly workload: string
  readonly workloadName: string
  readonly owned: boolean
  readonly environment: string
  readonly resourceName: string
  readonly resourceKind: string
  readonly tenantName: string | null
  readonly scope: GrantScope
  readonly ttlSeconds: number
  readonly expiresAt: Date | null
}

interface Wanted {
  readonly grant?: string | undefined
  readonly resource?: string | undefined
  /** The client is this workload: it acts under its own grants. */
  readonly workload?: string | undefined
}

/** What a page can show; a person with more names the grant. */
const grantsMax = 100

/**
 * The active grants under which a person may let a client act: those by which they could mint a token by hand (`grant:mint`), the workloads that
 * belong to them or their team first.
 */
export async function usableGrants(
  db: Db,
  person: { readonly id: string; readonly roles: readonly RoleBinding[] },
  wanted: Wanted,
): Promise<UsableGrant[]> {
  const reach = reachOf(person.roles, 'grant:mint')
  if (reach === undefined) return []
  return await grantsWithin(db, person.id, reach, wanted)
}

/** Whether a person may still let anybody act under a grant: asked for each token, so that a role that was taken away counts at once. */
export async function mayUseGrant(db: Db, user: string, grant: string): Promise<boolean> {
  const rows = await db.selectFrom('role_bindings').select(['role', 'team', 'environment']).where('user_id', '=', user).execute()
  const roles = rows.map(({ role, team, environment }) => ({
    role,
    ...(team === null ? {} : { team }),
    ...(environment === null ? {} : { environment }),
  }))
  return (await usableGrants(db, { id: user, roles: roles as RoleBinding[] }, { grant })).length === 1
}

async function grantsWithin(db: Db, user: string, reach: Reach, wanted: Wanted): Promise<UsableGrant[]> {
  const owned = sql<boolean>`exists (select from users u join owners o on o.id = u.owner
    where u.id = ${user} and workloads.owner in (o.id, o.team))`
  let rows = db
    .selectFrom('grants')
    .innerJoin('workloads', 'workloads.id', 'grants.workload_id')
    .innerJoin('resources', 'resources.id', 'grants.resource_id')
    .leftJoin('tenants', 'tenants.id', 'grants.tenant_id')
    .select(['grants.id', 'grants.scope', 'grants.ttl_seconds', 'grants.expires_at', 'workloads.id as workload'])
    .select(['workloads.name as workload_name', 'workloads.environment', 'resources.name as resource_name'])
    .select(['resources.kind as resource_kind', 'tenants.name as tenant_name', owned.as('owned')])
    .where('grants.state', '=', 'active')
    .where('workloads.state', '=', 'active')
    .where((eb) => eb.or([eb('grants.expires_at', 'is', null), eb('grants.expires_at', '>', eb.fn<Date>('now'))]))
    .where(ownedWithin(reach, 'workloads'))
  if (wanted.grant !== undefined) rows = rows.where('grants.id', '=', wanted.grant)
  if (wanted.resource !== undefined) rows = rows.where('resources.name', '=', wanted.resource)
  if (wanted.workload !== undefined) rows = rows.where('workloads.id', '=', wanted.workload)
  const found = await rows.orderBy('owned', 'desc').orderBy('workloads.name').orderBy('grants.id').limit(grantsMax).execute()
  return found.map((row) => ({
    id: row.id,
    workload: row.workload,
    workloadName: row.workload_name,
    owned: row.owned,
    environment: row.environment,
    resourceName: row.resource_name,
    resourceKind: row.resource_kind,
    tenantName: row.tenant_name,
    scope: row.scope as GrantScope,
    ttlSeconds: row.ttl_seconds,
    expiresAt: row.expires_at,
  }))
}
