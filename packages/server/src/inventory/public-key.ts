import type { PublicJwk } from '@keyward/contract/identities'
import { calculateJwkThumbprint, importJWK, type JWK } from 'jose'
import { invalid } from './conflicts.ts'

/** The algorithm that each kind of key signs client assertions with (RFC 7518, RFC 8037). */
const algorithms: Readonly<Record<string, readonly string[]>> = {
  'P-256': ['ES256'],
  'P-384': ['ES384'],
  Ed25519: ['EdDSA', 'Ed25519'],
  RSA: ['PS256', 'RS256', 'PS384', 'RS384', 'PS512', 'RS512'],
}

const modulusBitsMin = 2_048
/** Beyond this a verification costs more than an answer is worth. */
const modulusBitsMax = 8_192

/**
 * Checks a public key and keeps of it what makes it that key.
 * @param field JSON pointer of the JWK in the body
 * @returns the key's public members alone, and its RFC 7638 thumbprint (SHA-256, base64url)
 * @throws KeywardError `invalid-request` saying what is wrong with it
 */
export async function checkPublicKey(jwk: PublicJwk, field: string): Promise<{ jwk: JWK; thumbprint: string }> {
  const kind = kindOf(jwk, field)
  const allowed = algorithms[kind] ?? []
  if (jwk.alg !== undefined && !allowed.includes(jwk.alg))
    throw invalid(`${field}/alg`, `must be one of ${allowed.join(', ')} for this key`)
  if (jwk.use !== undefined && jwk.use !== 'sig') throw invalid(`${field}/use`, 'must be sig: the key signs')
  const bare = bareKey(jwk, field)
  if (kind === 'RSA') checkModulus(bare, field)
  try {
    await importJWK(bare, jwk.alg ?? allowed[0])
  } catch {
    throw invalid(field, 'is not a usable public key: a member is missing or is not of this curve')
  }
  const thumbprint = await calculateJwkThumbprint(bare, 'sha256')
  return {
    jwk: { ...bare, ...(jwk.kid === undefined ? {} : { kid: jwk.kid }), ...(jwk.alg === undefined ? {} : { alg: jwk.alg }) },
    thumbprint,
  }
}

function kindOf(jwk: PublicJwk, field: string): string {
  if (jwk.kty === 'RSA') return 'RSA'
  const { crv } = jwk
  if (jwk.kty === 'EC' && (crv === 'P-256' || crv === 'P-384')) return crv
  if (jwk.kty === 'OKP' && crv === 'Ed25519') return crv
  throw invalid(`${field}/crv`, jwk.kty === 'EC' ? 'must be P-256 or P-384' : 'must be Ed25519')
}

function bareKey(jwk: PublicJwk, field: string): JWK {
  const names = { EC: ['crv', 'x', 'y'], OKP: ['crv', 'x'], RSA: ['n', 'e'] }[jwk.kty]
  const bare: Record<string, string> = { kty: jwk.kty }
  for (const name of names) {
    const value = jwk[name]
    if (typeof value !== 'string' || !/^[A-Za-z0-9_-]{1,2048}$/.test(value)) throw invalid(`${field}/${name}`, 'must be base64url text')
    bare[name] = value
  }
  return bare as JWK
}

function checkModulus(jwk: JWK, field: string): void {
  const bytes = Buffer.from(jwk.n ?? '', 'base64url')
  const bits = bytes.length === 0 ? 0 : BigInt(`0x${bytes.toString('hex')}`).toString(2).length
  if (bits < modulusBitsMin || bits > modulusBitsMax)
    throw invalid(`${field}/n`, `must have ${modulusBitsMin} to ${modulusBitsMax} bits, it has ${bits}`)
  const exponent = BigInt(`0x${Buffer.from(jwk.e ?? '', 'base64url').toString('hex') || '0'}`)
  if (exponent < 3n || exponent % 2n === 0n) throw invalid(`${field}/e`, 'must be an odd number, usually AQAB')
}
