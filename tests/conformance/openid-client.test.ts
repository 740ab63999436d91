import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connecting, redirectUri, startConnecting } from '../support/connecting.ts'

/* Clients and validators that we did not write, through the whole of authorization code, refresh and revocation, with keys. */

let at: Connecting
let clientId: string
let resource: string
beforeAll(async () => {
  at = await startConnecting()
  clientId = at.publish('openid')
  resource = `${at.keyward.issuer}/g/crm`
}, 60_000)
afterAll(async () => {
  await at?.stop()
})

const plain = { [oauth.allowInsecureRequests]: true }

test('openid-client goes from discovery to tokens, refreshes and revokes them, with DPoP', async () => {
  const config = await client.discovery(new URL(at.keyward.issuer), clientId, undefined, client.None(), {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  })
  const keys = await client.randomDPoPKeyPair('ES256')
  const DPoP = client.getDPoPHandle(config, keys)
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    resource,
    state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    dpop_jkt: await DPoP.calculateThumbprint(),
  })
  const answer = new URL(`${redirectUri}?${await at.consent(at.admin, url.searchParams)}`)
  const tokens = await client.authorizationCodeGrant(config, answer, { pkceCodeVerifier, expectedState }, { resource }, { DPoP })
  expect(tokens.token_type).toBe('dpop')
  const called = await client.fetchProtectedResource(config, tokens.access_token, new URL(`${resource}/ping`), 'GET', null, undefined, {
    DPoP,
  })
  expect(called.status).toBe(200)
  const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', { resource }, { DPoP })
  expect(next.refresh_token).not.toBe(tokens.refresh_token)
  await client.tokenRevocation(config, next.refresh_token ?? '')
  await expect(client.refreshTokenGrant(config, next.refresh_token ?? '', {}, { DPoP })).rejects.toMatchObject({ error: 'invalid_grant' })
})

test('openid-client refuses an answer that names another issuer, and ours names ours (RFC 9207)', async () => {
  const config = await client.discovery(new URL(at.keyward.issuer), clientId, undefined, client.None(), {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  })
  const { query, verifier } = at.request(clientId)
  const answer = await at.consent(at.admin, query)
  answer.set('iss', 'https://elsewhere.example')
  const mixed = client.authorizationCodeGrant(config, new URL(`${redirectUri}?${answer}`), {
    pkceCodeVerifier: verifier,
    expectedState: query.get('state') ?? '',
  })
  await expect(mixed).rejects.toMatchObject({ cause: { message: expect.stringContaining('"iss"') } })
})

test('openid-client logs in by device code (RFC 8628)', async () => {
  const config = await client.discovery(new URL(at.keyward.issuer), 'keyward-cli', undefined, client.None(), {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  })
  const started = await client.initiateDeviceAuthorization(config, {})
  await at.admin.ask('POST', '/api/v1/device-logins/decide', { user_code: started.user_code, approve: true })
  const tokens = await client.pollDeviceAuthorizationGrant(config, started)
  expect(tokens.access_token).toMatch(/^kwu_/)
}, 30_000)

test('oauth4webapi takes every answer of the way as valid, the JWT access token included (RFC 9068)', async () => {
  const issuer = new URL(at.keyward.issuer)
  const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...plain })
  const server = await oauth.processDiscoveryResponse(issuer, found)
  const who: oauth.Client = { client_id: clientId }
  const DPoP = oauth.DPoP(who, await oauth.generateKeyPair('ES256'))
  const { query, verifier } = at.request(clientId)
  const answer = oauth.validateAuthResponse(server, who, await at.consent(at.admin, query), query.get('state') ?? '')
  const exchange = () =>
    oauth.authorizationCodeGrantRequest(server, who, oauth.None(), answer, redirectUri, verifier, {
      DPoP,
      additionalParameters: { resource },
      ...plain,
    })
  let tokens: oauth.TokenEndpointResponse
  try {
    tokens = await oauth.processAuthorizationCodeResponse(server, who, await exchange())
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    tokens = await oauth.processAuthorizationCodeResponse(server, who, await exchange())
  }
  const refreshed = await oauth.processRefreshTokenResponse(
    server,
    who,
    await oauth.refreshTokenGrantRequest(server, who, oauth.None(), tokens.refresh_token ?? '', { DPoP, ...plain }),
  )
  // As a resource server would look at it.
  const request = new Request(`${resource}/ping`, { headers: await proofFor(refreshed.access_token, DPoP) })
  const claims = await oauth.validateJwtAccessToken(server, request, resource, plain)
  expect(claims).toMatchObject({ sub: at.admin.id, client_id: clientId, act: { sub: at.estate.workload } })
})

/** The headers of a call with a bound token, as oauth4webapi makes them. */
async function proofFor(token: string, DPoP: oauth.DPoPHandle): Promise<Headers> {
  let sent = new Headers()
  await oauth.protectedResourceRequest(token, 'GET', new URL(`${resource}/ping`), undefined, null, {
    DPoP,
    [oauth.customFetch]: async (_url, options) => {
      sent = new Headers(options.headers)
      return new Response(null, { status: 200 })
    },
    ...plain,
  })
  return sent
}
