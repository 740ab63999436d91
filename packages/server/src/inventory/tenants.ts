import { KeywardError } from '@keyward/contract/errors'
import type { Tenant, TenantCreate, TenantUpdate } from '@keyward/contract/owners'
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import { type Page, pageOf } from '../db/page.ts'
import type { Tables, TenantsTable } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import type { Permit } from '../people/permit.ts'
import { type Revision, requireRevision } from '../policy/revision.ts'
import { naming } from './conflicts.ts'
import { matches } from './search.ts'
import { shown, shownOrNull } from './times.ts'
import { requireUnused, type Use, usesShownMax } from './used-by.ts'

/*
 * Tenants: the customers inside a resource. They belong to the organisation as a whole, to no team and no environment: every role may read
 * them, because grants name them; changing one needs a role over everything.
 */

type Db = Kysely<Tables>
type Trx = Transaction<Tables>
type TenantQuery = {
  readonly cursor?: string | undefined
  readonly limit: number
  readonly state?: Tenant['state'] | undefined
  readonly q?: string | undefined
}

const taken = {
  tenants_name: { field: '/name', message: 'is the name of another tenant: choose another' },
  tenants_external: { field: '/external_id', message: 'belongs to another tenant: choose another' },
}

/** @throws KeywardError `invalid-cursor` */
export async function listTenants(db: Db, _permit: Permit<'tenant:read'>, query: TenantQuery): Promise<Page<Tenant>> {
  let rows = db.selectFrom('tenants').selectAll('tenants')
  if (query.state !== undefined) rows = rows.where('tenants.state', '=', query.state)
  if (query.q !== undefined) rows = rows.where(matches('tenants', query.q))
  return await pageOf(rows, 'tenants', query, tenantOf)
}

/** @throws KeywardError `not-found` */
export async function showTenant(db: Db, _permit: Permit<'tenant:read'>, id: string): Promise<Tenant> {
  const row = await db.selectFrom('tenants').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  return tenantOf(row)
}

/** @throws KeywardError `forbidden`, `conflict` */
export async function createTenant(trx: Trx, permit: Permit<'tenant:create'>, input: TenantCreate): Promise<Tenant> {
  permit.requireAll()
  const row = await naming(taken, () =>
    trx
      .insertInto('tenants')
      .values({ id: newId('tenant'), name: input.name, external_id: input.external_id ?? input.name })
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
  return tenantOf(row)
}

/** @throws KeywardError `not-found`, `forbidden`, `precondition-failed`, `already-revoked`, `conflict` */
export async function updateTenant(
  trx: Trx,
  permit: Permit<'tenant:update'>,
  id: string,
  input: TenantUpdate,
  revision: Revision,
): Promise<Tenant> {
  const before = await lockTenant(trx, permit, id, revision)
  if (before.state === 'revoked') throw new KeywardError('already-revoked', 'The tenant is revoked and cannot be changed')
  const row = await naming(taken, () =>
    trx
      .updateTable('tenants')
      .set({ ...input, updated_at: sql<Date>`now()`, revision: before.revision + 1 })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
  return tenantOf(row)
}

/** @throws KeywardError `not-found`, `forbidden`, `precondition-failed`, `in-use` */
export async function deleteTenant(trx: Trx, permit: Permit<'tenant:delete'>, id: string, revision: Revision): Promise<void> {
  await lockTenant(trx, permit, id, revision)
  const { rows } = await sql<Use>`
    select 'grant' as kind, g.id, w.name || ' on ' || r.name as name
    from grants g join workloads w on w.id = g.workload_id join resources r on r.id = g.resource_id
    where g.tenant_id = ${id} limit ${usesShownMax}`.execute(trx)
  requireUnused('The tenant', rows)
  await trx.deleteFrom('tenants').where('id', '=', id).execute()
}

async function lockTenant(trx: Trx, permit: Permit<'tenant:update'> | Permit<'tenant:delete'>, id: string, revision: Revision) {
  permit.requireAll()
  const row = await trx.selectFrom('tenants').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  requireRevision(row.revision, revision)
  return row
}

function tenantOf(row: Selectable<TenantsTable>): Tenant {
  return {
    id: row.id,
    name: row.name,
    external_id: row.external_id,
    state: row.state,
    revoked_at: shownOrNull(row.revoked_at),
    created_at: shown(row.created_at),
    updated_at: shown(row.updated_at),
    revision: row.revision,
  }
}
