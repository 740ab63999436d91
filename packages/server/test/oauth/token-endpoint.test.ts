import { generateKeyPairSync, hash, type KeyObject, randomBytes } from 'node:crypto'
import { formatSecret } from '@keyward/contract/secret-format'
import { calculateJwkThumbprint, createRemoteJWKSet, decodeProtectedHeader, type JWK, jwtVerify, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTokenService, type TokenService } from './token-service.ts'

let service: TokenService
let workload: string
let grant: string
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const secret = formatSecret('clientSecret', randomBytes(32))

beforeAll(async () => {
  service = await startTokenService()
  workload = await service.addWorkload('reporter')
  grant = await service.addGrant(workload)
  const jwk = pair.publicKey.export({ format: 'jwk' }) as JWK
  await service.addIdentity(workload, {
    method: 'private_key_jwt',
    public_jwk: JSON.stringify(jwk),
    thumbprint: await calculateJwkThumbprint(jwk),
  })
  await service.addIdentity(workload, { method: 'client_secret_basic', secret_hash: hash('sha256', secret, 'buffer') })
})
afterAll(() => service.stop())

const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const basic = (id = workload, password = secret) => ({ authorization: `Basic ${Buffer.from(`${id}:${password}`).toString('base64')}` })

async function assertion(
  change: { claims?: Record<string, unknown>; header?: Record<string, unknown>; key?: KeyObject } = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: workload, sub: workload, aud: service.issuer, iat: now, exp: now + 60, jti: crypto.randomUUID(), ...change.claims }
  return await new SignJWT(JSON.parse(JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'ES256', ...change.header })
    .sign(change.key ?? pair.privateKey)
}

async function post(path: string, form: Record<string, string> | string, headers: Record<string, string> = {}) {
  const response = await fetch(service.issuer + path, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof form === 'string' ? form : new URLSearchParams(form),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>),
  }
}

const withAssertion = async (change?: Parameters<typeof assertion>[0]) => ({
  grant_type: 'client_credentials',
  client_assertion_type: jwtBearer,
  client_assertion: await assertion(change),
})

async function proof(key: { privateKey: KeyObject; publicKey: KeyObject }, claims: Record<string, unknown> = {}) {
  return await new SignJWT({ htm: 'POST', htu: `${service.issuer}/oauth2/token`, nonce: service.verifier.proofs.nonce(), ...claims })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: key.publicKey.export({ format: 'jwk' }) as JWK })
    .setIssuedAt()
    .setJti(crypto.randomUUID())
    .sign(key.privateKey)
}

describe('200', () => {
  it('private_key_jwt gets an RFC 9068 access token that a validator of others accepts', async () => {
    const answer = await post('/oauth2/token', await withAssertion())
    expect(answer.status).toBe(200)
    // RFC 6749 section 5.1
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.body).toMatchObject({ token_type: 'Bearer', expires_in: 600, scope: `grant:${grant}` })
    expect(answer.body).not.toHaveProperty('refresh_token')
    const token = String(answer.body?.access_token)
    const { payload, protectedHeader } = await jwtVerify(token, createRemoteJWKSet(new URL(`${service.issuer}/oauth2/jwks`)), {
      issuer: service.issuer,
      audience: `${service.issuer}/g/openai`,
      typ: 'at+jwt',
      algorithms: ['ES256'],
    })
    expect(protectedHeader.typ).toBe('at+jwt')
    expect(payload).toMatchObject({ sub: workload, client_id: workload, grant })
    for (const claim of ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti', 'scope']) expect(payload).toHaveProperty(claim)
    const record = await service.db.selectFrom('tokens').selectAll().where('id', '=', String(payload.jti)).executeTakeFirstOrThrow()
    expect(record.method).toBe('private_key_jwt')
    expect(JSON.stringify(record)).not.toContain(token.split('.')[2])
    const audited = await service.db
      .selectFrom('audit_entries')
      .selectAll()
      .where('token_id', '=', String(payload.jti))
      .executeTakeFirstOrThrow()
    expect(audited).toMatchObject({ action: 'token.mint', decision: 'done', actor_id: workload, grant_id: grant })
  })

  it('client_secret_basic gets one too; id and secret may be form-encoded (RFC 6749 section 2.3.1)', async () => {
    expect((await post('/oauth2/token', { grant_type: 'client_credentials' }, basic())).status).toBe(200)
    expect(
      (
        await post(
          '/oauth2/token',
          { grant_type: 'client_credentials' },
          basic(encodeURIComponent(workload).replace('_', '%5F'), encodeURIComponent(secret)),
        )
      ).status,
    ).toBe(200)
  })

  it('RSA tokens are there for those who need them: RS256 is signed with a key of its own (RFC 9068 section 2.1)', async () => {
    const { token } = await service.rs256Minter.mint({ grant, workload, method: 'by_hand' })
    expect(decodeProtectedHeader(token).alg).toBe('RS256')
    await jwtVerify(token, createRemoteJWKSet(new URL(`${service.issuer}/oauth2/jwks`)), { algorithms: ['RS256'] })
    expect(service.verifier.verify(token).grant).toBe(grant)
  })

  it('a proof at the token endpoint binds the token to its key (RFC 9449 section 5)', async () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const answer = await post('/oauth2/token', await withAssertion(), { dpop: await proof(key) })
    expect(answer.body?.token_type).toBe('DPoP')
    const verified = service.verifier.verify(String(answer.body?.access_token))
    expect(verified.boundTo).toBe(await calculateJwkThumbprint(key.publicKey.export({ format: 'jwk' }) as JWK))
  })

  it('resource chooses the grant (RFC 8707), and a token never lives longer than its grant', async () => {
    const other = await service.addWorkload('two-grants')
    await service.addIdentity(other, { method: 'client_secret_basic', secret_hash: hash('sha256', secret, 'buffer') })
    const long = await service.addGrant(other, { resource: 'openai' })
    await service.addGrant(other, { resource: 'anthropic', ttlSeconds: 3_600, expiresAt: new Date(Date.now() + 100_000) })
    const ask = (more: Record<string, string>) => post('/oauth2/token', { grant_type: 'client_credentials', ...more }, basic(other))
    expect((await ask({ resource: `${service.issuer}/g/openai` })).body?.scope).toBe(`grant:${long}`)
    const short = await ask({ resource: `${service.issuer}/g/anthropic` })
    expect(Number(short.body?.expires_in)).toBeLessThanOrEqual(100)
    expect((await ask({})).body?.error).toBe('invalid_target')
    expect((await ask({ resource: 'https://elsewhere.example/g/openai' })).body?.error).toBe('invalid_target')
  })
})

describe('400', () => {
  it.each<[string, string, Record<string, string> | string]>([
    ['invalid_request', 'grant_type is missing', {}],
    ['invalid_request', 'a parameter comes twice (RFC 6749 section 3.2)', 'grant_type=client_credentials&grant_type=client_credentials'],
    ['unsupported_grant_type', 'the grant type is not one of ours', { grant_type: 'password', username: 'a', password: 'b' }],
    ['invalid_request', 'the secret is in the body', { grant_type: 'client_credentials', client_id: 'x', client_secret: 'y' }],
    ['invalid_scope', 'the scope is not a grant', { grant_type: 'client_credentials', scope: 'everything' }],
    [
      'invalid_scope',
      'the grant is of another workload',
      { grant_type: 'client_credentials', scope: 'grant:grt_00000000000000000000000000' },
    ],
  ])('%s: %s', async (error, _why, form) => {
    const answer = await post('/oauth2/token', form, basic())
    expect(answer).toMatchObject({ status: 400, body: { error } })
  })

  it('invalid_request: two client authentication methods at once (RFC 6749 section 2.3)', async () => {
    expect(await post('/oauth2/token', await withAssertion(), basic())).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  it('invalid_request: JSON where a form belongs, a body that is too large, bytes that are no UTF-8', async () => {
    expect(await post('/oauth2/token', '{}', { 'content-type': 'application/json' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    })
    expect(await post('/oauth2/token', `a=${'x'.repeat(70_000)}`)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  it('invalid_dpop_proof: a proof that does not hold (RFC 9449 section 5), and a grant that asks for one', async () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    expect(await post('/oauth2/token', await withAssertion(), { dpop: await proof(key, { htm: 'GET' }) })).toMatchObject({
      status: 400,
      body: { error: 'invalid_dpop_proof' },
    })
    const bound = await service.addGrant(workload, { resource: 'bound-only', requireDpop: true })
    expect(await post('/oauth2/token', { ...(await withAssertion()), scope: `grant:${bound}` })).toMatchObject({
      status: 400,
      body: { error: 'invalid_dpop_proof' },
    })
    const refusal = await service.db
      .selectFrom('audit_entries')
      .selectAll()
      .where('grant_id', '=', bound)
      .where('decision', '=', 'refused')
      .executeTakeFirstOrThrow()
    expect(refusal).toMatchObject({ action: 'token.mint', code: 'binding_required' })
  })
})

describe('401 invalid_client', () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  it.each<[string, Parameters<typeof assertion>[0]]>([
    ['a key that is not the workload’s', { key: other.privateKey }],
    ['aud is the token endpoint (rfc7523bis wants the issuer alone)', { claims: { aud: 'ENDPOINT' } }],
    ['aud has a second member', { claims: { aud: ['ISSUER', 'https://elsewhere.example'] } }],
    ['iss is not sub', { claims: { iss: 'wl_00000000000000000000000000' } }],
    ['it has ended', { claims: { exp: Math.floor(Date.now() / 1000) - 120 } }],
    ['it lives too long', { claims: { exp: Math.floor(Date.now() / 1000) + 3_600 } }],
    ['it is not valid yet', { claims: { nbf: Math.floor(Date.now() / 1000) + 600 } }],
    ['no jti', { claims: { jti: undefined } }],
    ['no exp', { claims: { exp: undefined } }],
    ['the typ of an access token (confusion, RFC 8725 section 3.12)', { header: { typ: 'at+jwt' } }],
    ['the typ of a proof', { header: { typ: 'dpop+jwt' } }],
    ['a jku header (RFC 8725 section 3.10)', { header: { jku: 'http://127.0.0.1:1/keys' } }],
  ])('private_key_jwt: %s', async (_why, change) => {
    const claims = JSON.parse(
      JSON.stringify(change?.claims ?? {})
        .replaceAll('ENDPOINT', `${service.issuer}/oauth2/token`)
        .replaceAll('ISSUER', service.issuer),
    ) as Record<string, unknown>
    for (const name of Object.keys(change?.claims ?? {})) if (!(name in claims)) claims[name] = undefined
    expect(await post('/oauth2/token', await withAssertion({ ...change, claims }))).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    })
  })

  it('private_key_jwt: the public key used as an HMAC secret (algorithm confusion)', async () => {
    const now = Math.floor(Date.now() / 1000)
    const pem = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString()
    const forged = await new SignJWT({ iss: workload, sub: workload, aud: service.issuer, exp: now + 60, jti: 'x' })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(pem))
    expect(
      await post('/oauth2/token', { grant_type: 'client_credentials', client_assertion_type: jwtBearer, client_assertion: forged }),
    ).toMatchObject({ status: 401 })
  })

  it('private_key_jwt: the same assertion a second time, also when both come at once', async () => {
    const form = { ...(await withAssertion()), scope: `grant:${grant}` }
    const statuses = (await Promise.all([1, 2, 3, 4].map(() => post('/oauth2/token', form)))).map((answer) => answer.status).sort()
    expect(statuses).toEqual([200, 401, 401, 401])
  })

  it('client_secret_basic: a wrong secret, an unknown workload and no authentication look alike and name a scheme', async () => {
    const wrong = await post(
      '/oauth2/token',
      { grant_type: 'client_credentials' },
      basic(workload, formatSecret('clientSecret', randomBytes(32))),
    )
    const unknown = await post('/oauth2/token', { grant_type: 'client_credentials' }, basic('wl_00000000000000000000000000'))
    expect(wrong.status).toBe(401)
    expect(wrong.headers.get('www-authenticate')).toMatch(/^Basic /)
    expect(unknown.body).toEqual(wrong.body)
    expect((await post('/oauth2/token', { grant_type: 'client_credentials' })).status).toBe(401)
  })

  it('an identity that was revoked or has ended, and a workload that was revoked', async () => {
    const gone = await service.addWorkload('gone')
    const own = formatSecret('clientSecret', randomBytes(32))
    const identity = await service.addIdentity(gone, { method: 'client_secret_basic', secret_hash: hash('sha256', own, 'buffer') })
    await service.addGrant(gone)
    const ask = () => post('/oauth2/token', { grant_type: 'client_credentials' }, basic(gone, own))
    expect((await ask()).status).toBe(200)
    await service.db.updateTable('workload_identities').set({ revoked_at: new Date() }).where('id', '=', identity).execute()
    expect((await ask()).status).toBe(401)
    await service.db
      .updateTable('workload_identities')
      .set({ revoked_at: null, expires_at: new Date(Date.now() - 1_000) })
      .where('id', '=', identity)
      .execute()
    expect((await ask()).status).toBe(401)
    await service.db.updateTable('workload_identities').set({ expires_at: null }).where('id', '=', identity).execute()
    await service.db.updateTable('workloads').set({ state: 'revoked' }).where('id', '=', gone).execute()
    expect((await ask()).status).toBe(401)
  })
})

describe('introspection and revocation', () => {
  it('a live token is described to its workload and to people who may read tokens, and to nobody else (RFC 7662 section 2.2)', async () => {
    const { token, id } = await service.minter.mint({ grant, workload, method: 'by_hand' })
    const own = await post('/oauth2/introspect', { token }, basic())
    expect(own.body).toMatchObject({
      active: true,
      jti: id,
      sub: workload,
      client_id: workload,
      scope: `grant:${grant}`,
      token_type: 'Bearer',
      iss: service.issuer,
    })
    service.personTokens.add('Bearer kwu_person')
    expect((await post('/oauth2/introspect', { token }, { authorization: 'Bearer kwu_person' })).body?.active).toBe(true)
    const stranger = await service.addWorkload('stranger')
    await service.addIdentity(stranger, { method: 'client_secret_basic', secret_hash: hash('sha256', secret, 'buffer') })
    expect((await post('/oauth2/introspect', { token }, basic(stranger))).body).toEqual({ active: false })
    expect((await post('/oauth2/introspect', { token })).status).toBe(401)
    expect((await post('/oauth2/introspect', { token: 'garbage' }, basic())).body).toEqual({ active: false })
    expect((await post('/oauth2/introspect', {}, basic())).body?.error).toBe('invalid_request')
  })

  it('what was revoked is inactive at once; revoking answers 200 for any token, and revokes only one’s own (RFC 7009 section 2)', async () => {
    const { token } = await service.minter.mint({ grant, workload, method: 'by_hand' })
    const stranger = await service.addWorkload('stranger-2')
    await service.addIdentity(stranger, { method: 'client_secret_basic', secret_hash: hash('sha256', secret, 'buffer') })
    expect((await post('/oauth2/revoke', { token }, basic(stranger))).status).toBe(200)
    expect((await post('/oauth2/introspect', { token }, basic())).body?.active).toBe(true)
    expect((await post('/oauth2/revoke', { token, token_type_hint: 'refresh_token' }, basic())).status).toBe(200)
    expect((await post('/oauth2/introspect', { token }, basic())).body).toEqual({ active: false })
    expect(() => service.verifier.verify(token)).toThrow(expect.objectContaining({ code: 'token_revoked' }))
    expect((await post('/oauth2/revoke', { token: 'garbage' }, basic())).status).toBe(200)
    expect((await post('/oauth2/revoke', { token })).status).toBe(401)
  })
})

describe('an access token', () => {
  it('of another issuer, another type, another key, or with a changed byte is refused; so is one that has ended', async () => {
    const { token } = await service.minter.mint({ grant, workload, method: 'by_hand' })
    const [head = '', body = '', signature = ''] = token.split('.')
    const reseal = (change: Record<string, unknown>) =>
      `${head}.${Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), ...change })).toString('base64url')}.${signature}`
    const code = (text: string) => {
      try {
        service.verifier.verify(text)
        return 'accepted'
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    expect(code(token)).toBe('accepted')
    expect(code(reseal({ exp: 9_999_999_999 }))).toBe('token_invalid')
    expect(code(reseal({ grant: 'grt_00000000000000000000000000' }))).toBe('token_invalid')
    expect(code(`${head}.${body}.${signature.slice(0, -2)}AA`)).toBe('token_invalid')
    expect(code(await assertion())).toBe('token_invalid')
    expect(code('')).toBe('token_invalid')
    service.skew(601_000)
    expect(code(token)).toBe('token_ended')
    service.skew(0)
  })

  it('stays valid when the signing key rotates, and new ones are signed by the key that was published before', async () => {
    const before = await service.minter.mint({ grant, workload, method: 'by_hand' })
    const published = service.keys.jwks().keys.map((key) => key.kid)
    await service.keys.rotate('ES256')
    service.verifier.forgetAll()
    const after = await service.minter.mint({ grant, workload, method: 'by_hand' })
    const kid = decodeProtectedHeader(after.token).kid
    expect(kid).not.toBe(decodeProtectedHeader(before.token).kid)
    expect(published).toContain(kid)
    expect(service.verifier.verify(before.token).id).toBe(before.id)
    expect(service.verifier.verify(after.token).id).toBe(after.id)
  })

  it('is not minted for a grant that is being revoked at the same time: either order leaves none alive unseen', async () => {
    const racing = await service.addWorkload('racing')
    const its = await service.addGrant(racing)
    const mints = Array.from({ length: 20 }, () =>
      service.minter.mint({ grant: its, workload: racing, method: 'by_hand' }).then(
        () => 'minted',
        (error: { code: string }) => error.code,
      ),
    )
    await service.db.updateTable('grants').set({ state: 'revoked', revoked_at: new Date() }).where('id', '=', its).execute()
    const outcomes = await Promise.all(mints)
    expect(outcomes.every((outcome) => outcome === 'minted' || outcome === 'grant_ended')).toBe(true)
    await expect(service.minter.mint({ grant: its, workload: racing, method: 'by_hand' })).rejects.toMatchObject({ code: 'grant_ended' })
  })
})

describe('metadata (RFC 8414)', () => {
  it('is true: every address in it answers, and it has no empty list', async () => {
    const response = await fetch(`${service.issuer}/.well-known/oauth-authorization-server`)
    const metadata = (await response.json()) as Record<string, unknown>
    expect(metadata.issuer).toBe(service.issuer)
    expect(metadata.token_endpoint_auth_signing_alg_values_supported).not.toContain('none')
    for (const value of Object.values(metadata)) if (Array.isArray(value)) expect(value.length).toBeGreaterThan(0)
    for (const name of ['token_endpoint', 'revocation_endpoint', 'introspection_endpoint']) {
      expect((await fetch(String(metadata[name]), { method: 'POST' })).status).toBe(400)
      expect((await fetch(String(metadata[name]))).status).toBe(405)
    }
    const jwks = (await (await fetch(String(metadata.jwks_uri))).json()) as { keys: Record<string, unknown>[] }
    expect(jwks.keys.map((key) => key.alg).sort()).toContain('RS256')
    for (const key of jwks.keys) for (const part of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(key).not.toHaveProperty(part)
  })
})

describe('signing keys', () => {
  it('rotate by themselves after a month, and only then', async () => {
    expect(await service.keys.rotateDue()).toEqual([])
    const before = service.keys.signer('ES256').kid
    await service.db
      .updateTable('signing_keys')
      .set({ activated_at: new Date(Date.now() - 31 * 86_400_000) })
      .where('kid', '=', before)
      .execute()
    expect(await service.keys.rotateDue()).toHaveLength(1)
    expect(service.keys.signer('ES256').kid).not.toBe(before)
  })

  it('leave the set when the last token that they signed has ended; one current key an algorithm, always', async () => {
    await service.keys.rotate('RS256')
    const kids = () => service.keys.jwks().keys.map((key) => key.kid)
    const previous = await service.db.selectFrom('signing_keys').select('kid').where('state', '=', 'previous').execute()
    expect(previous.length).toBeGreaterThan(0)
    for (const { kid } of previous) expect(kids()).toContain(kid)
    await service.db
      .updateTable('signing_keys')
      .set({ published_until: new Date(Date.now() - 1_000) })
      .where('state', '=', 'previous')
      .execute()
    await service.keys.tidy()
    for (const { kid } of previous) expect(kids()).not.toContain(kid)
    await Promise.all(
      [service.keys.rotate('ES256'), service.keys.rotate('ES256'), service.keys.rotate('ES256')].map((one) => one.catch(() => undefined)),
    )
    const current = await service.db
      .selectFrom('signing_keys')
      .select('kid')
      .where('alg', '=', 'ES256')
      .where('state', '=', 'current')
      .execute()
    expect(current).toHaveLength(1)
  })
})
