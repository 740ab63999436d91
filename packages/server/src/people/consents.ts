import type { Consent, ConsentQuery } from '@keyward/contract/consents'
import { KeywardError } from '@keyward/contract/errors'
import type { GrantScope } from '@keyward/contract/grants'
import { type Expression, type Kysely, type SqlBool, sql } from 'kysely'
import { type Page, pageOf } from '../db/page.ts'
import type { Tables } from '../db/tables.ts'
import { ownedWithin } from '../inventory/reach.ts'
import type { Permit } from './permit.ts'

type Db = Kysely<Tables>

/** Whose consents may be seen: those to grants of workloads within a permit's reach, or a person's own. */
export type ConsentReach = Permit<'consent:read'> | Permit<'consent:revoke'> | { readonly user: string }
type Query = Partial<Omit<ConsentQuery, 'limit'>> & { readonly limit: number }

/** @throws KeywardError `invalid-cursor` */
export async function listConsents(db: Db, whose: ConsentReach, query: Query): Promise<Page<Consent>> {
  let rows = consentRows(db).where(seenBy(whose))
  if (query.user !== undefined) rows = rows.where('consents.user_id', '=', query.user)
  if (query.grant !== undefined) rows = rows.where('consents.grant_id', '=', query.grant)
  if (query.state === 'revoked') rows = rows.where('consents.revoked_at', 'is not', null)
  if (query.state === 'active') rows = rows.where('consents.revoked_at', 'is', null).where('consents.expires_at', '>', sql<Date>`now()`)
  return await pageOf(rows, 'consents', query, consentOf)
}

/** @throws KeywardError `not-found`, also where it may not be seen */
export async function showConsent(db: Db, whose: ConsentReach, id: string): Promise<Consent> {
  const row = await consentRows(db).where(seenBy(whose)).where('consents.id', '=', id).executeTakeFirst()
  if (row === undefined) throw new KeywardError('not-found')
  return consentOf(row)
}

function consentRows(db: Db) {
  return db
    .selectFrom('consents')
    .innerJoin('grants', 'grants.id', 'consents.grant_id')
    .innerJoin('workloads', 'workloads.id', 'grants.workload_id')
    .innerJoin('resources', 'resources.id', 'grants.resource_id')
    .innerJoin('users', 'users.id', 'consents.user_id')
    .selectAll('consents')
    .select(['users.name as user_name', 'workloads.id as workload', 'workloads.name as workload_name', 'workloads.environment'])
    .select(['resources.id as resource', 'resources.name as resource_name'])
    .select(sql<boolean>`grants.state <> 'active' or consents.expires_at <= now() or grants.expires_at <= now()`.as('ended'))
}

type Row = Awaited<ReturnType<ReturnType<typeof consentRows>['executeTakeFirstOrThrow']>>

function seenBy(whose: ConsentReach): Expression<SqlBool> {
  return 'reach' in whose ? ownedWithin(whose.reach, 'workloads') : sql<SqlBool>`consents.user_id = ${whose.user}`
}

function consentOf(row: Row): Consent {
  return {
    id: row.id,
    user: row.user_id,
    user_name: row.user_name,
    client: row.client,
    client_name: row.client_name,
    client_host: URL.parse(row.client)?.host || null,
    grant: row.grant_id,
    workload: row.workload,
    workload_name: row.workload_name,
    resource: row.resource,
    resource_name: row.resource_name,
    environment: row.environment,
    scope: row.scope as GrantScope | null,
    state: row.revoked_at !== null ? 'revoked' : row.ended ? 'ended' : 'active',
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    last_used_at: row.last_used_at?.toISOString() ?? null,
    revoked_at: row.revoked_at?.toISOString() ?? null,
    revoked_reason: row.revoked_reason,
  }
}
