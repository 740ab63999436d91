import { type GatewayErrorCode, gatewayErrors } from '@keyward/contract/gateway-errors'
import type { Refusal } from './refusal.ts'
import type { Target } from './target.ts'

/** The algorithms of proofs; those of oauth/jws-signature. */
const algs = 'algs="ES256 ES384 EdDSA RS256 PS256"'
/** Longer addresses get the resource's own: a header has to hold it, several times. */
const pathCharsMax = 1_000

/** Codes that say: the token is good, and what it stands for does not reach as far as this call. */
const beyondScope: ReadonlySet<GatewayErrorCode> = new Set(['operation_not_allowed', 'model_not_allowed', 'path_not_allowed'])

export function isBeyondScope(code: GatewayErrorCode): boolean {
  return beyondScope.has(code)
}

/**
 * True for git: it asks its credential helper for a name and a password and for nothing else, and sends them where `Basic` is offered alone.
 * Others are not offered it, because a browser would ask a person for a password that nobody has.
 */
export function speaksBasic(userAgent: string | undefined): boolean {
  return userAgent !== undefined && /^(?:git|git-lfs|JGit)\//.test(userAgent)
}

/** Where the metadata of what was called is (RFC 9728 section 3.1): the whole path of the call, inserted behind the well-known part. */
export function resourceMetadataUrl(issuer: string, { name, path }: Target): string {
  const rest = path === '/' || path.length > pathCharsMax ? '' : path
  return `${issuer}/.well-known/oauth-protected-resource/g/${name}${rest}`
}

/**
 * The values of `WWW-Authenticate` for a refusal, none where there is nothing to authenticate for (RFC 6750 section 3, RFC 9449 section 7.1,
 * RFC 9728 section 5.1).
 * @param scope what to ask for in its place: undefined where nothing would help, and then none is named
 */
export function challenges(
  refusal: Pick<Refusal, 'code' | 'headers'>,
  asked: {
    readonly scheme: 'bearer' | 'dpop'
    readonly metadata: string
    readonly scope?: string | undefined
    readonly basic?: boolean
  },
): string[] {
  const { code, headers } = refusal
  const { status, message } = gatewayErrors[code]
  const where = `resource_metadata="${asked.metadata}"`
  const bearer = 'Bearer realm="keyward"'
  if (isBeyondScope(code)) {
    const scope = asked.scope === undefined ? '' : `, scope="${asked.scope}"`
    const lead = asked.scheme === 'dpop' ? `DPoP ${algs},` : `${bearer},`
    return [`${lead} error="insufficient_scope"${scope}, error_description="${message}", ${where}`]
  }
  if (code === 'token_ambiguous') return [`${bearer}, error="invalid_request", error_description="${message}", ${where}`]
  if (status !== 401) return []
  if (asked.basic) return ['Basic realm="keyward"', ...challenges(refusal, { ...asked, basic: false })]
  const given = headers['www-authenticate']
  if (given !== undefined) return [`${given}, ${where}`]
  // No credentials, no error (RFC 6750 section 3): a client that never heard of this server learns both ways in.
  if (code === 'token_missing') return [`${bearer}, ${where}`, `DPoP ${algs}, ${where}`]
  if (code === 'proof_invalid') return [`DPoP ${algs}, error="invalid_dpop_proof", error_description="${message}", ${where}`]
  const error = `error="invalid_token", error_description="${message}", ${where}`
  const both = [`${bearer}, ${error}`, `DPoP ${algs}, ${where}`]
  return asked.scheme === 'dpop' ? [`DPoP ${algs}, ${error}`] : both
}
