/** What a JSON web token says in clear: it is not verified, and needs no key to be read. */
export interface TokenFacts {
  readonly issuer?: string
  readonly audience?: string
  readonly subject?: string
  readonly scopes?: string
  /** ISO 8601. */
  readonly expires?: string
}

/** Claims longer than this are cut: an issuer is a URL, not a novel. */
const claimCharsMax = 200

export function tokenFacts(secret: string): TokenFacts | undefined {
  const body = /^eyJ[\w-]+\.(eyJ[\w-]+)\./.exec(secret)?.[1]
  if (body === undefined) return undefined
  let claims: Record<string, unknown>
  try {
    claims = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as Record<string, unknown>
  } catch {
    return undefined
  }
  const issuer = claimText(claims.iss)
  const audience = claimText(claims.aud)
  const subject = claimText(claims.sub)
  const scopes = claimText(claims.scope ?? claims.scp ?? claims.roles)
  const expires = typeof claims.exp === 'number' && claims.exp < 1e11 ? new Date(claims.exp * 1000).toISOString() : undefined
  return {
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
    ...(subject === undefined ? {} : { subject }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(expires === undefined ? {} : { expires }),
  }
}

function claimText(value: unknown): string | undefined {
  const text = Array.isArray(value) ? value.join(' ') : value
  return typeof text === 'string' && text !== '' ? text.slice(0, claimCharsMax) : undefined
}
