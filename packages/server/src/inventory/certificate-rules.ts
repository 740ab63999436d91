import type { Identity, IdentityCreate } from '@keyward/contract/identities'
import type { Transaction } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { invalid } from './conflicts.ts'

export type CertificateRuleCreate = Extract<IdentityCreate, { method: 'spiffe_x509' | 'tls_client_auth' | 'self_signed_tls_client_auth' }>

/** Identities that are a client certificate (RFC 8705), or an X509-SVID. */
export async function insertCertificateRule(
  _trx: Transaction<Tables>,
  _workloadId: string,
  input: CertificateRuleCreate,
  field: string,
): Promise<Identity> {
  throw invalid(`${field}/method`, `${input.method} is not known to this version`)
}
