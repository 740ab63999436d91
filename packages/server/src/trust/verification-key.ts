import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'

/** Algorithms that tokens of issuers are signed with. `none` and MACs are not among them (RFC 8725, sections 3.1 and 3.2). */
export const issuerAlgs = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const
export type IssuerAlg = (typeof issuerAlgs)[number]

/** What a key of an issuer is for: OIDC says `sig` or nothing, a SPIFFE bundle says `jwt-svid`. */
export type KeyUse = 'sig' | 'jwt-svid'

/** A public key, and the algorithms that it may verify: those that fit it, or the one that its owner names. */
export interface VerificationKey {
  readonly kid: string | undefined
  readonly algs: readonly IssuerAlg[]
  readonly key: KeyObject
}

const modulusBitsMin = 2_048
/** Beyond this a verification costs more than an answer is worth. */
const modulusBitsMax = 8_192
const exponentMin = 65_537n
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/**
 * Reads a key of an issuer. Undefined for one that tokens cannot be verified with: another use, a weak or private key, an unknown curve, an
 * algorithm that does not fit.
 */
export function verificationKey(jwk: Readonly<Record<string, unknown>>, use: KeyUse): VerificationKey | undefined {
  const { kid, alg } = jwk
  if (privateMembers.some((member) => member in jwk)) return undefined
  if (use === 'jwt-svid' ? jwk.use !== 'jwt-svid' : jwk.use !== undefined && jwk.use !== 'sig') return undefined
  if (Array.isArray(jwk.key_ops) && !jwk.key_ops.includes('verify')) return undefined
  if (kid !== undefined && typeof kid !== 'string') return undefined
  if (use === 'jwt-svid' && kid === undefined) return undefined
  let key: KeyObject
  try {
    key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' })
  } catch {
    return undefined
  }
  const fitting = algsOf(key).filter((one) => use === 'sig' || one !== 'EdDSA')
  const algs = alg === undefined ? fitting : fitting.filter((one) => one === alg || (alg === 'Ed25519' && one === 'EdDSA'))
  return algs.length === 0 ? undefined : { kid, algs, key }
}

export function isUsableKey(jwk: Readonly<Record<string, unknown>>, use: KeyUse): boolean {
  return verificationKey(jwk, use) !== undefined
}

function algsOf(key: KeyObject): readonly IssuerAlg[] {
  const details = key.asymmetricKeyDetails
  switch (key.asymmetricKeyType) {
    case 'rsa': {
      const bits = details?.modulusLength ?? 0
      const strong = bits >= modulusBitsMin && bits <= modulusBitsMax && (details?.publicExponent ?? 0n) >= exponentMin
      return strong ? ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] : []
    }
    case 'ec':
      return ecAlgs[details?.namedCurve ?? ''] ?? []
    case 'ed25519':
      return ['EdDSA']
    default:
      return []
  }
}

const ecAlgs: Readonly<Record<string, readonly IssuerAlg[]>> = { prime256v1: ['ES256'], secp384r1: ['ES384'], secp521r1: ['ES512'] }
