import { signJwt } from './sign-jwt.ts'
import type { SigningKeys } from './signing-keys.ts'

export const introspectionJwtType = 'application/token-introspection+jwt'

/** True where the caller would rather have the signed answer than plain JSON (RFC 9701 section 4). */
export function wantsSigned(accept: string | undefined): boolean {
  const weight = (type: string): number => {
    for (const part of accept?.split(',') ?? []) {
      const [name = '', ...parameters] = part.split(';').map((one) => one.trim().toLowerCase())
      if (name !== type) continue
      const q = parameters.find((one) => one.startsWith('q='))?.slice(2)
      return q === undefined ? 1 : Number(q) || 0
    }
    return 0
  }
  const signed = weight(introspectionJwtType)
  return signed > 0 && signed >= weight('application/json')
}

/**
 * The answer of an introspection as a JWT for the one who asked (RFC 9701 section 5): evidence of what the token was worth at that moment.
 * It has neither `sub` nor `exp`, so that nothing takes it for a token.
 */
export function introspectionJwt(
  deps: { readonly keys: Pick<SigningKeys, 'signer'>; readonly issuer: string; nowMs(): number },
  audience: string,
  answer: Readonly<Record<string, unknown>>,
): string {
  return signJwt(deps.keys.signer('ES256'), 'token-introspection+jwt', {
    iss: deps.issuer,
    aud: audience,
    iat: Math.floor(deps.nowMs() / 1000),
    token_introspection: answer,
  })
}
