import { describe, expect, it } from 'vitest'
import { ConfigError, optionDefinitions, readConfig } from '../src/config.ts'

const read = (env: Record<string, string>) => readConfig(env, '/console')
const refusal = (env: Record<string, string>) => {
  try {
    read(env)
  } catch (error) {
    return error instanceof ConfigError ? error.message : error
  }
  return 'accepted'
}

describe('options', () => {
  it('have safe defaults: loopback, the known port, the built-in database', () => {
    expect(read({})).toMatchObject({
      host: '127.0.0.1',
      port: 7411,
      issuer: undefined,
      tls: undefined,
      databaseUrl: undefined,
      kek: undefined,
    })
  })

  it.each<[string, Record<string, string>]>([
    ['beyond loopback without TLS or a trusted proxy', { KEYWARD_HOST: '0.0.0.0' }],
    ['an address of this machine that others reach', { KEYWARD_HOST: '192.0.2.7' }],
    ['half of TLS', { KEYWARD_TLS_CERT: '/tmp/cert.pem' }],
    ['a port that is none', { KEYWARD_PORT: '70000' }],
    ['a port that is no number', { KEYWARD_PORT: '7411x' }],
    ['an issuer with a path', { KEYWARD_ISSUER: 'https://keyward.example.com/x' }],
    ['an issuer over plain http that is not this machine', { KEYWARD_ISSUER: 'http://keyward.example.com' }],
    ['a proxy that is no address', { KEYWARD_TRUSTED_PROXIES: 'proxy.example.com' }],
    ['a network that is none', { KEYWARD_TRUSTED_PROXIES: '10.0.0.0/64' }],
    ['a database that is no PostgreSQL', { DATABASE_URL: 'mysql://localhost/x' }],
    ['a log level that is none', { KEYWARD_LOG: 'loud' }],
    ['an algorithm that no token is signed with', { KEYWARD_TOKEN_ALGORITHM: 'HS256' }],
  ])('are refused with their name and what to do: %s', (_why, env) => {
    const message = refusal(env)
    expect(message).toMatch(new RegExp(`^(${Object.keys(env)[0]}|KEYWARD_TLS_KEY): `))
    expect(String(message).length).toBeGreaterThan(30)
  })

  it('allow what is meant: TLS, proxies, the console off', () => {
    expect(read({ KEYWARD_HOST: '0.0.0.0', KEYWARD_TRUSTED_PROXIES: '10.0.0.0/8, ::1' }).trustedProxies).toEqual(['10.0.0.0/8', '::1'])
    expect(read({ KEYWARD_ISSUER: 'https://keyward.example.com' }).issuer).toBe('https://keyward.example.com')
    expect(read({ KEYWARD_CONSOLE: 'off' }).consoleFolder).toBeUndefined()
    expect(read({ KEYWARD_PORT: ' ' }).port).toBe(7411)
    expect(read({}).tokenAlgorithm).toBe('ES256')
    expect(read({ KEYWARD_TOKEN_ALGORITHM: 'RS256' }).tokenAlgorithm).toBe('RS256')
  })

  it('each have one definition with a text', () => {
    expect(new Set(optionDefinitions.map((option) => option.name)).size).toBe(optionDefinitions.length)
    for (const option of optionDefinitions) expect(option.text.length).toBeGreaterThan(20)
  })
})
