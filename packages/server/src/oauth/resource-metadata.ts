import { detailTypes } from './authorization-details.ts'
import { clientAlgs } from './jws-signature.ts'

const prefix = '/.well-known/oauth-protected-resource'
/** `/g/NAME` and what clients append to it: the whole path of what they call (RFC 9728 section 3.1). */
const resourcePath = /^\/g\/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\/[A-Za-z0-9\-._~!$&'()*+,;=:@/%]{0,2000})?$/

/**
 * Protected resource metadata (RFC 9728 section 2) of whatever is called so: it says nothing about whether there is such a resource, and is
 * the same for every name. `resource` is what the client asked about, to the letter (section 3.3).
 * @param path of the request, with the well-known prefix; undefined answer: it names no resource
 */
export function resourceMetadata(
  facts: { readonly issuer: string; readonly certificates: boolean },
  path: string,
): Record<string, unknown> | undefined {
  const asked = path.startsWith(prefix) ? path.slice(prefix.length) : ''
  const name = resourcePath.exec(asked)?.[1]
  if (name === undefined) return undefined
  return {
    resource: facts.issuer + asked,
    resource_name: name,
    authorization_servers: [facts.issuer],
    bearer_methods_supported: ['header'],
    authorization_details_types_supported: detailTypes,
    dpop_signing_alg_values_supported: clientAlgs,
    ...(facts.certificates ? { tls_client_certificate_bound_access_tokens: true } : {}),
  }
}
