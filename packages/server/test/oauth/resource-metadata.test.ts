import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTokenService, type TokenService } from './token-service.ts'

let service: TokenService
beforeAll(async () => {
  service = await startTokenService()
  await service.addGrant(await service.addWorkload('agent'), { resource: 'openai' })
})
afterAll(() => service.stop())

async function get(path: string, init: RequestInit = {}) {
  const response = await fetch(service.issuer + path, init)
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>),
  }
}

describe('RFC 9728: metadata of protected resources', () => {
  it('3.3: resource is what was asked about, to the letter, also with a further path', async () => {
    for (const path of ['/g/openai', '/g/openai/v1/chat/completions', '/g/crm/mcp/']) {
      const { status, headers, body } = await get(`/.well-known/oauth-protected-resource${path}`)
      expect(status).toBe(200)
      expect(headers.get('content-type')).toBe('application/json')
      expect(body).toMatchObject({
        resource: service.issuer + path,
        authorization_servers: [service.issuer],
        bearer_methods_supported: ['header'],
        tls_client_certificate_bound_access_tokens: true,
      })
      expect(body?.dpop_signing_alg_values_supported).toContain('ES256')
    }
  })

  it('says nothing about whether there is such a resource: every name is answered alike', async () => {
    const known = await get('/.well-known/oauth-protected-resource/g/openai')
    const unknown = await get('/.well-known/oauth-protected-resource/g/nobody')
    const shown = (one: typeof known) => JSON.stringify(one.body).replaceAll(/openai|nobody/g, 'NAME')
    expect(shown(unknown)).toBe(shown(known))
    expect([...unknown.headers.keys()]).toEqual([...known.headers.keys()])
  })

  it.each(['', '/', '/g', '/g/', '/g/Upper', '/g/-x', `/g/${'x'.repeat(64)}`, '/api/v1', '/g/a%2f', '/g/a"b'])(
    'what names no resource (%s) has none',
    async (path) => {
      expect((await get(`/.well-known/oauth-protected-resource${path}`)).status).toBe(404)
    },
  )
})

describe('RFC 8414: metadata of the authorization server', () => {
  const paths = [
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server/g/crm',
    '/.well-known/openid-configuration/g/crm/mcp',
  ]

  it('3: the same document stands wherever clients look, and its issuer is ours', async () => {
    const [first, ...others] = await Promise.all(paths.map((path) => get(path)))
    expect(first?.body?.issuer).toBe(service.issuer)
    for (const other of others) expect(other.body).toEqual(first?.body)
  })

  it('2: names every grant type and method that there is, and no empty list', async () => {
    const { body = {} } = await get(paths[0] ?? '')
    expect(body.grant_types_supported).toEqual(
      expect.arrayContaining([
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:jwt-bearer',
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ]),
    )
    const methods = [
      'private_key_jwt',
      'tls_client_auth',
      'self_signed_tls_client_auth',
      'spiffe_x509',
      'spiffe_jwt',
      'client_secret_basic',
    ]
    for (const endpoint of ['token', 'revocation', 'introspection']) {
      expect(body[`${endpoint}_endpoint_auth_methods_supported`]).toEqual(expect.arrayContaining(methods))
      expect(body[`${endpoint}_endpoint_auth_signing_alg_values_supported`]).not.toContain('none')
    }
    expect(body).toMatchObject({
      introspection_signing_alg_values_supported: ['ES256'],
      tls_client_certificate_bound_access_tokens: true,
    })
    expect(body.authorization_details_types_supported).toContain('llm')
    expect(body).not.toHaveProperty('mtls_endpoint_aliases')
    for (const value of Object.values(body)) expect(value).not.toEqual([])
  })

  it('only well-known documents may be read by pages of other origins', async () => {
    const origin = { origin: 'https://inspector.example' }
    for (const path of [...paths, '/.well-known/oauth-protected-resource/g/crm']) {
      expect((await get(path, { headers: origin })).headers.get('access-control-allow-origin')).toBe('*')
      const preflight = await fetch(service.issuer + path, {
        method: 'OPTIONS',
        headers: { ...origin, 'access-control-request-method': 'GET' },
      })
      expect(preflight.headers.get('access-control-allow-methods')).toBe('GET')
      expect((await get(path, { method: 'POST' })).status).toBe(405)
    }
    for (const path of ['/oauth2/jwks', '/oauth2/token'])
      expect((await fetch(service.issuer + path, { headers: origin })).headers.get('access-control-allow-origin')).toBeNull()
  })
})
