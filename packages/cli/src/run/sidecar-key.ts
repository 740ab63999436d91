import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto'
import { type JWK, SignJWT } from 'jose'

/**
 * The key pair of one `keyward run`: made at its start, held in this process alone, gone with it. Tokens are bound to it (RFC 9449), so a
 * token that leaks from a log is worth nothing.
 */
export class SidecarKey {
  readonly #privateKey: KeyObject
  readonly #jwk: JWK

  constructor() {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.#privateKey = pair.privateKey
    this.#jwk = pair.publicKey.export({ format: 'jwk' }) as JWK
  }

  /** A fresh proof for one request (RFC 9449 section 4.2). `address` is without query. */
  async proof(request: {
    method: string
    address: string
    nowSeconds: number
    nonce?: string | undefined
    token?: string | undefined
  }): Promise<string> {
    return await new SignJWT({
      htm: request.method,
      htu: request.address,
      ...(request.nonce === undefined ? {} : { nonce: request.nonce }),
      ...(request.token === undefined ? {} : { ath: hash('sha256', request.token, 'base64url') }),
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: this.#jwk })
      .setIssuedAt(request.nowSeconds)
      .setJti(crypto.randomUUID())
      .sign(this.#privateKey)
  }
}
