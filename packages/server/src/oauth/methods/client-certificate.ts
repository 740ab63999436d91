import { type Certificate, readCertificate } from '../../certificates/certificate.ts'
import { CertificateRefused } from '../../certificates/certificate-refused.ts'
import { checkClientLeaf, checkInForce } from '../../certificates/path.ts'
import { whyWeakKey } from '../../certificates/strength.ts'
import { fitsSubject } from '../../certificates/subject.ts'
import { svidIdOf } from '../../certificates/svid.ts'
import type { Database } from '../../db/database.ts'
import { spiffeIdFits } from '../../trust/spiffe-id.ts'
import type { ClientCertificate } from '../../web/client-certificate.ts'
import type { AuthenticatedClient } from '../client.ts'
import { type CertificateIdentity, certificateIdentitiesOf } from '../mtls/certificate-identities.ts'
import type { CertificatePaths } from '../mtls/certificate-paths.ts'
import type { TrustAnchors } from '../mtls/trust-anchors.ts'
import { OAuthError } from '../oauth-error.ts'

export interface CertificateDeps {
  readonly db: Database
  readonly paths: CertificatePaths
  readonly anchors: TrustAnchors
  nowMs(): number
}

/**
 * Client authentication by a certificate (RFC 8705 section 2; OAuth SPIFFE client authentication): `client_id` names the workload, and the
 * certificate is one of its identities. What is wrong with the certificate itself is said; whether the workload is there is not.
 * @throws OAuthError `invalid_client`
 */
export async function clientCertificate(
  deps: CertificateDeps,
  presented: ClientCertificate,
  workload: string,
): Promise<AuthenticatedClient> {
  const leaf = readLeaf(presented, deps.nowMs())
  const reasons: string[] = []
  for (const identity of await certificateIdentitiesOf(deps.db, workload)) {
    try {
      await prove(deps, identity, leaf, presented)
      const { id, method, params, attests } = identity
      return { workload, identity: id, method, grants: params.grants ?? null, attests }
    } catch (error) {
      if (!(error instanceof CertificateRefused)) throw error
      reasons.push(`${identity.id}: ${error.message}`)
    }
  }
  throw refused(
    'it is not one of that workload: check client_id, the subject that its identity names, and the authority that signed it',
    new CertificateRefused(reasons.join('; ')),
  )
}

/** @throws CertificateRefused */
async function prove(
  { paths, anchors, nowMs }: CertificateDeps,
  { method, thumbprint, params, issuer }: CertificateIdentity,
  leaf: Certificate,
  presented: ClientCertificate,
): Promise<void> {
  if (method === 'self_signed_tls_client_auth') {
    if (thumbprint !== leaf.thumbprint) throw new CertificateRefused('it is another certificate')
    return
  }
  checkClientLeaf(leaf, nowMs())
  if (issuer === undefined) throw new CertificateRefused('the identity has no issuer')
  if (method === 'spiffe_x509') {
    const id = svidIdOf(leaf)
    const isMeant = issuer.kind === 'spiffe' && id.trustDomain === issuer.issuer && params.spiffe_id !== undefined
    if (!(isMeant && spiffeIdFits(params.spiffe_id, id.text))) throw new CertificateRefused('its SPIFFE ID is another one')
  } else if (issuer.kind !== 'x509' || params.subject === undefined || !fitsSubject(leaf, params.subject))
    throw new CertificateRefused('its subject is another one')
  await paths.validate(leaf, presented, await anchors.of(issuer))
}

function readLeaf(presented: ClientCertificate, nowMs: number): Certificate {
  try {
    const leaf = readCertificate(presented.leaf)
    checkInForce(leaf, nowMs)
    const weak = whyWeakKey(leaf)
    if (weak !== undefined) throw new CertificateRefused(weak)
    return leaf
  } catch (error) {
    if (error instanceof CertificateRefused) throw refused(error.message, error)
    throw error
  }
}

function refused(why: string, cause: Error): OAuthError {
  return new OAuthError('invalid_client', `the client certificate was refused: ${why}`, { cause })
}
