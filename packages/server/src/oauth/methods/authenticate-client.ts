import type { Database } from '../../db/database.ts'
import { type AuthenticatedClient, noteIdentityUse } from '../client.ts'
import type { Form } from '../form.ts'
import { OAuthError } from '../oauth-error.ts'
import { basicChallenge, clientSecretBasic } from './client-secret-basic.ts'
import { jwtBearerAssertionType, privateKeyJwt } from './private-key-jwt.ts'

/** The methods in the metadata (RFC 8414): asymmetric first, the shared secret last and discouraged. */
export const clientAuthMethods = ['private_key_jwt', 'client_secret_basic'] as const

/** Authenticates the client of a request by exactly one method (RFC 6749 section 2.3). Throws OAuthError. */
export async function authenticateClient(
  deps: { db: Database; issuer: string; nowMs(): number },
  request: Request,
  form: Form,
): Promise<AuthenticatedClient> {
  const authorization = request.headers.get('authorization')
  const byHeader = authorization !== null && /^basic /i.test(authorization)
  const assertion = form.one('client_assertion')
  const assertionType = form.one('client_assertion_type')
  if (form.one('client_secret') !== undefined)
    throw new OAuthError('invalid_request', 'send the client secret in the Authorization header (client_secret_basic), not in the body')
  if (byHeader && (assertion !== undefined || assertionType !== undefined))
    throw new OAuthError('invalid_request', 'use one client authentication method, not two')
  let client: AuthenticatedClient
  if (byHeader) {
    client = await clientSecretBasic(deps.db, authorization)
    const clientId = form.one('client_id')
    if (clientId !== undefined && clientId !== client.workload)
      throw new OAuthError('invalid_request', 'client_id is not the client of the Authorization header')
  } else if (assertion !== undefined) {
    if (assertionType !== jwtBearerAssertionType)
      throw new OAuthError('invalid_request', `client_assertion_type must be ${jwtBearerAssertionType}`)
    client = await privateKeyJwt(deps, assertion, form.one('client_id'))
  } else {
    throw new OAuthError(
      'invalid_client',
      'the client did not authenticate: use private_key_jwt or client_secret_basic',
      authorization === null ? {} : { headers: basicChallenge },
    )
  }
  await noteIdentityUse(deps.db, client.identity)
  return client
}
