import { createHash, timingSafeEqual } from 'node:crypto'
import { findCode, type StoredCode, useCode } from '../authorize/codes.ts'
import { loginByCode, revokeLogin } from '../authorize/login-code.ts'
import { presenterOf } from '../clients/presenter.ts'
import type { Connect } from '../connect.ts'
import { OAuthError } from '../oauth-error.ts'
import { mintConnected, shownKey } from '../refresh/mint-connected.ts'
import { lockConsent, newRefreshToken } from '../refresh/refresh-tokens.ts'
import { type TokenAnswer, type TokenRequest, tokenBody } from '../token-request.ts'

type Deps = Parameters<typeof mintConnected>[0] & { readonly connect: Connect }

/** RFC 7636 section 4.1 */
const verifierPattern = /^[A-Za-z0-9._~-]{43,128}$/

/**
 * OAuth 2.1 section 4.1.3: the code that a person's browser brought becomes tokens, once, for whoever shows the client's name, the redirect address
 * and the verifier of its challenge. A code that comes again ends what the first one became (section 4.1.3, RFC 9700 section 4.2.4).
 */
export async function authorizationCode(deps: Deps, request: TokenRequest): Promise<TokenAnswer> {
  const { form } = request
  const text = form.needed('code')
  const redirectUri = form.needed('redirect_uri')
  const verifier = form.needed('code_verifier')
  const client = await presenterOf(deps.connect, request)
  const code = await findCode(deps.db, text)
  if (code === undefined) throw new OAuthError('invalid_grant', 'the code is not known here')
  if (code.used) return await replayed(deps, request, code)
  if (code.ended) throw new OAuthError('invalid_grant', 'the code has ended: it is good for 60 seconds')
  if (code.client !== client.client) throw new OAuthError('invalid_grant', 'the code was given to another client')
  if (code.redirectUri !== redirectUri) throw new OAuthError('invalid_grant', 'redirect_uri is not that of the authorization request')
  if (!verifierPattern.test(verifier) || !isVerifierOf(verifier, code.codeChallenge))
    throw new OAuthError('invalid_grant', 'code_verifier is not that of the code_challenge')
  if (code.boundTo !== null && shownKey(request) !== code.boundTo)
    throw new OAuthError('invalid_grant', 'the code is bound to a key: send a DPoP proof by it')
  const { consent } = code
  if (consent === null) {
    const login = await loginByCode(deps, request, code)
    return login ?? (await replayed(deps, request, code))
  }

  // The token is made before the code is used up, so that a failure leaves the code; until the code is used the token leaves nobody's hands.
  const { minted, narrowed } = await mintConnected(deps, request, { consent, family: code.family, client })
  const refreshToken = await deps.db.transaction().execute(async (trx) => {
    if (!(await lockConsent(trx, consent))) throw new OAuthError('invalid_grant', 'the consent has ended')
    if (!(await useCode(trx, code.hash))) return undefined
    return await newRefreshToken(trx, { family: code.family, consent, client: code.client, boundTo: shownKey(request) })
  })
  if (refreshToken === undefined) return await replayed(deps, request, code)
  return {
    method: 'authorization_code',
    body: { ...tokenBody(minted, { echo: narrowed }), refresh_token: refreshToken },
  }
}

async function replayed(deps: Deps, request: TokenRequest, code: StoredCode): Promise<never> {
  const reason = 'an authorization code was shown twice'
  const record = {
    action: 'token.mint',
    decision: 'refused' as const,
    code: 'code_replayed',
    actor: { kind: 'anonymous' as const },
    ...request.context,
  }
  if (code.consent === null) await revokeLogin(deps, code, { ...record, reason })
  else await deps.connect.endFamily({ family: code.family, consent: code.consent, reason, record })
  throw new OAuthError('invalid_grant', 'the code was used before: what came of it has ended, connect again')
}

function isVerifierOf(verifier: string, challenge: string): boolean {
  const expected = Buffer.from(createHash('sha256').update(verifier).digest('base64url'))
  const given = Buffer.from(challenge)
  return expected.length === given.length && timingSafeEqual(expected, given)
}
