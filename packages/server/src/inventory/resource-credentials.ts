import { sql, type Transaction } from 'kysely'
import type { Tables } from '../db/tables.ts'
import type { Permit } from '../people/permit.ts'
import { invalid } from './conflicts.ts'
import { teamOfOwner } from './credentials.ts'
import { canonicalOrigin } from './provider-origins.ts'
import { ownedWithin, requireFreshAdmin } from './reach.ts'
import { requirePurpose, requireUsable } from './resource-rules.ts'

type Trx = Transaction<Tables>

/** The environment of a credential that serves every environment. */
export const everyEnvironment = '*'

/** Which credential serves which environment, and where in the body it was named. */
export interface Binding {
  readonly environment: string
  readonly credential: string
  readonly field: string
}

export interface BoundCredential {
  readonly id: string
  readonly provider: string
  readonly team: string | null
  readonly environment: string
}

/** @returns undefined where the body names none */
export function bindingsOf(input: {
  readonly credential?: string | undefined
  readonly credentials?: Readonly<Record<string, string>> | undefined
}): Binding[] | undefined {
  if (input.credential !== undefined) return [{ environment: everyEnvironment, credential: input.credential, field: '/credential' }]
  if (input.credentials === undefined) return undefined
  const entries = Object.entries(input.credentials)
  if (entries.length === 0) throw invalid('/credentials', 'must name a credential for at least one environment')
  return entries.map(([environment, credential]) => ({ environment, credential, field: `/credentials/${environment}` }))
}

/**
 * Locks the credentials and judges each for this resource: seen by the caller, alive, of the right purpose, in its environment, and allowed
 * at the upstream's origin. A fresh admin's word adds the origin to the credential; anybody else is refused.
 * @returns the credentials, and the ids of those that were given the origin
 * @throws KeywardError `invalid-request`, `conflict`, `forbidden`, `fresh-auth-required`
 */
export async function bindCredentials(
  trx: Trx,
  permit: Permit,
  bindings: readonly Binding[],
  kind: 'llm' | 'http',
  upstream: string,
): Promise<{ bound: BoundCredential[]; widened: string[] }> {
  const origin = canonicalOrigin(upstream)
  const bound: BoundCredential[] = []
  const widened: string[] = []
  // In one order everywhere, so that two requests cannot wait for each other.
  for (const { environment, credential, field } of [...bindings].sort((a, b) => (a.credential < b.credential ? -1 : 1))) {
    const row = await trx
      .selectFrom('credentials')
      .select(['id', 'name', 'provider', 'purpose', 'environment', 'owner', 'state', 'allowed_origins', 'revision'])
      .where('id', '=', credential)
      .where(ownedWithin(permit.reach, 'credentials'))
      .forUpdate()
      .executeTakeFirst()
    if (!row) throw invalid(field, 'names no credential that you can use: `GET /api/v1/credentials` lists them')
    requireUsable(row, field)
    requirePurpose(kind, row.purpose, field)
    if (environment !== everyEnvironment && row.environment !== environment) {
      throw invalid(field, `is a credential of ${row.environment}: environments do not share credentials`)
    }
    const team = await teamOfOwner(trx, row.owner)
    bound.push({ id: row.id, provider: row.provider, team, environment: row.environment })
    if (row.allowed_origins.includes(origin) || widened.includes(row.id)) continue
    requireFreshAdmin(
      permit,
      { team, environment: row.environment },
      `send ${row.name} to ${origin}, which is not among its allowed origins`,
    )
    await trx
      .updateTable('credentials')
      .set({ allowed_origins: [...row.allowed_origins, origin], updated_at: sql<Date>`now()`, revision: row.revision + 1 })
      .where('id', '=', row.id)
      .execute()
    widened.push(row.id)
  }
  return { bound, widened }
}

/**
 * Whether the upstream may be at a private address: only an admin of every credential that goes there says so, freshly authenticated; then
 * a literal private address needs no further word.
 * @throws KeywardError `invalid-request`, `forbidden`, `fresh-auth-required`
 */
export function privateAllowed(
  permit: Permit,
  bound: readonly BoundCredential[],
  reach: 'public' | 'private',
  asked: boolean | undefined,
): boolean {
  if (asked === false && reach === 'private') throw invalid('/allow_private', 'must be true for an upstream at a private address')
  if (asked !== true && reach === 'public') return false
  for (const credential of bound) requireFreshAdmin(permit, credential, 'allow an upstream at a private or loopback address')
  return true
}
