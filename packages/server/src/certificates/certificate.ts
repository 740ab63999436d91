import { hash, X509Certificate } from 'node:crypto'
import { AltName, Certificate as Asn1Certificate, BasicConstraints, ExtKeyUsage } from 'pkijs'
import { CertificateRefused } from './certificate-refused.ts'

/** A certificate (RFC 5280), taken apart by two parsers that have to agree on where it ends. Nothing about it is verified yet. */
export interface Certificate {
  readonly der: Buffer
  readonly x509: X509Certificate
  readonly asn1: Asn1Certificate
  /** SHA-256 of the DER, base64url: `x5t#S256` (RFC 8705 section 3.1). */
  readonly thumbprint: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly isAuthority: boolean
  /** How many authorities may follow below it. */
  readonly pathLengthMax: number | undefined
  /** First byte of the bits (`keyUsages`); undefined where the extension is not there. */
  readonly keyUsage: number | undefined
  readonly extendedKeyUsages: readonly string[] | undefined
  readonly names: AlternativeNames
}

/** Subject alternative names by their form. Text is printable ASCII; addresses are hex. */
export interface AlternativeNames {
  readonly dns: readonly string[]
  readonly uris: readonly string[]
  readonly emails: readonly string[]
  readonly addresses: readonly string[]
}

/** Bits of keyUsage (RFC 5280 section 4.2.1.3). */
export const keyUsages = { digitalSignature: 0x80, keyCertSign: 0x04, crlSign: 0x02 } as const

/** With names and a chain of four thousand bit keys a certificate has 3 KiB. */
export const certificateBytesMax = 16_384
/** A certificate for a service has some names; each is looked at. */
const namesMax = 100
const extensionIds = { keyUsage: '2.5.29.15', alternativeNames: '2.5.29.17', basicConstraints: '2.5.29.19', extendedKeyUsage: '2.5.29.37' }

/** @throws CertificateRefused */
export function readCertificate(der: Buffer): Certificate {
  if (der.length === 0 || der.length > certificateBytesMax)
    throw new CertificateRefused(`the certificate must have 1 to ${certificateBytesMax} bytes`)
  let x509: X509Certificate
  let asn1: Asn1Certificate
  try {
    x509 = new X509Certificate(der)
    asn1 = Asn1Certificate.fromBER(new Uint8Array(der))
  } catch {
    throw new CertificateRefused('it is not a certificate that can be read')
  }
  if (!x509.raw.equals(der)) throw new CertificateRefused('it is not one DER certificate and nothing else')
  const extensions = asn1.extensions ?? []
  if (new Set(extensions.map((one) => one.extnID)).size !== extensions.length)
    throw new CertificateRefused('the certificate has an extension twice')
  const parsed = (id: string): unknown => {
    const extension = extensions.find((one) => one.extnID === id)
    if (extension === undefined) return undefined
    const value: unknown = extension.parsedValue
    if (value === undefined || value === null) throw unreadable(id)
    return value
  }
  const constraints = parsed(extensionIds.basicConstraints)
  if (constraints !== undefined && !(constraints instanceof BasicConstraints)) throw unreadable(extensionIds.basicConstraints)
  const usages = parsed(extensionIds.extendedKeyUsage)
  if (usages !== undefined && !(usages instanceof ExtKeyUsage)) throw unreadable(extensionIds.extendedKeyUsage)
  const pathLength = constraints?.pathLenConstraint
  return {
    der,
    x509,
    asn1,
    thumbprint: hash('sha256', der, 'base64url'),
    notBeforeMs: asn1.notBefore.value.getTime(),
    notAfterMs: asn1.notAfter.value.getTime(),
    isAuthority: constraints?.cA === true,
    // A number that does not fit one is as good as no authority below it.
    pathLengthMax: pathLength === undefined ? undefined : typeof pathLength === 'number' ? pathLength : 0,
    keyUsage: keyUsageOf(parsed(extensionIds.keyUsage)),
    extendedKeyUsages: usages?.keyPurposes,
    names: namesOf(parsed(extensionIds.alternativeNames)),
  }
}

/** @throws CertificateRefused */
export function readPem(text: string, certificatesMax: number): Certificate[] {
  if (text.includes('PRIVATE KEY'))
    throw new CertificateRefused('it holds a private key: send the certificate alone, and replace the key, for it was shown')
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw new CertificateRefused('it holds no certificate in PEM')
  if (blocks.length > certificatesMax) throw new CertificateRefused(`it holds more than ${certificatesMax} certificates`)
  return blocks.map((block) => readCertificate(Buffer.from(block.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64')))
}

function keyUsageOf(value: unknown): number | undefined {
  if (value === undefined) return undefined
  const bits = (value as { valueBlock?: { valueHexView?: unknown } }).valueBlock?.valueHexView
  if (!(bits instanceof Uint8Array) || bits.length === 0) throw unreadable(extensionIds.keyUsage)
  return bits[0] ?? 0
}

function namesOf(value: unknown): AlternativeNames {
  const names = { dns: [] as string[], uris: [] as string[], emails: [] as string[], addresses: [] as string[] }
  if (value === undefined) return names
  if (!(value instanceof AltName)) throw unreadable(extensionIds.alternativeNames)
  if (value.altNames.length > namesMax) throw new CertificateRefused(`the certificate has more than ${namesMax} names`)
  for (const { type, value: name } of value.altNames) {
    if (type === 1) names.emails.push(plain(name))
    else if (type === 2) names.dns.push(plain(name))
    else if (type === 6) names.uris.push(plain(name))
    else if (type === 7)
      names.addresses.push(Buffer.from((name as { valueBlock: { valueHexView: Uint8Array } }).valueBlock.valueHexView).toString('hex'))
  }
  return names
}

/** A null byte or a space ends a name for some readers and not for others. */
function plain(name: unknown): string {
  if (typeof name !== 'string' || !/^[\x21-\x7e]{1,2048}$/.test(name))
    throw new CertificateRefused('a name in the certificate holds characters that have no place in it')
  return name
}

function unreadable(id: string): CertificateRefused {
  return new CertificateRefused(`the extension ${id} of the certificate cannot be read`)
}
