import type { AuthenticatedClient } from '../client.ts'
import { OAuthError } from '../oauth-error.ts'
import type { TokenRequest } from '../token-request.ts'
import type { Clients } from './clients.ts'

/** Who shows a code or a refresh token: a public client by its name alone, a workload by what it authenticates with. */
export interface Presenter {
  readonly client: string
  readonly workload: AuthenticatedClient | undefined
}

/**
 * Identifies the client of a request (OAuth 2.1 section 2.4). A name proves nothing: what the client shows is bound to its name, and to the PKCE
 * verifier or the refresh token that only it has.
 * @throws OAuthError `invalid_client`, `invalid_request`
 */
export async function presenterOf(
  deps: { readonly clients: Pick<Clients, 'isActive'> },
  request: Pick<TokenRequest, 'form' | 'raw' | 'client'>,
): Promise<Presenter> {
  const { form, raw } = request
  const name = form.one('client_id')
  const authenticates = raw.headers.get('authorization') !== null || form.one('client_assertion') !== undefined
  if (authenticates || name === undefined || name.startsWith('wl_')) {
    const workload = await request.client()
    if (name !== undefined && name !== workload.workload)
      throw new OAuthError('invalid_client', 'client_id is not the client that authenticated')
    return { client: workload.workload, workload }
  }
  if (form.one('client_secret') !== undefined) throw new OAuthError('invalid_client', 'a public client has no secret')
  if (!(await deps.clients.isActive(name))) throw new OAuthError('invalid_client', 'the client is not registered here, or was revoked')
  return { client: name, workload: undefined }
}
