import { KeywardError } from '@keyward/contract/errors'
import { GroupMapping, type IdentityProvider, type IdentityProviderQuery, type SignInProvider } from '@keyward/contract/identity-providers'
import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import { z } from 'zod'
import type { Database } from '../../db/database.ts'
import { type Page, pageOf } from '../../db/page.ts'
import type { IdentityProvidersTable } from '../../db/tables.ts'
import type { People, Trx } from '../people.ts'
import type { Permit } from '../permit.ts'

export type ProviderRow = Selectable<IdentityProvidersTable>

/** Where the provider sends people back. One for each provider, so that an answer of one cannot pass for another's (RFC 9700, section 4.4.2). */
export function redirectUri(origin: string, id: string): string {
  return `${origin}/sign-in/callback/${id}`
}

export function mappingsOf(row: Pick<ProviderRow, 'mappings'>): GroupMapping[] {
  return z.array(GroupMapping).parse(row.mappings)
}

/** Providers newest first. */
export async function listProviders(
  people: Pick<People, 'db' | 'origin'>,
  permit: Permit<'identity_provider:read'>,
  query: IdentityProviderQuery,
): Promise<Page<IdentityProvider>> {
  permit.requireAll()
  const { state } = query
  const rows = providerRows(people.db).$if(state !== undefined, (select) =>
    select.where('identity_providers.state', '=', state ?? 'active'),
  )
  return pageOf(rows, 'identity_providers', query, (row) => showProvider(people.origin, row))
}

/** @throws KeywardError `not-found` */
export async function showProviderById(people: Pick<People, 'origin'>, db: Database | Trx, id: string): Promise<IdentityProvider> {
  const row = await providerRows(db).where('identity_providers.id', '=', id).executeTakeFirst()
  if (row === undefined) throw new KeywardError('not-found')
  return showProvider(people.origin, row)
}

/** What anybody may know: whom they can sign in with. */
export async function signInProviders(db: Database): Promise<SignInProvider[]> {
  return db
    .selectFrom('identity_providers')
    .select(['id', 'name'])
    .where('state', '=', 'active')
    .orderBy(sql`lower(name)`)
    .limit(signInProvidersMax)
    .execute()
}

/** Buttons on a page. */
const signInProvidersMax = 50

function providerRows(db: Database | Trx) {
  return db
    .selectFrom('identity_providers')
    .selectAll('identity_providers')
    .select(sql<number>`(select count(distinct user_id)::int from user_links where provider_id = identity_providers.id)`.as('users'))
}

function showProvider(origin: string, row: ProviderRow & { readonly users: number }): IdentityProvider {
  return {
    id: row.id,
    name: row.name,
    issuer: row.issuer,
    client_id: row.client_id,
    has_client_secret: row.ciphertext !== null,
    redirect_uri: redirectUri(origin, row.id),
    scopes: row.scopes,
    groups_claim: row.groups_claim,
    mappings: mappingsOf(row),
    create_users: row.create_users,
    allow_private: row.allow_private,
    state: row.state,
    users: row.users,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    revision: row.revision,
  }
}
