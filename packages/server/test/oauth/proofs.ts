import { createHash, type KeyPairKeyObjectResult, randomUUID, sign } from 'node:crypto'

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** DPoP proofs by a P-256 key (RFC 9449 section 4.2). */
export const dpopProof = {
  make(key: KeyPairKeyObjectResult, method: string, url: string, more: Record<string, unknown> = {}): string {
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: key.publicKey.export({ format: 'jwk' }) }
    const claims = { jti: randomUUID(), htm: method, htu: url, iat: Math.floor(Date.now() / 1000), ...more }
    const text = `${encoded(header)}.${encoded(claims)}`
    const signature = sign('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
    return `${text}.${signature.toString('base64url')}`
  },

  /** RFC 7638 */
  thumbprint(key: KeyPairKeyObjectResult): string {
    const { crv, kty, x, y } = key.publicKey.export({ format: 'jwk' })
    return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
  },
}
