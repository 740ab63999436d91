import { detailTypes } from './authorization-details.ts'
import { clientAlgs } from './jws-signature.ts'
import { clientAuthMethods } from './methods/authenticate-client.ts'

/** What there is, as far as it is not the same everywhere. */
export interface ServerFacts {
  readonly issuer: string
  readonly grantTypes: readonly string[]
  /** Client certificates can come: over TLS, or from a proxy that is believed. */
  readonly certificates: boolean
}

/**
 * Authorization server metadata (RFC 8414 section 2): only what there is, and no empty list. There are no `mtls_endpoint_aliases`, because
 * every endpoint takes a certificate (RFC 8705 section 5).
 */
export function metadata({ issuer, grantTypes, certificates }: ServerFacts): Record<string, unknown> {
  return {
    issuer,
    token_endpoint: `${issuer}/oauth2/token`,
    ...authMethods('token', certificates),
    jwks_uri: `${issuer}/oauth2/jwks`,
    revocation_endpoint: `${issuer}/oauth2/revoke`,
    ...authMethods('revocation', certificates),
    introspection_endpoint: `${issuer}/oauth2/introspect`,
    ...authMethods('introspection', certificates),
    introspection_signing_alg_values_supported: ['ES256'],
    grant_types_supported: grantTypes,
    authorization_endpoint: `${issuer}/oauth2/authorize`,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
    device_authorization_endpoint: `${issuer}/oauth2/device_authorization`,
    authorization_details_types_supported: detailTypes,
    dpop_signing_alg_values_supported: clientAlgs,
    ...(certificates ? { tls_client_certificate_bound_access_tokens: true } : {}),
  }
}

function authMethods(endpoint: 'token' | 'revocation' | 'introspection', certificates: boolean): Record<string, unknown> {
  return {
    // Public clients (editors, desktop apps) show a code or a refresh token, and no secret.
    [`${endpoint}_endpoint_auth_methods_supported`]: [
      ...clientAuthMethods({ certificates }),
      ...(endpoint === 'introspection' ? [] : ['none']),
    ],
    [`${endpoint}_endpoint_auth_signing_alg_values_supported`]: clientAlgs,
  }
}
