import type { KeyObject } from 'node:crypto'
import { RSASSAPSSParams } from 'pkijs'
import type { Certificate } from './certificate.ts'

const rsaBitsMin = 2_048
/** Beyond this a verification costs more than an answer is worth. */
const rsaBitsMax = 8_192
const curves = new Set(['prime256v1', 'secp384r1', 'secp521r1'])
const sha2 = new Set(['2.16.840.1.101.3.4.2.1', '2.16.840.1.101.3.4.2.2', '2.16.840.1.101.3.4.2.3'])
/** RSA and ECDSA with SHA-256, -384 and -512, and Ed25519. */
const signatures = new Set([
  ...['1.2.840.113549.1.1.11', '1.2.840.113549.1.1.12', '1.2.840.113549.1.1.13'],
  ...['1.2.840.10045.4.3.2', '1.2.840.10045.4.3.3', '1.2.840.10045.4.3.4'],
  '1.3.101.112',
])
const rsaPss = '1.2.840.113549.1.1.10'

/** Why the key of a certificate is too weak (or too costly) to count; undefined where it is not. */
export function whyWeakKey({ x509 }: Certificate): string | undefined {
  let key: KeyObject
  try {
    key = x509.publicKey
  } catch {
    return 'its key is of a kind that is not known here'
  }
  const details = key.asymmetricKeyDetails
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss': {
      const bits = details?.modulusLength ?? 0
      if (bits < rsaBitsMin || bits > rsaBitsMax) return `its RSA key must have ${rsaBitsMin} to ${rsaBitsMax} bits`
      return (details?.publicExponent ?? 0n) < 65_537n ? 'the exponent of its RSA key is smaller than 65537' : undefined
    }
    case 'ec':
      return curves.has(details?.namedCurve ?? '') ? undefined : 'its key must be on P-256, P-384 or P-521'
    case 'ed25519':
      return undefined
    default:
      return 'its key must be RSA, EC or Ed25519'
  }
}

/** Why the signature on a certificate is too weak to count: SHA-1, MD5, or one that is not known. */
export function whyWeakSignature({ asn1 }: Certificate): string | undefined {
  const { algorithmId, algorithmParams } = asn1.signatureAlgorithm
  const outer = algorithmId === asn1.signature.algorithmId
  if (outer && signatures.has(algorithmId)) return undefined
  if (outer && algorithmId === rsaPss) {
    try {
      if (sha2.has(new RSASSAPSSParams({ schema: algorithmParams }).hashAlgorithm.algorithmId)) return undefined
    } catch {
      return 'its signature cannot be read'
    }
  }
  return 'it is signed with an algorithm that does not count any more (SHA-1, MD5) or is not known'
}
