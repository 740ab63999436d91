import { readSpiffeId, type SpiffeId } from '../trust/spiffe-id.ts'
import { type Certificate, keyUsages } from './certificate.ts'
import { CertificateRefused } from './certificate-refused.ts'

/**
 * The SPIFFE ID of an X509-SVID (X509-SVID sections 2 to 5): its one URI name, on a certificate that signs and is no authority.
 * @throws CertificateRefused
 */
export function svidIdOf(leaf: Certificate): SpiffeId & { readonly text: string } {
  const [text, another] = leaf.names.uris
  if (text === undefined) throw new CertificateRefused('it has no SPIFFE ID')
  if (another !== undefined) throw new CertificateRefused('an X509-SVID has exactly one URI name')
  const id = readSpiffeId(text)
  if (id === undefined) throw new CertificateRefused('its URI name is no SPIFFE ID of a workload')
  if (leaf.keyUsage === undefined || (leaf.keyUsage & keyUsages.digitalSignature) === 0)
    throw new CertificateRefused('an X509-SVID must have the keyUsage digitalSignature')
  if (leaf.isAuthority || (leaf.keyUsage & (keyUsages.keyCertSign | keyUsages.crlSign)) !== 0)
    throw new CertificateRefused('an X509-SVID of a workload must not be an authority')
  return { ...id, text }
}
