import type { Database } from '../../db/database.ts'
import type { ClientCertificate } from '../../web/client-certificate.ts'
import { type AuthenticatedClient, noteIdentityUse } from '../client.ts'
import type { Federation } from '../federation/federation.ts'
import type { Form } from '../form.ts'
import { OAuthError } from '../oauth-error.ts'
import { type CertificateDeps, clientCertificate } from './client-certificate.ts'
import { basicChallenge, clientSecretBasic } from './client-secret-basic.ts'
import { jwtBearerAssertionType, privateKeyJwt } from './private-key-jwt.ts'
import { spiffeAssertionType, spiffeJwt } from './spiffe-jwt.ts'

const certificateAuthMethods = ['tls_client_auth', 'self_signed_tls_client_auth', 'spiffe_x509'] as const

/** The methods in the metadata (RFC 8414): asymmetric first, the shared secret last and discouraged. */
export function clientAuthMethods(options: { readonly certificates: boolean }): string[] {
  return ['private_key_jwt', ...(options.certificates ? certificateAuthMethods : []), 'spiffe_jwt', 'client_secret_basic']
}

interface Deps {
  readonly db: Database
  readonly issuer: string
  readonly federation: Federation
  readonly certificates: Pick<CertificateDeps, 'paths' | 'anchors'>
  nowMs(): number
}

/** What of a request can authenticate its client. */
export interface Presenting {
  readonly raw: Request
  readonly form: Form
  readonly certificate: ClientCertificate | undefined
}

/**
 * Authenticates the client of a request by exactly one method (RFC 6749 section 2.3). A certificate that comes with an assertion or a secret
 * is no second method: it is what the token is bound to (RFC 8705 section 4).
 * @throws OAuthError
 */
export async function authenticateClient(deps: Deps, presenting: Presenting): Promise<AuthenticatedClient> {
  const client = await proved(deps, presenting)
  await noteIdentityUse(deps.db, client.identity)
  return client
}

/**
 * Whether a request brings what authenticates a client, right or wrong: where that is optional, it counts all the same (RFC 7523 section 3.1). A
 * certificate is not meant: it may be there for the binding alone.
 */
export function bringsCredentials({ raw, form }: Pick<Presenting, 'raw' | 'form'>): boolean {
  const inForm = ['client_secret', 'client_assertion', 'client_assertion_type'].some((name) => form.one(name) !== undefined)
  return inForm || /^basic(?: |$)/i.test(raw.headers.get('authorization') ?? '')
}

async function proved(deps: Deps, { raw, form, certificate }: Presenting): Promise<AuthenticatedClient> {
  const authorization = raw.headers.get('authorization')
  const byHeader = authorization !== null && /^basic /i.test(authorization)
  const assertion = form.one('client_assertion')
  const assertionType = form.one('client_assertion_type')
  const clientId = form.one('client_id')
  const bySecret = form.one('client_secret') !== undefined
  if (Number(byHeader) + Number(bySecret) + Number(assertion !== undefined || assertionType !== undefined) > 1)
    throw new OAuthError('invalid_request', 'use one client authentication method, not two')
  if (bySecret)
    throw new OAuthError('invalid_client', 'send the client secret in the Authorization header (client_secret_basic), not in the body')
  if ((assertion === undefined) !== (assertionType === undefined))
    throw new OAuthError('invalid_request', 'client_assertion and client_assertion_type come together or not at all')
  if (byHeader) {
    const client = await clientSecretBasic(deps.db, authorization)
    if (clientId !== undefined && clientId !== client.workload)
      throw new OAuthError('invalid_request', 'client_id is not the client of the Authorization header')
    return client
  }
  if (assertion !== undefined) {
    if (assertionType === jwtBearerAssertionType) return await privateKeyJwt(deps, assertion, clientId)
    if (assertionType === spiffeAssertionType) return await spiffeJwt(deps.federation, assertion, clientId)
    throw new OAuthError('invalid_client', `client_assertion_type must be ${jwtBearerAssertionType} or ${spiffeAssertionType}`)
  }
  if (clientId !== undefined && certificate !== undefined)
    return await clientCertificate({ ...deps.certificates, db: deps.db, nowMs: () => deps.nowMs() }, certificate, clientId)
  throw new OAuthError('invalid_client', unauthenticated(clientId, certificate), authorization === null ? {} : { headers: basicChallenge })
}

function unauthenticated(clientId: string | undefined, certificate: ClientCertificate | undefined): string {
  if (certificate !== undefined) return 'a client certificate came without a client_id: name the workload in it'
  const ways = 'use private_key_jwt, spiffe_jwt, a client certificate or client_secret_basic'
  if (clientId === undefined) return `the client did not authenticate: ${ways}`
  return `the client did not authenticate, and no client certificate came with its client_id (behind a proxy, KEYWARD_CLIENT_CERTIFICATES and KEYWARD_TRUSTED_PROXIES say whose word counts): ${ways}`
}
