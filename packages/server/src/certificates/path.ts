import { CertificateChainValidationEngine } from 'pkijs'
import { type Certificate, keyUsages } from './certificate.ts'
import { CertificateRefused } from './certificate-refused.ts'
import { whyOutside } from './name-constraints.ts'
import { whyWeakKey, whyWeakSignature } from './strength.ts'

/** Intermediate authorities that a client may send. Two is usual. */
export const chainCertificatesMax = 5
/** Ways to an authority that are tried: cross-signed authorities make two or three. */
const pathsMax = 8

const clientAuth = '1.3.6.1.5.5.7.3.2'
const anyUsage = '2.5.29.37.0'

/**
 * Checks what a client's own certificate must be, whoever signed it: in force, strong, not an authority, and made for signing and for clients
 * where it says what it is made for.
 * @throws CertificateRefused
 */
export function checkClientLeaf(leaf: Certificate, atMs: number): void {
  checkInForce(leaf, atMs)
  const weak = whyWeakKey(leaf)
  if (weak !== undefined) throw new CertificateRefused(weak)
  if (leaf.isAuthority) throw new CertificateRefused('it is the certificate of an authority, not of a client')
  if (leaf.keyUsage !== undefined && (leaf.keyUsage & keyUsages.digitalSignature) === 0)
    throw new CertificateRefused('its keyUsage does not allow digitalSignature')
  if (leaf.keyUsage !== undefined && (leaf.keyUsage & keyUsages.keyCertSign) !== 0)
    throw new CertificateRefused('its keyUsage lets it sign certificates: it is not of a client')
  if (!isForClients(leaf)) throw new CertificateRefused('its extendedKeyUsage does not name clientAuth')
}

/** @throws CertificateRefused */
export function checkInForce(certificate: Certificate, atMs: number): void {
  if (atMs < certificate.notBeforeMs) throw new CertificateRefused('it is not valid yet')
  if (atMs > certificate.notAfterMs) throw new CertificateRefused('it has expired')
}

/**
 * Validates a path from a client's certificate to one of the anchors (RFC 5280 section 6). The way is looked for here, bounded, because
 * pkijs follows what a client sends without an end; what pkijs is asked then is one straight path.
 * @returns until when the path holds, in milliseconds
 * @throws CertificateRefused
 */
export async function validatePath(request: {
  readonly leaf: Certificate
  /** What the client sent besides: hints, in any order. */
  readonly chain: readonly Certificate[]
  readonly anchors: readonly Certificate[]
  readonly atMs: number
}): Promise<number> {
  const { leaf, chain, anchors, atMs } = request
  if (chain.length > chainCertificatesMax) throw new CertificateRefused(`more than ${chainCertificatesMax} certificates came with it`)
  checkClientLeaf(leaf, atMs)
  const usable = chain.filter((one) => one.isAuthority && whyWeakKey(one) === undefined && one.thumbprint !== leaf.thumbprint)
  let why = new CertificateRefused('its path does not lead to an authority that is trusted for it')
  let tried = 0
  for (const above of pathsFrom(leaf, usable, anchors, signedBy())) {
    if (++tried > pathsMax) break
    try {
      return await checkPath([leaf, ...above], atMs)
    } catch (error) {
      if (!(error instanceof CertificateRefused)) throw error
      why = error
    }
  }
  throw why
}

type SignedBy = (one: Certificate, other: Certificate) => boolean

/** Whether one certificate is issued by another; each pair is looked at once. */
function signedBy(): SignedBy {
  const known = new Map<string, boolean>()
  return (one, other) => {
    const pair = `${one.thumbprint} ${other.thumbprint}`
    let is = known.get(pair)
    if (is === undefined) {
      is = one.x509.checkIssued(other.x509) && one.x509.verify(other.x509.publicKey)
      known.set(pair, is)
    }
    return is
  }
}

/** The authorities above a certificate, up to an anchor; the shortest ways first. No certificate stands twice in one. */
function* pathsFrom(
  certificate: Certificate,
  chain: readonly Certificate[],
  anchors: readonly Certificate[],
  isSignedBy: SignedBy,
): Generator<readonly Certificate[]> {
  for (const anchor of anchors) if (whyWeakKey(anchor) === undefined && isSignedBy(certificate, anchor)) yield [anchor]
  for (const next of chain) {
    if (!isSignedBy(certificate, next)) continue
    const others = chain.filter((one) => one !== next)
    for (const above of pathsFrom(next, others, anchors, isSignedBy)) yield [next, ...above]
  }
}

async function checkPath(path: readonly Certificate[], atMs: number): Promise<number> {
  const [leaf, ...authorities] = path
  const anchor = authorities.at(-1)
  if (leaf === undefined || anchor === undefined) throw new CertificateRefused('its path is empty')
  for (const certificate of path) {
    if (atMs < certificate.notBeforeMs || atMs > certificate.notAfterMs)
      throw new CertificateRefused(certificate === leaf ? 'it has expired' : 'an authority of its path has expired, or is not valid yet')
    // What signed the anchor does not matter: it is trusted because it was configured.
    const weak = certificate === anchor ? undefined : whyWeakSignature(certificate)
    if (weak !== undefined) throw new CertificateRefused(certificate === leaf ? weak : `of an authority of its path: ${weak}`)
  }
  authorities.forEach((authority, at) => {
    if (!authority.isAuthority) throw new CertificateRefused('its path goes over a certificate that is no authority')
    if (authority.keyUsage !== undefined && (authority.keyUsage & keyUsages.keyCertSign) === 0)
      throw new CertificateRefused('an authority of its path may not sign certificates')
    if (!isForClients(authority)) throw new CertificateRefused('an authority of its path may not sign for clients')
    const below = authorities.slice(0, at)
    if (authority.pathLengthMax !== undefined && below.filter(isNotSelfIssued).length > authority.pathLengthMax)
      throw new CertificateRefused('its path is longer than an authority of it allows')
    for (const one of [leaf, ...below]) {
      const outside = whyOutside(one, authority)
      if (outside !== undefined) throw new CertificateRefused(outside)
    }
  })
  await checkByEngine(path, anchor, atMs)
  return Math.min(...path.map((one) => one.notAfterMs))
}

/** Critical extensions, name chaining and policies, by pkijs. Signatures were checked on the way here. */
async function checkByEngine(path: readonly Certificate[], anchor: Certificate, atMs: number): Promise<void> {
  const parsed = path.map((one) => one.asn1)
  const engine = new CertificateChainValidationEngine({
    trustedCerts: [anchor.asn1],
    certs: parsed.slice(0, -1).reverse(),
    checkDate: new Date(atMs),
    findIssuer: async (certificate) => {
      const next = parsed[parsed.indexOf(certificate) + 1]
      return next === undefined ? [] : [next]
    },
  })
  const unknown = path.some((one) => one.asn1.extensions?.some(({ critical, extnID }) => critical && !extensionsKnown.has(extnID)))
  if (unknown) throw new CertificateRefused('its path has a critical extension that is not known here')
  const { result } = await engine.verify()
  if (!result) throw new CertificateRefused('its path is not valid (RFC 5280 section 6)')
}

/** Critical extensions that are looked at: keyUsage, alternative names, basic and name constraints, policies, extendedKeyUsage. */
const extensionsKnown = new Set(['15', '17', '19', '30', '32', '33', '36', '37', '54'].map((last) => `2.5.29.${last}`))

function isForClients({ extendedKeyUsages }: Certificate): boolean {
  return extendedKeyUsages === undefined || extendedKeyUsages.some((usage) => usage === clientAuth || usage === anyUsage)
}

function isNotSelfIssued({ asn1 }: Certificate): boolean {
  return !asn1.subject.isEqual(asn1.issuer)
}
