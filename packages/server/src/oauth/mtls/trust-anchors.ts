import { hash } from 'node:crypto'
import type { IssuerKeys } from '@keyward/contract/issuers'
import { type Certificate, readCertificate, readPem } from '../../certificates/certificate.ts'
import { CertificateRefused } from '../../certificates/certificate-refused.ts'

/** An issuer of certificates as it is in the database now. */
export interface CertificateIssuer {
  readonly id: string
  readonly kind: string
  /** The trust domain, where it is one of SPIFFE. */
  readonly issuer: string
  readonly keysFrom: IssuerKeys
  readonly revision: number
}

/** The authorities of an issuer, and what names this set of them. */
export interface Anchors {
  readonly name: string
  readonly certificates: readonly Certificate[]
}

/** Fetches the keys of a SPIFFE bundle endpoint: the federation's own fetching, with its bounds and its cache. */
export type FetchBundle = (issuer: string) => Promise<readonly Readonly<Record<string, unknown>>[]>

const anchorsMax = 50
const issuersKeptMax = 1_000

/** The trust anchors of issuers: certificates in PEM, or the `x509-svid` keys of a SPIFFE bundle. */
export class TrustAnchors {
  readonly #fetchBundle: FetchBundle | undefined
  readonly #kept = new Map<string, Anchors>()

  constructor(fetchBundle: FetchBundle | undefined) {
    this.#fetchBundle = fetchBundle
  }

  /** @throws CertificateRefused where the issuer has none that can be used, or they cannot be fetched */
  async of(issuer: CertificateIssuer): Promise<Anchors> {
    const { keysFrom } = issuer
    switch (keysFrom.type) {
      case 'certificates':
        return this.#keep(`${issuer.id} ${issuer.revision}`, () => readPem(keysFrom.pem, anchorsMax))
      case 'bundle':
        return this.#keep(`${issuer.id} ${issuer.revision}`, () => svidAuthorities(keysFrom.keys))
      case 'bundle_url': {
        if (this.#fetchBundle === undefined) throw new CertificateRefused('the bundle of its trust domain cannot be fetched')
        const keys = await this.#fetchBundle(issuer.id).catch(() => {
          throw new CertificateRefused('the bundle of its trust domain cannot be fetched')
        })
        return this.#keep(`${issuer.id} ${hash('sha256', JSON.stringify(keys), 'base64url')}`, () => svidAuthorities(keys))
      }
      default:
        throw new CertificateRefused('its issuer has no certificates of authorities')
    }
  }

  #keep(name: string, read: () => Certificate[]): Anchors {
    const known = this.#kept.get(name)
    if (known !== undefined) return known
    const anchors = { name, certificates: read() }
    if (this.#kept.size >= issuersKeptMax) this.#kept.clear()
    this.#kept.set(name, anchors)
    return anchors
  }
}

/** SPIFFE Trust Domain and Bundle, section 4.2: `use: x509-svid`, and exactly one certificate in `x5c`. Others are not for this. */
export function svidAuthorities(keys: readonly Readonly<Record<string, unknown>>[]): Certificate[] {
  const found: Certificate[] = []
  for (const { use, x5c } of keys) {
    if (use !== 'x509-svid' || !Array.isArray(x5c) || x5c.length !== 1 || typeof x5c[0] !== 'string') continue
    if (found.length < anchorsMax) found.push(readCertificate(Buffer.from(x5c[0], 'base64')))
  }
  if (found.length === 0) throw new CertificateRefused('the bundle of its trust domain has no authority for X509-SVIDs')
  return found
}
