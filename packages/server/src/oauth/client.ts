import type { IdentityMethod } from '@keyward/contract/words'
import type { Database } from '../db/database.ts'

/** A workload that proved who it is at an OAuth endpoint, and by which of its identities. */
export interface AuthenticatedClient {
  readonly workload: string
  readonly identity: string
  readonly method: IdentityMethod
  /** Grants that the identity is held to; null: every grant of its workload. */
  readonly grants: readonly string[] | null
  /** What vouched for it attests what runs where. */
  readonly attests: boolean
}

export interface ClientIdentity {
  readonly id: string
  readonly method: string
  readonly publicJwk: Readonly<Record<string, unknown>> | null
  readonly thumbprint: string | null
  readonly secretHash: Buffer | null
  readonly issuer: string | null
  readonly params: IdentityParams
}

/** What an identity pins, by its method (contract/identities): the column `params`. */
export interface IdentityParams {
  readonly audiences?: readonly string[]
  readonly claims?: Readonly<Record<string, unknown>>
  readonly spiffe_id?: string
  readonly subject?: { readonly kind: 'subject_dn' | 'san_dns' | 'san_uri' | 'san_ip' | 'san_email'; readonly value: string }
  readonly single_use?: boolean
  readonly grants?: readonly string[]
}

/** The usable identities of an active workload, at most 50; none where it is unknown or revoked. */
export async function identitiesOf(db: Database, workload: string, method: string): Promise<ClientIdentity[]> {
  if (!/^wl_[0-9a-z]{26}$/.test(workload)) return []
  const rows = await db
    .selectFrom('workload_identities')
    .innerJoin('workloads', 'workloads.id', 'workload_identities.workload_id')
    .select(['workload_identities.id', 'workload_identities.method', 'public_jwk', 'thumbprint', 'secret_hash', 'issuer_id', 'params'])
    .where('workload_id', '=', workload)
    .where('workloads.state', '=', 'active')
    .where('workload_identities.method', '=', method)
    .where('workload_identities.revoked_at', 'is', null)
    .where((eb) => eb.or([eb('workload_identities.expires_at', 'is', null), eb('workload_identities.expires_at', '>', eb.fn<Date>('now'))]))
    .orderBy('workload_identities.created_at', 'desc')
    .limit(50)
    .execute()
  return rows.map((row) => ({
    id: row.id,
    method: row.method,
    publicJwk: row.public_jwk as Record<string, unknown> | null,
    thumbprint: row.thumbprint,
    secretHash: row.secret_hash,
    issuer: row.issuer_id,
    params: row.params as IdentityParams,
  }))
}

const noteEveryMs = 60_000
const notedMax = 20_000
const noted = new Map<string, number>()

/** Notes the use of an identity, at most once a minute and outside of any transaction: it is for people to read. */
export async function noteIdentityUse(db: Database, identity: string): Promise<void> {
  const nowMs = performance.now()
  if ((noted.get(identity) ?? Number.NEGATIVE_INFINITY) + noteEveryMs > nowMs) return
  if (noted.size >= notedMax) noted.clear()
  noted.set(identity, nowMs)
  await db
    .updateTable('workload_identities')
    .set((eb) => ({ last_used_at: eb.fn<Date>('now') }))
    .where('id', '=', identity)
    .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', new Date(Date.now() - noteEveryMs))]))
    .execute()
}
