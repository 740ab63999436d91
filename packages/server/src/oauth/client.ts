import type { Database } from '../db/database.ts'

/** A workload that proved who it is at an OAuth endpoint, and by which of its identities. */
export interface AuthenticatedClient {
  readonly workload: string
  readonly identity: string
  readonly method: 'private_key_jwt' | 'client_secret_basic'
}

export interface ClientIdentity {
  readonly id: string
  readonly method: string
  readonly publicJwk: Readonly<Record<string, unknown>> | null
  readonly thumbprint: string | null
  readonly secretHash: Buffer | null
}

/** The usable identities of an active workload, at most 50; none where it is unknown or revoked. */
export async function identitiesOf(db: Database, workload: string, method: string): Promise<ClientIdentity[]> {
  if (!/^wl_[0-9a-z]{26}$/.test(workload)) return []
  const rows = await db
    .selectFrom('workload_identities')
    .innerJoin('workloads', 'workloads.id', 'workload_identities.workload_id')
    .select(['workload_identities.id', 'workload_identities.method', 'public_jwk', 'thumbprint', 'secret_hash'])
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
  }))
}

/** Notes the use of an identity, at most once a minute and outside of any transaction: it is for people to read. */
export async function noteIdentityUse(db: Database, identity: string): Promise<void> {
  await db
    .updateTable('workload_identities')
    .set((eb) => ({ last_used_at: eb.fn<Date>('now') }))
    .where('id', '=', identity)
    .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', new Date(Date.now() - 60_000))]))
    .execute()
}
