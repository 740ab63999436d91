import type { Binding } from '../policy/assurance.ts'
import { grantedDetails } from './authorization-details.ts'
import type { AuthenticatedClient } from './client.ts'
import type { Form } from './form.ts'
import { type MintedAccessToken, MintRefused, type MintRequest } from './mint-request.ts'
import { OAuthError } from './oauth-error.ts'

/** A request to the token endpoint, read and checked as far as it is the same for all grant types. */
export interface TokenRequest {
  readonly form: Form
  readonly raw: Request
  /** The key that a proof or a client certificate showed. */
  readonly binding: Binding | undefined
  /** Authenticates the client (oauth/methods). @throws OAuthError */
  client(): Promise<AuthenticatedClient>
  readonly context: Pick<MintRequest, 'correlationId' | 'personal'>
}

/** What a token endpoint answers (RFC 6749 section 5.1), and by which method the asker proved itself. */
export interface TokenAnswer {
  readonly method: string
  readonly body: Readonly<Record<string, unknown>>
}

/** Further members are allowed (RFC 6749 section 5.1): `keyward run` sets its program up from them. */
export function tokenBody(minted: MintedAccessToken, options: { readonly echo?: boolean } = {}): Record<string, unknown> {
  return {
    access_token: minted.token,
    token_type: minted.type,
    expires_in: minted.expiresInSeconds,
    scope: minted.scope,
    ...(options.echo ? { authorization_details: grantedDetails(minted) } : {}),
    resource: minted.resource,
    resource_kind: minted.resourceKind,
    assurance: minted.assurance,
    ...(minted.provider === null ? {} : { provider: minted.provider }),
  }
}

/** Mints, with a refusal in the words of OAuth. */
export async function mintFor(
  minter: { mint(request: MintRequest): Promise<MintedAccessToken> },
  request: MintRequest,
  codes: { readonly ended: 'invalid_grant' | 'unauthorized_client' | 'invalid_request' },
): Promise<MintedAccessToken> {
  try {
    return await minter.mint(request)
  } catch (error) {
    if (!(error instanceof MintRefused)) throw error
    switch (error.code) {
      case 'unknown_grant':
      case 'scope_too_wide':
        throw new OAuthError('invalid_scope', error.message)
      case 'binding_required':
        throw new OAuthError('invalid_dpop_proof', error.message)
      case 'certificate_required':
        throw new OAuthError('invalid_request', error.message)
      case 'not_a_delegate':
      case 'assurance_too_low':
        throw new OAuthError('unauthorized_client', error.message)
      case 'too_deep':
        throw new OAuthError('invalid_request', error.message)
      default:
        throw new OAuthError(codes.ended, error.message)
    }
  }
}
