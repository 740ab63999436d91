import { constants, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

export const signingAlgs = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const
export type SigningAlg = (typeof signingAlgs)[number]

export interface KeyWish {
  alg?: SigningAlg
  /** Default: random. Empty: the key has none. */
  kid?: string
  /** Default `sig`; `jwt-svid` in a SPIFFE bundle. Empty: left out. */
  use?: string
  /** RSA only, and weak ones are possible: an issuer can be careless. */
  modulusBits?: number
  publicExponent?: number
}

/** A key pair of an issuer, with which it signs tokens. */
export class SigningKey {
  readonly alg: SigningAlg
  readonly kid: string | undefined
  readonly use: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject

  constructor(wish: KeyWish = {}) {
    this.alg = wish.alg ?? 'RS256'
    this.kid = wish.kid === '' ? undefined : (wish.kid ?? randomBytes(8).toString('hex'))
    this.use = wish.use ?? 'sig'
    const { privateKey, publicKey } = pairFor(this.alg, wish)
    this.privateKey = privateKey
    this.publicKey = publicKey
  }

  /** Its public half as it stands in a key set. */
  get jwk(): Record<string, unknown> {
    return {
      ...this.publicKey.export({ format: 'jwk' }),
      ...(this.kid === undefined ? {} : { kid: this.kid }),
      ...(this.use === '' ? {} : { use: this.use }),
      ...(this.use === 'jwt-svid' ? {} : { alg: this.alg }),
    }
  }

  /**
   * A compact JWS.
   * @param header joins the usual one; a member that is undefined is left out
   */
  sign(claims: Record<string, unknown>, header: Record<string, unknown> = {}): string {
    const head = { alg: this.alg, typ: 'JWT', ...(this.kid === undefined ? {} : { kid: this.kid }), ...header }
    return this.signText(JSON.stringify(head), JSON.stringify(claims))
  }

  /** The same of texts as they are, for what no serializer would write. */
  signText(header: string, claims: string): string {
    const input = `${Buffer.from(header).toString('base64url')}.${Buffer.from(claims).toString('base64url')}`
    return `${input}.${this.#signature(Buffer.from(input)).toString('base64url')}`
  }

  #signature(input: Buffer): Buffer {
    const key = this.privateKey
    if (this.alg === 'EdDSA') return sign(null, input, key)
    const hash = `sha${this.alg.slice(2)}`
    if (this.alg.startsWith('ES')) return sign(hash, input, { key, dsaEncoding: 'ieee-p1363' })
    if (this.alg.startsWith('RS')) return sign(hash, input, key)
    return sign(hash, input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST })
  }
}

const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }

function pairFor(alg: SigningAlg, wish: KeyWish): { privateKey: KeyObject; publicKey: KeyObject } {
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519')
  const namedCurve = curves[alg]
  if (namedCurve !== undefined) return generateKeyPairSync('ec', { namedCurve })
  return generateKeyPairSync('rsa', { modulusLength: wish.modulusBits ?? 2048, publicExponent: wish.publicExponent ?? 65_537 })
}
