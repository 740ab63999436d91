import type { IssuerKeys } from '@keyward/contract/issuers'
import type { Database } from '../../db/database.ts'
import type { IdentityParams } from '../client.ts'
import type { CertificateIssuer } from './trust-anchors.ts'

export const certificateMethods = ['spiffe_x509', 'tls_client_auth', 'self_signed_tls_client_auth'] as const

/** An identity of a workload that is proved by a client certificate. */
export interface CertificateIdentity {
  readonly id: string
  readonly method: (typeof certificateMethods)[number]
  readonly thumbprint: string | null
  readonly params: IdentityParams
  /** Undefined for a self-signed certificate, which nobody vouches for. */
  readonly issuer: CertificateIssuer | undefined
  readonly attests: boolean
}

/** Those of an active workload that can be used now, at most 50; none where it is unknown or revoked. One statement. */
export async function certificateIdentitiesOf(db: Database, workload: string): Promise<CertificateIdentity[]> {
  if (!/^wl_[0-9a-z]{26}$/.test(workload)) return []
  const rows = await db
    .selectFrom('workload_identities as i')
    .innerJoin('workloads as w', 'w.id', 'i.workload_id')
    .leftJoin('issuers as s', 's.id', 'i.issuer_id')
    .select(['i.id', 'i.method', 'i.thumbprint', 'i.params', 'i.issuer_id', 's.kind', 's.issuer', 's.keys_from', 's.revision', 's.attests'])
    .where('i.workload_id', '=', workload)
    .where('w.state', '=', 'active')
    .where('i.method', 'in', [...certificateMethods])
    .where('i.revoked_at', 'is', null)
    .where((eb) => eb.or([eb('i.issuer_id', 'is', null), eb('s.state', '=', 'active')]))
    .where((eb) => eb.or([eb('i.expires_at', 'is', null), eb('i.expires_at', '>', eb.fn<Date>('now'))]))
    .orderBy('i.created_at', 'desc')
    .limit(50)
    .execute()
  return rows.flatMap((row) => {
    const method = certificateMethods.find((one) => one === row.method)
    if (method === undefined) return []
    return {
      id: row.id,
      method,
      thumbprint: row.thumbprint,
      params: row.params as IdentityParams,
      issuer:
        row.issuer_id === null || row.kind === null || row.issuer === null || row.revision === null
          ? undefined
          : { id: row.issuer_id, kind: row.kind, issuer: row.issuer, keysFrom: row.keys_from as IssuerKeys, revision: row.revision },
      attests: row.attests ?? false,
    }
  })
}
