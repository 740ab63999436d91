import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'

/** A key pair of a provider, with its public half as a JWK. */
export interface ProviderKey {
  readonly kid: string
  readonly jwk: Readonly<Record<string, unknown>>
  readonly privateKey: KeyObject
}

export function newProviderKey(): ProviderKey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const kid = randomUUID()
  return { kid, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }, privateKey }
}

/** A JWS in compact form, RS256 (RFC 7515, section 3.1); `alg: none` has no signature. */
export function signedJwt(key: ProviderKey, claims: Readonly<Record<string, unknown>>, alg: 'RS256' | 'none' = 'RS256'): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${part({ alg, typ: 'JWT', kid: key.kid })}.${part(claims)}`
  return `${input}.${alg === 'none' ? '' : sign('sha256', Buffer.from(input), key.privateKey).toString('base64url')}`
}
