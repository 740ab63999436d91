import { OAuthError } from './oauth-error.ts'
import { TokenError } from './token-error.ts'
import type { TokenVerifier, VerifiedToken } from './verify.ts'

/**
 * What an access token of ours says, for the endpoints that take one as a parameter, or why it does not count.
 * @throws OAuthError `temporarily_unavailable` where this node cannot tell yet: "inactive" or "revoked" would be a guess (RFC 7009 section 2.2.1)
 */
export function readOwnToken(
  verifier: Pick<TokenVerifier, 'verify'>,
  compact: string,
): { readonly token: VerifiedToken } | { readonly refused: string } {
  try {
    return { token: verifier.verify(compact) }
  } catch (error) {
    if (!(error instanceof TokenError)) throw error
    if (error.code === 'node_deaf')
      throw new OAuthError('temporarily_unavailable', `${error.message}: try again`, { headers: { 'retry-after': '1' } })
    return { refused: error.message }
  }
}
