import { KeywardError } from '@keyward/contract/errors'
import type { Environment, EnvironmentCreate } from '@keyward/contract/owners'
import { type Kysely, sql, type Transaction } from 'kysely'
import { type Page, pageOf } from '../db/page.ts'
import type { Tables } from '../db/tables.ts'
import type { Permit } from '../people/permit.ts'
import { invalid, naming } from './conflicts.ts'
import { shown } from './times.ts'
import { requireUnused, type Use, usesShownMax } from './used-by.ts'

/* Environments: few, named, and in everybody's sight, because every credential and workload stands in one. */

type Db = Kysely<Tables>
type Trx = Transaction<Tables>

/** @throws KeywardError `invalid-cursor` */
export async function listEnvironments(
  db: Db,
  _permit: Permit<'environment:read'>,
  query: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<Page<Environment>> {
  const rows = db
    .selectFrom((from) => from.selectFrom('environments').select(['name as id', 'description', 'created_at']).as('environments'))
    .selectAll('environments')
  return await pageOf(rows, 'environments', query, (row) => environmentOf({ ...row, name: row.id }))
}

/** @throws KeywardError `forbidden`, `conflict` */
export async function createEnvironment(trx: Trx, permit: Permit<'environment:create'>, input: EnvironmentCreate): Promise<Environment> {
  permit.requireAll()
  const row = await naming({ environments_pkey: { field: '/name', message: 'is an environment already' } }, () =>
    trx
      .insertInto('environments')
      .values({ name: input.name, description: input.description ?? null })
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
  return environmentOf(row)
}

/** @throws KeywardError `not-found`, `forbidden`, `in-use` */
export async function deleteEnvironment(trx: Trx, permit: Permit<'environment:delete'>, name: string): Promise<void> {
  permit.requireAll()
  const row = await trx.selectFrom('environments').select('name').where('name', '=', name).forUpdate().executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  const { rows } = await sql<Use>`
    (select 'credential' as kind, id, name from credentials where environment = ${name} limit ${usesShownMax})
    union all (select 'workload', id, name from workloads where environment = ${name} limit ${usesShownMax})
    union all (select 'resource', r.id, r.name from resource_credentials c join resources r on r.id = c.resource_id where c.environment = ${name} limit ${usesShownMax})
    union all (select 'role', r.id, r.role || ' of ' || u.name from role_bindings r join users u on u.id = r.user_id where r.environment = ${name} limit ${usesShownMax})`.execute(
    trx,
  )
  requireUnused('The environment', rows)
  await trx.deleteFrom('environments').where('name', '=', name).execute()
}

/**
 * The environment that a new thing is to stand in.
 * @throws KeywardError `invalid-request` where there is no such environment
 */
export async function requireEnvironment(trx: Trx, name: string, field = '/environment'): Promise<void> {
  const row = await trx.selectFrom('environments').select('name').where('name', '=', name).forShare().executeTakeFirst()
  if (row) return
  const known = await trx.selectFrom('environments').select('name').orderBy('name').limit(10).execute()
  throw invalid(field, `is no environment: use one of ${known.map((one) => one.name).join(', ')}, or add it first`)
}

function environmentOf(row: { readonly name: string; readonly description: string | null; readonly created_at: Date }): Environment {
  return { name: row.name, description: row.description, created_at: shown(row.created_at) }
}
