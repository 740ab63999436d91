import { KeywardError } from '@keyward/contract/errors'
import { sql, type Transaction } from 'kysely'
import type { Tables } from '../db/tables.ts'
import type { Permit } from '../people/permit.ts'
import { canonicalOrigin, originsOf } from './provider-origins.ts'
import { requireFreshAdmin } from './reach.ts'

/*
 * Where the gateway may send a secret. An operator who could write any origin could send any key to a machine of their own, so an origin
 * that is not the provider's needs an admin who has just signed in. For a provider that Keyward does not know, whoever takes the credential
 * in names its origins: they hold the secret at that moment anyway.
 */

interface Place {
  readonly team: string | null
  readonly environment: string
}

/** Of a new credential. @throws KeywardError `forbidden`, `fresh-auth-required` */
export function allowedOrigins(permit: Permit, place: Place, provider: string, asked: readonly string[] | undefined): string[] {
  const own = originsOf(provider)
  if (asked === undefined) return [...own]
  const origins = [...new Set(asked.map(canonicalOrigin))]
  if (own.length > 0 && origins.some((origin) => !own.includes(origin))) {
    requireFreshAdmin(permit, place, `allow origins that are not ${provider}'s own (${own.join(', ')})`)
  }
  return origins
}

/**
 * Of a credential that exists: everything new needs the admin, and nothing goes that a resource stands on.
 * @throws KeywardError `forbidden`, `fresh-auth-required`, `conflict`
 */
export async function changedOrigins(
  trx: Transaction<Tables>,
  permit: Permit,
  before: Place & { readonly id: string; readonly provider: string; readonly allowed_origins: readonly string[] },
  asked: readonly string[],
): Promise<string[]> {
  const origins = [...new Set(asked.map(canonicalOrigin))]
  const known = [...before.allowed_origins, ...originsOf(before.provider)]
  if (origins.some((origin) => !known.includes(origin))) requireFreshAdmin(permit, before, 'allow a further origin for a credential')
  const { rows } = await sql<{ name: string; upstream: string }>`
    select distinct r.name, r.upstream from resource_credentials c join resources r on r.id = c.resource_id where c.credential_id = ${before.id}`.execute(
    trx,
  )
  const stranded = rows.find((resource) => !origins.includes(canonicalOrigin(resource.upstream)))
  if (stranded) {
    const message = `lacks ${canonicalOrigin(stranded.upstream)}, which the resource ${stranded.name} needs: change that first`
    throw new KeywardError('conflict', `\`allowed_origins\` ${message}`, { errors: [{ field: '/allowed_origins', message }] })
  }
  return origins
}
