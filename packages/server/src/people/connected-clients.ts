import { KeywardError } from '@keyward/contract/errors'
import type { OAuthClient, OAuthClientCreate, OAuthClientQuery, OAuthClientUpdate } from '@keyward/contract/oauth-clients'
import { type Kysely, type Selectable, sql } from 'kysely'
import { type Page, pageOf } from '../db/page.ts'
import type { OauthClientsTable, Tables } from '../db/tables.ts'
import { naming } from '../inventory/conflicts.ts'
import { newId } from '../observe/ids.ts'
import { type Revision, requireRevision } from '../policy/revision.ts'
import type { Trx } from './people.ts'
import type { Permit } from './permit.ts'

/*
 * Registered clients: programs that people may connect to their agents. They belong to the installation, so changing one needs a role over
 * everything; every role may read them.
 */

type Db = Kysely<Tables>

const taken = {
  oauth_clients_name: { field: '/name', message: 'is the name of another client: choose another' },
  oauth_clients_workload: { field: '/workload', message: 'is registered as a client already' },
}

/** @throws KeywardError `invalid-cursor` */
export async function listClients(db: Db, _permit: Permit<'oauth_client:read'>, query: OAuthClientQuery): Promise<Page<OAuthClient>> {
  let rows = db.selectFrom('oauth_clients').selectAll('oauth_clients')
  if (query.state !== undefined) rows = rows.where('state', '=', query.state)
  return await pageOf(rows, 'oauth_clients', query, clientOf)
}

/** @throws KeywardError `not-found` */
export async function showClient(db: Db, _permit: Permit<'oauth_client:read'>, id: string): Promise<OAuthClient> {
  const row = await db.selectFrom('oauth_clients').selectAll().where('id', '=', id).executeTakeFirst()
  if (row === undefined) throw new KeywardError('not-found')
  return clientOf(row)
}

/** @throws KeywardError `forbidden`, `conflict`, `invalid-request` */
export async function createClient(trx: Trx, permit: Permit<'oauth_client:create'>, input: OAuthClientCreate): Promise<OAuthClient> {
  permit.requireAll()
  if (input.workload !== undefined) {
    const workload = await trx.selectFrom('workloads').select('state').where('id', '=', input.workload).forShare().executeTakeFirst()
    if (workload?.state !== 'active')
      throw new KeywardError('invalid-request', undefined, {
        errors: [{ field: '/workload', message: 'is not the id of an active workload' }],
      })
  }
  const row = await naming(taken, () =>
    trx
      .insertInto('oauth_clients')
      .values({
        id: newId('oauthClient'),
        name: input.name,
        redirect_uris: [...new Set(input.redirect_uris)],
        workload_id: input.workload ?? null,
        created_by: permit.principal.user.id,
      })
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
  return clientOf(row)
}

/** @throws KeywardError `not-found`, `forbidden`, `precondition-failed`, `already-revoked`, `conflict` */
export async function updateClient(
  trx: Trx,
  permit: Permit<'oauth_client:update'>,
  id: string,
  input: OAuthClientUpdate,
  revision: Revision,
): Promise<OAuthClient> {
  const before = await lockClient(trx, permit, id)
  requireRevision(before.revision, revision)
  if (before.state === 'revoked') throw new KeywardError('already-revoked', 'The client is revoked and cannot be changed')
  const row = await naming(taken, () =>
    trx
      .updateTable('oauth_clients')
      .set({
        ...(input.name === undefined ? {} : { name: input.name }),
        ...(input.redirect_uris === undefined ? {} : { redirect_uris: [...new Set(input.redirect_uris)] }),
        updated_at: sql<Date>`now()`,
        revision: before.revision + 1,
      })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
  return clientOf(row)
}

/**
 * Marks a client as revoked; what it holds is the caller's to end (lifecycle/revoke-consent).
 * @returns the client, and whether this act ended it
 * @throws KeywardError `not-found`, `forbidden`
 */
export async function markClientRevoked(
  trx: Trx,
  permit: Permit<'oauth_client:revoke'>,
  id: string,
): Promise<{ readonly client: OAuthClient; readonly ended: boolean }> {
  const before = await lockClient(trx, permit, id)
  if (before.state === 'revoked') return { client: clientOf(before), ended: false }
  const row = await trx
    .updateTable('oauth_clients')
    .set({ state: 'revoked', revoked_at: sql<Date>`clock_timestamp()`, updated_at: sql<Date>`now()`, revision: before.revision + 1 })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
  return { client: clientOf(row), ended: true }
}

async function lockClient(trx: Trx, permit: Permit, id: string): Promise<Selectable<OauthClientsTable>> {
  permit.requireAll()
  const row = await trx.selectFrom('oauth_clients').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  if (row === undefined) throw new KeywardError('not-found')
  return row
}

function clientOf(row: Selectable<OauthClientsTable>): OAuthClient {
  return {
    id: row.id,
    client_id: row.workload_id ?? row.id,
    name: row.name,
    redirect_uris: row.redirect_uris,
    workload: row.workload_id,
    state: row.state,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    revision: row.revision,
  }
}
