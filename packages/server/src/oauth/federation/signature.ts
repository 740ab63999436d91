import { constants, type KeyObject, verify } from 'node:crypto'
import type { IssuerAlg } from '../../trust/verification-key.ts'

const hashes: Readonly<Record<string, string>> = { 256: 'sha256', 384: 'sha384', 512: 'sha512' }
/** Bytes of a signature as JWS has it (RFC 7518, section 3.4): both numbers at the curve's size. */
const ecBytes: Readonly<Record<string, number>> = { ES256: 64, ES384: 96, ES512: 132 }

/** True where the compact JWS is signed by that key with that algorithm. The caller has checked that the algorithm fits the key. */
export function isSignedBy(compact: string, alg: IssuerAlg, key: KeyObject): boolean {
  const dot = compact.lastIndexOf('.')
  const data = Buffer.from(compact.slice(0, dot), 'latin1')
  const signature = Buffer.from(compact.slice(dot + 1), 'base64url')
  if (alg === 'EdDSA') return verify(null, data, key, signature)
  const hash = hashes[alg.slice(2)] ?? 'sha256'
  if (alg.startsWith('ES')) return signature.length === ecBytes[alg] && verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature)
  if (alg.startsWith('RS')) return verify(hash, data, key, signature)
  return verify(hash, data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature)
}
