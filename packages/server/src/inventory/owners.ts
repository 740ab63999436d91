import { KeywardError } from '@keyward/contract/errors'
import type { Owner, OwnerCreate, OwnerQuery, OwnerUpdate } from '@keyward/contract/owners'
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import { type Page, pageOf } from '../db/page.ts'
import type { OwnersTable, Tables } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import type { Permit } from '../people/permit.ts'
import { type Revision, requireRevision } from '../policy/revision.ts'
import { invalid, naming } from './conflicts.ts'
import { ownersWithin } from './reach.ts'
import { matches } from './search.ts'
import { shown } from './times.ts'
import { requireUnused, type Use, usesShownMax } from './used-by.ts'

/*
 * Owners: the people and teams that answer for credentials and workloads. An owner is a name in the inventory, not an account; a user may
 * say which owner they are.
 */

type Db = Kysely<Tables>
type Trx = Transaction<Tables>
type Row = Selectable<OwnersTable> & { readonly credentials: bigint; readonly workloads: bigint }

/** Counting is bounded: a page of owners with a million credentials each must not count them all. */
const ownedCountMax = 10_000

const nameTaken = { owners_name: { field: '/name', message: 'is the name of another owner of this kind: choose another' } }

/** @throws KeywardError `invalid-cursor` */
export async function listOwners(
  db: Db,
  permit: Permit<'owner:read'>,
  query: OwnerQuery,
  list: 'owners' | 'teams' = 'owners',
): Promise<Page<Owner>> {
  let rows = selectOwners(db).where(ownersWithin(permit.reach, 'owners'))
  const kind = list === 'teams' ? 'team' : query.kind
  if (kind !== undefined) rows = rows.where('owners.kind', '=', kind)
  if (query.team !== undefined) rows = rows.where('owners.team', '=', query.team)
  if (query.q !== undefined) rows = rows.where(matches('owners', query.q))
  const asked = { ...query, kind }
  return await pageOf(rows, 'owners', asked, ownerOf)
}

/** @throws KeywardError `not-found` */
export async function showOwner(db: Db, permit: Permit<'owner:read'>, id: string): Promise<Owner> {
  return ownerOf(await seenOwner(db, permit, id))
}

/**
 * @throws KeywardError `forbidden` where the role does not reach the owner's team, `conflict` for a name that is taken,
 *   `invalid-request` for a backup or team that does not fit
 */
export async function createOwner(trx: Trx, permit: Permit<'owner:create'>, input: OwnerCreate): Promise<Owner> {
  if (input.kind === 'team' && input.team !== undefined) throw invalid('/team', 'is for people: a team has none')
  requireCovered(permit, input.kind === 'team' ? null : (input.team ?? null))
  if (input.team !== undefined) await requireTeam(trx, permit, input.team)
  if (input.backup !== undefined) await requireBackup(trx, permit, input.backup)
  const id = newId('owner')
  await naming(nameTaken, () =>
    trx
      .insertInto('owners')
      .values({ id, kind: input.kind, name: input.name, contact: input.contact, backup: input.backup ?? null, team: input.team ?? null })
      .execute(),
  )
  return ownerOf(await byId(trx, id))
}

/** @throws KeywardError `not-found`, `forbidden`, `precondition-failed`, `conflict`, `invalid-request` */
export async function updateOwner(
  trx: Trx,
  permit: Permit<'owner:update'>,
  id: string,
  input: OwnerUpdate,
  revision: Revision,
): Promise<Owner> {
  const before = await lockOwner(trx, permit, id, revision)
  if (input.team !== undefined && input.team !== null) {
    if (before.kind === 'team') throw invalid('/team', 'is for people: a team has none')
    await requireTeam(trx, permit, input.team)
  }
  if (input.team !== undefined && input.team !== before.team) requireCovered(permit, input.team)
  if (input.backup === id) throw invalid('/backup', 'must be somebody else')
  if (input.backup !== undefined && input.backup !== null) await requireBackup(trx, permit, input.backup)
  await naming(nameTaken, () =>
    trx
      .updateTable('owners')
      .set({ ...input, updated_at: sql<Date>`now()`, revision: before.revision + 1 })
      .where('id', '=', id)
      .execute(),
  )
  return ownerOf(await byId(trx, id))
}

/** @throws KeywardError `not-found`, `forbidden`, `precondition-failed`, `in-use` */
export async function deleteOwner(trx: Trx, permit: Permit<'owner:delete'>, id: string, revision: Revision): Promise<void> {
  const before = await lockOwner(trx, permit, id, revision)
  requireUnused(before.kind === 'team' ? 'The team' : 'The owner', await usesOf(trx, id))
  await trx.deleteFrom('owners').where('id', '=', id).execute()
}

/**
 * The owner that a new or changed thing names.
 * @param field JSON pointer of the body
 * @returns the team that answers for the thing
 * @throws KeywardError `invalid-request` where there is no such owner within the reach
 */
export async function requireOwner(trx: Trx, permit: Permit, id: string, field: string): Promise<string | null> {
  const row = await trx
    .selectFrom('owners')
    .select(['id', 'kind', 'team'])
    .where('id', '=', id)
    .where(ownersWithin(permit.reach, 'owners'))
    .forShare()
    .executeTakeFirst()
  if (!row) throw invalid(field, 'names no owner that you can see: `GET /api/v1/owners` lists them')
  return row.kind === 'team' ? row.id : row.team
}

async function requireTeam(trx: Trx, permit: Permit, id: string): Promise<void> {
  const row = await trx
    .selectFrom('owners')
    .select('kind')
    .where('id', '=', id)
    .where(ownersWithin(permit.reach, 'owners'))
    .forShare()
    .executeTakeFirst()
  if (row?.kind !== 'team') throw invalid('/team', 'names no team that you can see: `GET /api/v1/teams` lists them')
}

async function requireBackup(trx: Trx, permit: Permit, id: string): Promise<void> {
  await requireOwner(trx, permit, id, '/backup')
}

/** A role over one team makes and changes the people of that team; what has no team needs a role over everything. */
function requireCovered(permit: Permit, team: string | null): void {
  if (!permit.covers({ team, environment: null })) {
    throw new KeywardError(
      'forbidden',
      team === null ? 'Your role is over one team or environment: name that team' : 'Your role is not over that team',
    )
  }
}

async function lockOwner(trx: Trx, permit: Permit<'owner:update'> | Permit<'owner:delete'>, id: string, revision: Revision) {
  const row = await trx
    .selectFrom('owners')
    .selectAll()
    .where('id', '=', id)
    .where(ownersWithin(permit.reach, 'owners'))
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  requireCovered(permit, row.kind === 'team' ? row.id : row.team)
  requireRevision(row.revision, revision)
  return row
}

async function seenOwner(db: Db, permit: Permit<'owner:read'>, id: string): Promise<Row> {
  const row = await selectOwners(db).where('owners.id', '=', id).where(ownersWithin(permit.reach, 'owners')).executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  return row
}

async function byId(db: Db, id: string): Promise<Row> {
  return await selectOwners(db).where('owners.id', '=', id).executeTakeFirstOrThrow()
}

function selectOwners(db: Db) {
  const counted = (table: 'credentials' | 'workloads') =>
    sql<bigint>`(select count(*) from (select 1 from ${sql.table(table)} t where t.owner = owners.id and t.state = 'active' limit ${ownedCountMax}) as counted)`
  return db
    .selectFrom('owners')
    .selectAll('owners')
    .select([counted('credentials').as('credentials'), counted('workloads').as('workloads')])
}

async function usesOf(trx: Trx, id: string): Promise<Use[]> {
  const { rows } = await sql<Use>`
    (select 'credential' as kind, id, name from credentials where owner = ${id} or backup_owner = ${id} limit ${usesShownMax})
    union all (select 'workload', id, name from workloads where owner = ${id} or backup_owner = ${id} limit ${usesShownMax})
    union all (select 'owner', id, name from owners where backup = ${id} or team = ${id} limit ${usesShownMax})
    union all (select 'user', id, name from users where owner = ${id} limit ${usesShownMax})
    union all (select 'role', r.id, r.role || ' of ' || u.name from role_bindings r join users u on u.id = r.user_id where r.team = ${id} limit ${usesShownMax})
    union all (select 'budget', id, time_window from budgets where level = 'team' and subject = ${id} limit ${usesShownMax})`.execute(trx)
  return rows
}

function ownerOf(row: Row): Owner {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    contact: row.contact,
    backup: row.backup,
    team: row.team,
    owns: { credentials: Number(row.credentials), workloads: Number(row.workloads) },
    created_at: shown(row.created_at),
    updated_at: shown(row.updated_at),
    revision: row.revision,
  }
}
