import { clientAlgs } from './jws-signature.ts'
import { clientAuthMethods } from './methods/authenticate-client.ts'

/** Authorization server metadata (RFC 8414 section 2): only what there is, and no empty list. */
export function metadata(issuer: string): Record<string, unknown> {
  return {
    issuer,
    token_endpoint: `${issuer}/oauth2/token`,
    token_endpoint_auth_methods_supported: clientAuthMethods,
    token_endpoint_auth_signing_alg_values_supported: clientAlgs,
    jwks_uri: `${issuer}/oauth2/jwks`,
    revocation_endpoint: `${issuer}/oauth2/revoke`,
    revocation_endpoint_auth_methods_supported: clientAuthMethods,
    revocation_endpoint_auth_signing_alg_values_supported: clientAlgs,
    introspection_endpoint: `${issuer}/oauth2/introspect`,
    introspection_endpoint_auth_methods_supported: clientAuthMethods,
    introspection_endpoint_auth_signing_alg_values_supported: clientAlgs,
    grant_types_supported: ['client_credentials'],
    // Required by RFC 8414; this server has no authorization endpoint yet, and `none` is the registered value for "no response type".
    response_types_supported: ['none'],
    dpop_signing_alg_values_supported: clientAlgs,
  }
}
