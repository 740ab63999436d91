import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Standards, startStandards } from './standards-service.ts'

/* RFC 8414 and RFC 9728: what the documents say is so. That they are taken by validators of others is in introspection-jwt.test.ts. */

let at: Standards
let metadata: Record<string, unknown>
beforeAll(async () => {
  at = await startStandards()
  metadata = (await at.send('/.well-known/oauth-authorization-server', undefined, {}, 'GET')).body as Record<string, unknown>
})
afterAll(() => at?.stop())

const get = (path: string) => at.send(path, undefined, {}, 'GET')

test('RFC 8414 3.3: the issuer is the one whose address was asked, to the letter, in JSON that anybody may keep for minutes', async () => {
  for (const name of ['oauth-authorization-server', 'openid-configuration']) {
    const answer = await get(`/.well-known/${name}`)
    expect([answer.status, answer.headers.get('content-type'), answer.body.issuer]).toEqual([200, 'application/json', at.service.issuer])
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300')
  }
})

test('RFC 8414 2: the document has these members and no others, none of them empty', () => {
  expect(Object.keys(metadata).sort()).toEqual(
    [
      'issuer',
      'authorization_endpoint',
      'token_endpoint',
      'jwks_uri',
      'response_types_supported',
      'response_modes_supported',
      'grant_types_supported',
      'token_endpoint_auth_methods_supported',
      'token_endpoint_auth_signing_alg_values_supported',
      'revocation_endpoint',
      'revocation_endpoint_auth_methods_supported',
      'revocation_endpoint_auth_signing_alg_values_supported',
      'introspection_endpoint',
      'introspection_endpoint_auth_methods_supported',
      'introspection_endpoint_auth_signing_alg_values_supported',
      'introspection_signing_alg_values_supported',
      'code_challenge_methods_supported',
      'authorization_response_iss_parameter_supported',
      'client_id_metadata_document_supported',
      'device_authorization_endpoint',
      'authorization_details_types_supported',
      'dpop_signing_alg_values_supported',
      'tls_client_certificate_bound_access_tokens',
    ].sort(),
  )
  for (const value of Object.values(metadata)) expect(value).not.toEqual([])
})

test('RFC 8414 2: each grant type that is named is known, and no other is', async () => {
  for (const grant_type of metadata.grant_types_supported as string[]) {
    const { body } = await at.token({ grant_type }, at.basic())
    expect([grant_type, body.error]).not.toEqual([grant_type, 'unsupported_grant_type'])
  }
  for (const grant_type of ['password', 'implicit', 'urn:ietf:params:oauth:grant-type:saml2-bearer', 'urn:openid:params:grant-type:ciba']) {
    expect(metadata.grant_types_supported).not.toContain(grant_type)
    expect((await at.token({ grant_type }, at.basic())).body.error).toBe('unsupported_grant_type')
  }
})

test('RFC 8414 2: the ways to authenticate are named, so that nobody has to guess client_secret_basic, and a body’s secret is not among them', () => {
  const ways = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'spiffe_x509', 'spiffe_jwt', 'client_secret_basic']
  expect(metadata.token_endpoint_auth_methods_supported).toEqual([...ways, 'none'])
  expect(metadata.revocation_endpoint_auth_methods_supported).toEqual([...ways, 'none'])
  expect(metadata.introspection_endpoint_auth_methods_supported).toEqual(ways)
  for (const [name, value] of Object.entries(metadata))
    if (name.endsWith('alg_values_supported')) for (const alg of value as string[]) expect(alg).toMatch(/^(?:ES|RS|PS)(?:256|384)$|^EdDSA$/)
})

test('RFC 8414 2: jwks_uri is a JWK set of public keys alone, each with its use, algorithm and kid (RFC 7517)', async () => {
  const answer = await get(new URL(String(metadata.jwks_uri)).pathname)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/jwk-set+json'])
  const keys = answer.body.keys as Record<string, string>[]
  expect(new Set(keys.map(({ alg }) => alg))).toEqual(new Set(['ES256', 'RS256']))
  expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length)
  for (const key of keys) {
    expect(key.use).toBe('sig')
    for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']) expect(key).not.toHaveProperty(part)
    if (key.kty === 'RSA') expect(Buffer.from(key.n ?? '', 'base64url').length).toBeGreaterThanOrEqual(256)
  }
})

test('RFC 9728 3.3 and 2: resource is the identifier that was asked about, and it names who gives tokens for it and how they are sent', async () => {
  for (const path of ['/g/openai', '/g/openai/', '/g/openai/v1/chat/completions', '/g/nobody-has-it', '/g/a/%7Euser']) {
    const { status, body } = await get(`/.well-known/oauth-protected-resource${path}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      resource: at.service.issuer + path,
      authorization_servers: [at.service.issuer],
      bearer_methods_supported: ['header'],
    })
    expect(body.dpop_signing_alg_values_supported).toEqual(metadata.dpop_signing_alg_values_supported)
    expect(body.authorization_details_types_supported).toEqual(metadata.authorization_details_types_supported)
    for (const value of Object.values(body)) expect(value).not.toEqual([])
  }
})

test('RFC 9728 3.1: there is no document for what is no resource, and a query is no part of one', async () => {
  for (const path of ['', '/', '/g', '/g/', '/api/v1/users', '/oauth2/token', '/g/UPPER'])
    expect([path, (await get(`/.well-known/oauth-protected-resource${path}`)).status]).toEqual([path, 404])
  expect((await get('/.well-known/oauth-protected-resource/g/openai?x=1')).body.resource).toBe(`${at.service.issuer}/g/openai`)
})
