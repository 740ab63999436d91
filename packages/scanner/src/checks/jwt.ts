import { base64Json } from './base64-text.ts'
import type { Check } from './check.ts'

/** What a JSON web token says of itself (RFC 7519 section 4.1). Not verified: anyone can write it. */
export interface TokenClaims {
  readonly algorithm: string
  readonly issuer?: string
  readonly subject?: string
  readonly audience?: readonly string[]
  /** Seconds since 1970. */
  readonly issuedAt?: number
  readonly expiresAt?: number
  readonly scopes?: readonly string[]
  /** Roles as Supabase and others put them. */
  readonly role?: string
}

/** Header and claims of a compact JWS, or undefined where it is none. */
export function tokenClaims(token: string): TokenClaims | undefined {
  const [head, body] = token.split('.')
  const header = head === undefined ? undefined : base64Json(head)
  const claims = body === undefined ? undefined : base64Json(body)
  const algorithm = header?.alg
  if (claims === undefined || typeof algorithm !== 'string') return undefined
  const scope = claims.scope ?? claims.scp ?? claims.scopes
  const found: { -readonly [K in keyof TokenClaims]: TokenClaims[K] } = { algorithm }
  if (typeof claims.iss === 'string') found.issuer = claims.iss
  if (typeof claims.sub === 'string') found.subject = claims.sub
  if (typeof claims.role === 'string') found.role = claims.role
  if (typeof claims.iat === 'number') found.issuedAt = claims.iat
  if (typeof claims.exp === 'number') found.expiresAt = claims.exp
  const audience = textsOf(claims.aud)
  if (audience.length > 0) found.audience = audience
  const scopes = textsOf(typeof scope === 'string' ? scope.split(' ') : scope)
  if (scopes.length > 0) found.scopes = scopes
  return found
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string')
}

/** Header and payload must be JSON objects and the header name an algorithm; `alg: none` proves nothing. */
export const jwt: Check = (secret) => {
  const claims = tokenClaims(secret)
  if (claims === undefined) return 'refuted'
  return claims.algorithm.toLowerCase() === 'none' ? 'unknown' : 'proved'
}

/** GitHub's stateless installation tokens: `ghs_`, the app's number, `_`, a JWT. */
export const githubStateless: Check = (secret) => jwt(secret.replace(/^ghs_\d{1,12}_/, ''))
