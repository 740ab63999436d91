import { KeywardError } from '@keyward/contract/errors'
import type { Identity, IdentityCreate } from '@keyward/contract/identities'
import type { Workload, WorkloadCreate, WorkloadQuery, WorkloadUpdate } from '@keyward/contract/workloads'
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import { type Page, pageOf } from '../db/page.ts'
import type { Tables, WorkloadsTable } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import type { Permit } from '../people/permit.ts'
import { type Revision, requireRevision } from '../policy/revision.ts'
import { invalid, naming } from './conflicts.ts'
import { requireBackupOwner, requireCovered, teamOfOwner } from './credentials.ts'
import { requireEnvironment } from './environments.ts'
import { identitiesOf, insertIdentity } from './identities.ts'
import { weakestOf } from './identity-row.ts'
import { requireOwner } from './owners.ts'
import { ownedWithin } from './reach.ts'
import { matches } from './search.ts'
import { shown, shownOrNull } from './times.ts'
import { requireUnused, type Use, usesShownMax } from './used-by.ts'

/* Workloads: the non-human principals. A revoked one keeps its row and its history; its name becomes free. */

type Db = Kysely<Tables>
type Trx = Transaction<Tables>

const nameTaken = {
  workloads_name: { field: '/name', message: 'is the name of another active workload in this environment: choose another' },
}

/** @throws KeywardError `invalid-cursor` */
export async function listWorkloads(db: Db, permit: Permit<'workload:read'>, query: WorkloadQuery): Promise<Page<Workload>> {
  let rows = db.selectFrom('workloads').selectAll('workloads').where(ownedWithin(permit.reach, 'workloads'))
  for (const column of ['environment', 'owner', 'type', 'state'] as const) {
    const value = query[column]
    if (value !== undefined) rows = rows.where(`workloads.${column}`, '=', value)
  }
  if (query.issuer !== undefined) rows = rows.where(reliesOn(query.issuer))
  if (query.q !== undefined) rows = rows.where(matches('workloads', query.q))
  const page = await pageOf(rows, 'workloads', query, (row) => row)
  const identities = await identitiesOf(
    db,
    page.items.map((row) => row.id),
  )
  return { items: page.items.map((row) => workloadOf(row, identities.get(row.id) ?? [])), next_cursor: page.next_cursor }
}

/** A live identity of the workload is a trust rule of that issuer. */
function reliesOn(issuer: string) {
  return sql<boolean>`exists (select from workload_identities where workload_id = workloads.id and issuer_id = ${issuer} and revoked_at is null)`
}

/** Of these workloads the ones that the permit reaches. */
export async function reachedWorkloads(db: Db, permit: Permit, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0 || permit.reach === 'all') return new Set(ids)
  const rows = await db
    .selectFrom('workloads')
    .select('id')
    .where((eb) => eb('id', '=', eb.fn.any(eb.val([...ids]))))
    .where(ownedWithin(permit.reach, 'workloads'))
    .execute()
  return new Set(rows.map((row) => row.id))
}

/** @throws KeywardError `not-found` */
export async function showWorkload(db: Db, permit: Permit<'workload:read'>, id: string): Promise<Workload> {
  const row = await db
    .selectFrom('workloads')
    .selectAll()
    .where('id', '=', id)
    .where(ownedWithin(permit.reach, 'workloads'))
    .executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  return workloadOf(row, (await identitiesOf(db, [id])).get(id) ?? [])
}

/**
 * @returns the workload; client secrets that were asked for are in it this one time
 * @throws KeywardError `invalid-request` (field named), `forbidden` outside the role's reach, `conflict` for a name or key that is taken
 */
export async function createWorkload(trx: Trx, permit: Permit<'workload:create'>, input: WorkloadCreate): Promise<Workload> {
  await requireEnvironment(trx, input.environment)
  requireCovered(permit, await requireOwner(trx, permit, input.owner, '/owner'), input.environment)
  if (input.backup_owner !== undefined) await requireBackupOwner(trx, permit, input.owner, input.backup_owner)
  const row = await naming(nameTaken, () =>
    trx
      .insertInto('workloads')
      .values({
        id: newId('workload'),
        name: input.name,
        type: input.type,
        owner: input.owner,
        backup_owner: input.backup_owner ?? null,
        environment: input.environment,
        description: input.description ?? null,
      })
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
  const identities: Identity[] = []
  for (const [index, identity] of (input.identities ?? []).entries()) {
    identities.unshift(await insertIdentity(trx, row.id, identity, `/identities/${index}`))
  }
  return workloadOf(row, identities)
}

/** @throws KeywardError `not-found`, `precondition-failed`, `conflict`, `invalid-request`, `forbidden` */
export async function updateWorkload(
  trx: Trx,
  permit: Permit<'workload:update'>,
  id: string,
  input: WorkloadUpdate,
  revision: Revision,
): Promise<Workload> {
  const before = await lockWorkload(trx, permit, id)
  requireRevision(before.revision, revision)
  if (input.owner !== undefined && input.owner !== before.owner) {
    requireCovered(permit, await requireOwner(trx, permit, input.owner, '/owner'), before.environment)
  }
  if (typeof input.backup_owner === 'string') await requireBackupOwner(trx, permit, input.owner ?? before.owner, input.backup_owner)
  else if (input.owner !== undefined && input.backup_owner === undefined && before.backup_owner === input.owner) {
    throw invalid('/owner', 'is the backup owner: name another backup in the same request')
  }
  const row = await naming(nameTaken, () =>
    trx
      .updateTable('workloads')
      .set({ ...input, updated_at: sql<Date>`now()`, revision: before.revision + 1 })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
  return workloadOf(row, (await identitiesOf(trx, [id])).get(id) ?? [])
}

/** Its budgets go with it. @throws KeywardError `not-found`, `precondition-failed`, `in-use` */
export async function deleteWorkload(trx: Trx, permit: Permit<'workload:delete'>, id: string, revision: Revision): Promise<void> {
  const before = await lockWorkload(trx, permit, id)
  requireRevision(before.revision, revision)
  const { rows } = await sql<Use>`
    select 'grant' as kind, g.id, 'on ' || r.name as name from grants g join resources r on r.id = g.resource_id
    where g.workload_id = ${id} limit ${usesShownMax}`.execute(trx)
  requireUnused('The workload', rows)
  await trx.deleteFrom('budgets').where('level', '=', 'workload').where('subject', '=', id).execute()
  await trx.deleteFrom('workloads').where('id', '=', id).execute()
}

/** @throws KeywardError `not-found`, `already-revoked`, `conflict`, `invalid-request` */
export async function addIdentity(trx: Trx, permit: Permit<'workload:add_identity'>, id: string, input: IdentityCreate): Promise<Identity> {
  const before = await lockWorkload(trx, permit, id)
  if (before.state === 'revoked') throw new KeywardError('already-revoked', 'The workload is revoked: make a new one')
  return await insertIdentity(trx, id, input, '')
}

async function lockWorkload(trx: Trx, permit: Permit, id: string): Promise<Selectable<WorkloadsTable>> {
  const row = await trx
    .selectFrom('workloads')
    .selectAll()
    .where('id', '=', id)
    .where(ownedWithin(permit.reach, 'workloads'))
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  return row
}

function workloadOf(row: Selectable<WorkloadsTable>, identities: readonly Identity[]): Workload {
  return {
    id: row.id,
    name: row.name,
    type: row.type,
    owner: row.owner,
    backup_owner: row.backup_owner,
    environment: row.environment,
    description: row.description,
    state: row.state,
    identities: [...identities],
    assurance: weakestOf(identities),
    last_used_at: shownOrNull(row.last_used_at),
    revoked_at: shownOrNull(row.revoked_at),
    created_at: shown(row.created_at),
    updated_at: shown(row.updated_at),
    revision: row.revision,
  }
}

/** The team and environment of a workload, as the audit log wants them. */
export async function placeOfWorkload(trx: Trx, id: string): Promise<{ team: string | null; environment: string } | Record<string, never>> {
  const row = await trx.selectFrom('workloads').select(['owner', 'environment']).where('id', '=', id).executeTakeFirst()
  return row === undefined ? {} : { team: await teamOfOwner(trx, row.owner), environment: row.environment }
}
