import { presenterOf } from '../clients/presenter.ts'
import type { Connect } from '../connect.ts'
import { OAuthError } from '../oauth-error.ts'
import { mintConnected, shownKey } from '../refresh/mint-connected.ts'
import { findRefreshToken, lockConsent, newRefreshToken, type StoredRefreshToken, useRefreshToken } from '../refresh/refresh-tokens.ts'
import { type TokenAnswer, type TokenRequest, tokenBody } from '../token-request.ts'

type Deps = Parameters<typeof mintConnected>[0] & { readonly connect: Connect }

/** OAuth 2.1 section 4.3: a refresh token becomes an access token and the next refresh token. */
export async function refreshToken(deps: Deps, request: TokenRequest): Promise<TokenAnswer> {
  const text = request.form.needed('refresh_token')
  const client = await presenterOf(deps.connect, request)
  const stored = await findRefreshToken(deps.db, text)
  if (stored === undefined) throw new OAuthError('invalid_grant', 'the refresh token is not known here')
  if (stored.client !== client.client) throw new OAuthError('invalid_grant', 'the refresh token was given to another client')
  if (stored.boundTo !== null && shownKey(request) !== stored.boundTo)
    throw new OAuthError('invalid_grant', 'the refresh token is bound to a key: send a DPoP proof by it')
  if (stored.revoked) throw new OAuthError('invalid_grant', 'the refresh token has ended: connect again')
  if (stored.used) return await replayed(deps, request, stored)
  if (stored.ended) throw new OAuthError('invalid_grant', 'the refresh token has ended: connect again')

  const { family, consent } = stored
  const { minted, narrowed } = await mintConnected(deps, request, { consent, family, client })
  const next = await deps.db.transaction().execute(async (trx) => {
    if (!(await lockConsent(trx, consent))) throw new OAuthError('invalid_grant', 'the consent has ended')
    if (!(await useRefreshToken(trx, stored.id))) return undefined
    return await newRefreshToken(trx, { family, consent, client: stored.client, boundTo: stored.boundTo ?? shownKey(request) })
  })
  if (next === undefined) return await replayed(deps, request, stored)
  return { method: 'refresh_token', body: { ...tokenBody(minted, { echo: narrowed }), refresh_token: next } }
}

async function replayed(deps: Deps, request: TokenRequest, stored: StoredRefreshToken): Promise<never> {
  await deps.connect.endFamily({
    family: stored.family,
    consent: stored.consent,
    reason: 'a refresh token was shown twice',
    record: { action: 'token.mint', decision: 'refused', code: 'refresh_replayed', actor: { kind: 'anonymous' }, ...request.context },
  })
  throw new OAuthError('invalid_grant', 'the refresh token was used before: what came of it has ended, connect again')
}
