import type { Identity, IdentityCreate } from '@keyward/contract/identities'
import type { Transaction } from 'kysely'
import { type Certificate, readPem } from '../certificates/certificate.ts'
import { CertificateRefused } from '../certificates/certificate-refused.ts'
import { checkInForce } from '../certificates/path.ts'
import { whyWeakKey } from '../certificates/strength.ts'
import { type CertificateSubject, whyNoSubject } from '../certificates/subject.ts'
import type { Tables } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import { assessSpiffeId } from '../trust/spiffe-id.ts'
import { invalid, naming } from './conflicts.ts'
import { identityColumns, identityOf } from './identity-row.ts'
import { requireIssuer } from './token-rules.ts'

/* Identities that are a client certificate (RFC 8705), or an X509-SVID. */

type Trx = Transaction<Tables>
export type CertificateRuleCreate = Extract<IdentityCreate, { method: 'spiffe_x509' | 'tls_client_auth' | 'self_signed_tls_client_auth' }>

/** What of a row is the method's own. */
interface Own {
  readonly issuer_id?: string
  readonly thumbprint?: string
  readonly expires_at?: Date
  readonly params: Readonly<Record<string, unknown>>
}

/** @throws KeywardError `invalid-request`, and `conflict` where the certificate is one of a workload already */
export async function insertCertificateRule(trx: Trx, workloadId: string, input: CertificateRuleCreate, field: string): Promise<Identity> {
  const { params, ...own } = await ownOf(trx, input, field)
  const taken = {
    workload_identities_thumbprint: {
      field: `${field}/certificate`,
      message: 'is the certificate of a workload already: make one for each workload',
    },
  }
  const row = await naming(taken, () =>
    trx
      .insertInto('workload_identities')
      .values({
        id: newId('identity'),
        workload_id: workloadId,
        method: input.method,
        name: input.name ?? null,
        ...own,
        params: JSON.stringify({ ...params, ...(input.grants === undefined ? {} : { grants: input.grants }) }),
      })
      .returning(identityColumns)
      .executeTakeFirstOrThrow(),
  )
  return identityOf(row)
}

async function ownOf(trx: Trx, input: CertificateRuleCreate, field: string): Promise<Own> {
  if (input.method === 'self_signed_tls_client_auth') {
    const certificate = ownCertificate(input.certificate, `${field}/certificate`)
    return { thumbprint: certificate.thumbprint, expires_at: new Date(certificate.notAfterMs), params: {} }
  }
  if (input.method === 'spiffe_x509') {
    const issuer = await requireIssuer(trx, input.issuer, 'spiffe', field)
    const { refused, warnings } = assessSpiffeId(input.spiffe_id, issuer.issuer)
    if (refused[0] !== undefined) throw invalid(`${field}/spiffe_id`, refused[0])
    return { issuer_id: issuer.id, params: { spiffe_id: input.spiffe_id, ...(warnings.length === 0 ? {} : { warnings }) } }
  }
  const issuer = await requireIssuer(trx, input.issuer, 'x509', field)
  const subject = subjectOf(input)
  const wrong = whyNoSubject(subject)
  if (wrong !== undefined) throw invalid(`${field}/${subject.kind}`, wrong)
  return { issuer_id: issuer.id, params: { subject } }
}

/** The contract has exactly one of them. */
function subjectOf(input: Extract<CertificateRuleCreate, { method: 'tls_client_auth' }>): CertificateSubject {
  for (const kind of ['subject_dn', 'san_dns', 'san_uri', 'san_ip', 'san_email'] as const) {
    const value = input[kind]
    if (value !== undefined) return { kind, value: value.trim() }
  }
  throw new TypeError('a rule without a subject')
}

function ownCertificate(pem: string, field: string): Certificate {
  try {
    const [certificate] = readPem(pem, 1)
    if (certificate === undefined) throw new CertificateRefused('it holds no certificate in PEM')
    checkInForce(certificate, Date.now())
    const weak = whyWeakKey(certificate)
    if (weak !== undefined) throw new CertificateRefused(weak)
    return certificate
  } catch (error) {
    if (error instanceof CertificateRefused) throw invalid(field, `does not count: ${error.message}`)
    throw error
  }
}
