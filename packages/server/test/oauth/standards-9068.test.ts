import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signJwt } from '../../src/oauth/sign-jwt.ts'
import { type Standards, startStandards } from './standards-service.ts'

/* RFC 9068: what an access token is, by both algorithms, and what is none. */

let at: Standards
beforeAll(async () => {
  at = await startStandards()
})
afterAll(() => at?.stop())

const by = async (alg: 'ES256' | 'RS256') => {
  const minter = alg === 'ES256' ? at.service.minter : at.service.rs256Minter
  return (await minter.mint({ grant: at.grant, workload: at.workload, method: 'by_hand' })).token
}

test('RFC 9068 2.1 and 2.2: header and claims are those that are required, and no others that nobody documents, by both algorithms', async () => {
  for (const [alg, token] of [
    ['ES256', await at.mint()],
    ['ES256', await by('ES256')],
    ['RS256', await by('RS256')],
  ] as const) {
    expect(decodeProtectedHeader(token)).toEqual({ alg, typ: 'at+jwt', kid: expect.any(String) })
    const { identity, ...claims } = decodeJwt(token)
    expect(claims).toEqual({
      iss: at.service.issuer,
      exp: Number(claims.iat) + 600,
      aud: `${at.service.issuer}/g/openai`,
      sub: at.workload,
      client_id: at.workload,
      iat: expect.any(Number),
      jti: expect.stringMatching(/^tok_/),
      scope: `grant:${at.grant}`,
      grant: at.grant,
      assurance: expect.any(String),
    })
    expect(String(identity ?? 'idn_')).toMatch(/^idn_/)
  }
})

test('RFC 9068 4: a validator of others verifies both algorithms by the published keys alone, and here both count', async () => {
  const keys = createRemoteJWKSet(new URL(at.url('/oauth2/jwks')))
  for (const alg of ['ES256', 'RS256'] as const) {
    const token = await by(alg)
    const options = { issuer: at.service.issuer, audience: `${at.service.issuer}/g/openai`, typ: 'at+jwt', algorithms: [alg] }
    await jwtVerify(token, keys, options)
    expect((await at.introspect(token)).body.active).toBe(true)
  }
})

test('RFC 9068 4: our own signature is not enough: type, issuer, subject, client, audience, id and times have to be there and right', async () => {
  const claims = decodeJwt(await at.mint())
  const isActive = async (typ: string, change: Record<string, unknown> = {}) => {
    const token = signJwt(at.service.keys.signer('ES256'), typ, { ...claims, ...change })
    return (await at.introspect(token)).body.active
  }
  expect(await isActive('at+jwt')).toBe(true)
  expect(await isActive('application/at+jwt')).toBe(true)
  for (const typ of ['jwt', 'JWT', 'at', 'id+jwt', 'dpop+jwt', 'token-introspection+jwt'])
    expect([typ, await isActive(typ)]).toEqual([typ, false])
  for (const name of ['iss', 'sub', 'client_id', 'aud', 'jti', 'iat', 'exp', 'grant'])
    expect([name, await isActive('at+jwt', { [name]: undefined })]).toEqual([name, false])
  const wrong: Record<string, unknown>[] = [
    { iss: `${at.service.issuer}/` },
    { iss: 'https://elsewhere.example' },
    { exp: Math.floor(Date.now() / 1000) - 1 },
    { exp: '9999999999' },
    { aud: [String(claims.aud), 'https://elsewhere.example'] },
    { jti: 'tok_00000000000000000000000000' },
    { cnf: { kid: 'a way to bind that nobody knows' } },
  ]
  for (const change of wrong) expect([change, await isActive('at+jwt', change)]).toEqual([change, false])
})

test('RFC 9700 4.15: a workload’s id is never that of a person, so that sub cannot be mistaken', async () => {
  expect(decodeJwt(await at.mint()).sub).toMatch(/^wl_/)
})
