import type { AuthenticatedClient } from '../client.ts'
import { type Federation, FederationRefused, isPassing } from '../federation/federation.ts'
import { OAuthError } from '../oauth-error.ts'

/** OAuth SPIFFE client authentication. */
export const spiffeAssertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe'

/**
 * Client authentication with a JWT-SVID. Its keys are those of the trust domain of its `sub`, as configured; the identity must be one for
 * SPIFFE: a token of an OIDC issuer is a grant (RFC 7523 section 2.1) and authenticates nobody here.
 * @throws OAuthError `invalid_client`
 */
export async function spiffeJwt(federation: Federation, svid: string, clientId: string | undefined): Promise<AuthenticatedClient> {
  const proof = await federation.prove(svid, { workload: clientId, method: 'spiffe_jwt' }).catch((error: unknown) => {
    if (error instanceof FederationRefused && isPassing(error))
      throw new OAuthError('temporarily_unavailable', error.message, { cause: error.cause, headers: { 'retry-after': '5' } })
    if (error instanceof FederationRefused)
      throw new OAuthError('invalid_client', `the JWT-SVID was refused: ${error.message}`, { cause: error.cause })
    throw error
  })
  if (proof.method !== 'spiffe_jwt') throw new OAuthError('invalid_client', 'the client assertion is not a JWT-SVID')
  if (clientId !== undefined && proof.workload !== clientId)
    throw new OAuthError('invalid_client', 'the JWT-SVID is not one of that workload')
  const { workload, identity, method, grants, attests } = proof
  return { workload, identity, method, grants, attests }
}
