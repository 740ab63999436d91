import { constants, createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto'

/** Asymmetric algorithms that clients may sign with. `none` and MACs are not among them (RFC 8725 sections 3.1 and 3.2). */
export const clientAlgs = ['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256'] as const
export type ClientAlg = (typeof clientAlgs)[number]

export class WeakKey extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'WeakKey'
  }
}

/** The algorithms that fit a key: one key, one purpose, so that a header cannot talk us into another (RFC 8725 section 3.1). */
export function algsOf(key: KeyObject): readonly ClientAlg[] {
  const details = key.asymmetricKeyDetails
  if (key.asymmetricKeyType === 'ec')
    return details?.namedCurve === 'prime256v1' ? ['ES256'] : details?.namedCurve === 'secp384r1' ? ['ES384'] : []
  if (key.asymmetricKeyType === 'ed25519') return ['EdDSA']
  if (key.asymmetricKeyType === 'rsa') return ['RS256', 'PS256']
  return []
}

/**
 * Reads a public key from a JWK. Throws WeakKey for private parts, RSA under 2048 bits or with a small exponent, and unknown curves.
 */
export function publicKeyOf(jwk: Readonly<Record<string, unknown>>): KeyObject {
  for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) if (part in jwk) throw new WeakKey('the JWK holds a private key')
  let key: KeyObject
  try {
    key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
  } catch {
    throw new WeakKey('the JWK is not a public key that we can read')
  }
  const details = key.asymmetricKeyDetails
  if (key.asymmetricKeyType === 'rsa' && ((details?.modulusLength ?? 0) < 2048 || (details?.publicExponent ?? 0n) < 65_537n))
    throw new WeakKey('RSA keys need at least 2048 bits and an exponent of at least 65537')
  if (algsOf(key).length === 0) throw new WeakKey('use an EC key on P-256 or P-384, an Ed25519 key, or an RSA key')
  return key
}

/** True where the compact JWS is signed by that key with that algorithm. The caller has checked that the algorithm fits the key. */
export function isSignedBy(compact: string, alg: ClientAlg, key: KeyObject): boolean {
  const dot = compact.lastIndexOf('.')
  const data = Buffer.from(compact.slice(0, dot), 'latin1')
  const signature = Buffer.from(compact.slice(dot + 1), 'base64url')
  switch (alg) {
    case 'ES256':
      return signature.length === 64 && verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)
    case 'ES384':
      return signature.length === 96 && verify('sha384', data, { key, dsaEncoding: 'ieee-p1363' }, signature)
    case 'EdDSA':
      return verify(null, data, key, signature)
    case 'RS256':
      return verify('sha256', data, key, signature)
    case 'PS256':
      return verify('sha256', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }, signature)
  }
}
