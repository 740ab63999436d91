import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTokenService, type TokenService } from './token-service.ts'

/* The same, seen by a client's validators that we did not write. */

let service: TokenService
let workload: string
let grant: string
let as: oauth.AuthorizationServer
let client: oauth.Client
let auth: () => oauth.ClientAuth
const http = { [oauth.allowInsecureRequests]: true }

beforeAll(async () => {
  service = await startTokenService()
  workload = await service.addWorkload('reporter')
  grant = await service.addGrant(workload)
  const pair = await oauth.generateKeyPair('ES256', { extractable: true })
  const jwk = await crypto.subtle.exportKey('jwk', pair.publicKey)
  await service.addIdentity(workload, {
    method: 'private_key_jwt',
    public_jwk: JSON.stringify({ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }),
  })
  const issuer = new URL(service.issuer)
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...http }))
  client = { client_id: workload }
  auth = () => oauth.PrivateKeyJwt(pair.privateKey)
})
afterAll(() => service.stop())

async function token(DPoP?: oauth.DPoPHandle): Promise<oauth.TokenEndpointResponse> {
  const ask = async () => {
    const options = { ...http, ...(DPoP === undefined ? {} : { DPoP }) }
    const response = await oauth.clientCredentialsGrantRequest(as, client, auth(), { scope: `grant:${grant}` }, options)
    return await oauth.processClientCredentialsResponse(as, client, response)
  }
  try {
    return await ask()
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return await ask()
  }
}

describe('oauth4webapi', () => {
  it('RFC 9728 3.3: takes the metadata of a resource, and of a path below it, for what it asked about', async () => {
    for (const path of ['/g/openai', '/g/openai/v1/models']) {
      const resource = new URL(service.issuer + path)
      const found = await oauth.processResourceDiscoveryResponse(resource, await oauth.resourceDiscoveryRequest(resource, http))
      expect(found.authorization_servers).toEqual([service.issuer])
    }
  })

  it('RFC 8414 3.3: takes the same document as that of an OpenID provider', async () => {
    const issuer = new URL(service.issuer)
    const found = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oidc', ...http }))
    expect(found).toEqual(as)
  })

  it('RFC 9449 8: repeats its request with the nonce by itself, and keeps it for the next', async () => {
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
    const first = await token(DPoP)
    expect(first.token_type).toBe('dpop')
    const options = { ...http, DPoP }
    const again = await oauth.clientCredentialsGrantRequest(as, client, auth(), { scope: `grant:${grant}` }, options)
    expect((await oauth.processClientCredentialsResponse(as, client, again)).token_type).toBe('dpop')
  })

  it('RFC 9701 5: takes the signed introspection for itself, with its type, issuer and signature', async () => {
    const { access_token } = await token()
    const options = { ...http, requestJwtResponse: true }
    const response = await oauth.introspectionRequest(as, client, auth(), access_token, options)
    expect(response.headers.get('content-type')).toBe('application/token-introspection+jwt')
    const found = await oauth.processIntrospectionResponse(as, { ...client, introspection_signed_response_alg: 'ES256' }, response)
    expect(found).toMatchObject({ active: true, client_id: workload, sub: workload })
    await oauth.validateApplicationLevelSignature(as, response, http)
    const stranger = { client_id: 'wl_00000000000000000000000000', introspection_signed_response_alg: 'ES256' }
    const another = await oauth.introspectionRequest(as, client, auth(), access_token, options)
    await expect(oauth.processIntrospectionResponse(as, stranger, another)).rejects.toThrow(/aud/)
  })
})
