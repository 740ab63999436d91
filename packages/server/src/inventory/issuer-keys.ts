import { X509Certificate } from 'node:crypto'
import type { IssuerCreate, IssuerKeys } from '@keyward/contract/issuers'
import { isUsableKey } from '../trust/verification-key.ts'
import { invalid } from './conflicts.ts'

type Kind = IssuerCreate['kind']

/** Where the keys of each kind of issuer can come from. */
const sources: Readonly<Record<Kind, readonly IssuerKeys['type'][]>> = {
  oidc: ['discovery', 'jwks_uri', 'jwks'],
  spiffe: ['bundle_url', 'bundle', 'certificates'],
  x509: ['certificates'],
}

/** Authorities in one text. */
const certificatesMax = 50

/**
 * Checks where an issuer's keys are to come from.
 * @throws KeywardError `invalid-request` with the field and the fix
 */
export function requireKeys(kind: Kind, keys: IssuerKeys, allowPrivate: boolean): void {
  const field = '/keys_from'
  if (!sources[kind].includes(keys.type))
    throw invalid(`${field}/type`, `must be ${sources[kind].join(', ')} for an issuer of kind ${kind}`)
  switch (keys.type) {
    case 'discovery':
      return
    case 'jwks_uri':
    case 'bundle_url':
      requireKeysUrl(keys.url, `${field}/url`, allowPrivate)
      return
    case 'jwks':
      for (const [index, jwk] of keys.keys.entries())
        if (!isUsableKey(jwk, 'sig'))
          throw invalid(
            `${field}/keys/${index}`,
            'is not a key that tokens are verified with: RSA of 2048 bits or more, EC P-256, P-384 or P-521, or Ed25519',
          )
      return
    case 'bundle':
      if (!keys.keys.some((jwk) => isUsableKey(jwk, 'jwt-svid') || jwk.use === 'x509-svid'))
        throw invalid(`${field}/keys`, 'holds no key with `use` jwt-svid or x509-svid: send the keys as they stand in the bundle')
      return
    case 'certificates':
      requireAuthorities(keys.pem, `${field}/pem`)
      return
  }
}

/** Plain http is for private networks: over the internet everybody on the way could put in a key. @throws KeywardError `invalid-request` */
export function requireKeysUrl(text: string, field: string, allowPrivate: boolean): void {
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') throw invalid(field, 'must not hold a user name or password')
  if (url.hash !== '') throw invalid(field, 'must not hold a fragment')
  if (url.protocol === 'http:' && !allowPrivate)
    throw invalid(field, 'must be https; plain http only together with allow_private, for an issuer in a private network')
}

/** @throws KeywardError `invalid-request` */
export function requireAuthorities(pem: string, field: string): void {
  const texts = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  if (texts.length === 0 || texts.length > certificatesMax) throw invalid(field, `must hold 1 to ${certificatesMax} certificates in PEM`)
  for (const text of texts) {
    let certificate: X509Certificate
    try {
      certificate = new X509Certificate(text)
    } catch {
      throw invalid(field, 'holds a certificate that cannot be read')
    }
    if (!certificate.ca)
      throw invalid(field, 'holds a certificate that is no authority (CA:TRUE): send the authority that signs, not what it signed')
  }
}
