import { generateKeyPairSync, hash } from 'node:crypto'
import type { Fake } from '@keyward/testkit/fake/server'
import { fakeHttpApiKey, startFakeHttpApi } from '@keyward/testkit/http-api/server'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import { type JWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startKeyward, type TestKeyward } from './keyward.ts'
import { type Chain, chain } from './operator.ts'
import { raw } from './raw.ts'

let keyward: TestKeyward
let openai: Fake
let crm: Fake
let llm: Chain
let http: Chain
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })

beforeAll(async () => {
  ;[keyward, openai, crm] = await Promise.all([startKeyward(), startFakeOpenai(), startFakeHttpApi()])
  llm = await chain(keyward.operator, { upstream: openai.origin, secret: fakeOpenaiKey, scope: { models: ['gpt-4o-mini'] } })
  http = await chain(keyward.operator, {
    upstream: crm.origin,
    secret: fakeHttpApiKey,
    kind: 'http',
    provider: 'crm',
    authority: ['consume', 'modify'],
    scope: { methods: ['GET'], paths: ['/echo'] },
  })
})
afterAll(async () => {
  await keyward?.stop()
  await Promise.all([openai?.stop(), crm?.stop()])
})

/** The issuer that the metadata is under: tests come by another of its addresses. */
const issuer = () => keyward.origin.replace('127.0.0.1', 'localhost')
const metadataOf = (path: string) => `resource_metadata="${issuer()}/.well-known/oauth-protected-resource${path}"`
const chat = (model: string) => JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

async function challengeOf(url: string, options: Parameters<typeof raw>[1]) {
  const { status, headers } = await raw(url, options)
  return { status, challenge: headers['www-authenticate'] ?? '', code: headers['keyward-error'] }
}

describe('401', () => {
  it('git, which knows names and passwords only, is offered Basic on top; whoever else comes is not', async () => {
    const url = `${http.base}/acme/app.git/info/refs?service=git-upload-pack`
    const git = await challengeOf(url, { method: 'GET', headers: { 'user-agent': 'git/2.39.5' } })
    expect([git.status, git.challenge]).toEqual([401, expect.stringMatching(/^Basic realm="keyward", Bearer realm="keyward"/)])
    for (const agent of ['Mozilla/5.0 (X11; Linux x86_64) git/2', 'curl/8.5.0', 'gitlab-runner/17.0']) {
      const other = await challengeOf(url, { method: 'GET', headers: { 'user-agent': agent } })
      expect([other.status, other.challenge]).toEqual([401, expect.not.stringContaining('Basic')])
    }
  })

  it('RFC 9728 5.1 and RFC 6750 3: without a token both schemes are offered with the metadata of what was called, and no error is told', async () => {
    const { status, challenge } = await challengeOf(`${llm.base}/v1/chat/completions?stream=true`, {
      method: 'POST',
      body: chat('gpt-4o-mini'),
    })
    expect(status).toBe(401)
    const where = metadataOf(`/g/${llm.name}/v1/chat/completions`)
    expect(challenge).toBe(`Bearer realm="keyward", ${where}, DPoP algs="ES256 ES384 EdDSA RS256 PS256", ${where}`)
    const document = await fetch(/resource_metadata="([^"]+)"/.exec(challenge)?.[1]?.replace('localhost', '127.0.0.1') ?? '')
    expect(await document.json()).toMatchObject({
      resource: `${issuer()}/g/${llm.name}/v1/chat/completions`,
      authorization_servers: [issuer()],
    })
  })

  it('RFC 6750 3.1: a token that is none is told to be invalid, and no scope is made up', async () => {
    const { status, challenge } = await challengeOf(`${http.base}/echo`, { headers: bearer('FAKE.EXAMPLE.TOKEN') })
    expect(status).toBe(401)
    expect(challenge).toContain('error="invalid_token"')
    expect(challenge).toContain(metadataOf(`/g/${http.name}/echo`))
    expect(challenge).not.toContain('scope=')
  })

  it('a name that nobody has is challenged as one that somebody has', async () => {
    const known = await challengeOf(`${http.base}/echo`, {})
    const unknown = await challengeOf(`${keyward.origin}/g/nobody-has-it/echo`, {})
    expect(unknown.status).toBe(known.status)
    expect(unknown.challenge).toBe(String(known.challenge).replaceAll(http.name, 'nobody-has-it'))
  })

  it('RFC 6750 2.3 is not offered: a token in the query is no token, and goes nowhere', async () => {
    const sent = crm.log.entries.length
    for (const query of ['access_token', 'token', 'api_key']) {
      const { status, challenge } = await challengeOf(`${http.base}/echo?${query}=${http.token}`, {})
      expect(status).toBe(401)
      expect(challenge).not.toContain(http.token)
      const twice = await challengeOf(`${http.base}/echo?${query}=${http.token}`, { headers: bearer(http.token) })
      expect(twice).toMatchObject({ status: 400, code: 'token_ambiguous' })
      expect(twice.challenge).toContain('error="invalid_request"')
      expect(twice.challenge).not.toContain(http.token)
    }
    expect(crm.log.entries.length).toBe(sent)
  })

  it('MCP, audience: a token of one resource is nothing at another, and says nothing about it', async () => {
    const sent = openai.log.entries.length
    const wrong = await raw(`${llm.base}/v1/models`, { headers: bearer(http.token) })
    const nowhere = await raw(`${keyward.origin}/g/nobody-has-it/v1/models`, { headers: bearer(http.token) })
    expect(wrong.status).toBe(404)
    expect(nowhere.status).toBe(404)
    expect(openai.log.entries.length).toBe(sent)
  })

  it('MCP, no passthrough: neither the token, nor a proof, nor a certificate header of the caller reaches the upstream', async () => {
    const { status, text } = await raw(`${http.base}/echo`, {
      headers: {
        ...bearer(http.token),
        dpop: 'FAKE.EXAMPLE.PROOF',
        'client-cert': ':RkFLRQ==:',
        'client-cert-chain': ':RkFLRQ==:',
        'x-forwarded-client-cert': 'Hash=FAKE',
        'x-ssl-client-cert': 'RkFLRQ',
        'ssl-client-verify': 'SUCCESS',
        Client_Cert: ':RkFLRQ==:',
      },
    })
    expect(status).toBe(200)
    expect(text).not.toMatch(/RkFLRQ|FAKE|SUCCESS/)
    expect(text).not.toContain(http.token)
    expect(JSON.stringify(crm.log.entries.at(-1)?.headers)).not.toMatch(/RkFLRQ|Hash=FAKE|SUCCESS/i)
  })
})

describe('403 insufficient_scope', () => {
  it('MCP step-up: names the one grant under which all of the call would go through, operation and model at once', async () => {
    const files = { scope: { models: ['gpt-4o-mini'], operations: ['files.read'] } }
    const half = await keyward.operator.make('/grants', { workload: llm.workload, resource: llm.resource, ...files })
    const whole = await keyward.operator.make('/grants', {
      workload: llm.workload,
      resource: llm.resource,
      scope: { models: ['gpt-4o*'], operations: ['chat', 'embeddings'] },
    })
    const narrow = await keyward.operator.mint(half)
    const call = { method: 'POST', headers: bearer(narrow), body: chat('gpt-4o') }
    const { status, challenge, code } = await challengeOf(`${llm.base}/v1/chat/completions`, call)
    expect({ status, code }).toEqual({ status: 403, code: 'operation_not_allowed' })
    expect(challenge).toContain(`error="insufficient_scope", scope="grant:${whole}"`)
    expect(challenge).toContain(metadataOf(`/g/${llm.name}/v1/chat/completions`))
    const stepped = await keyward.operator.mint(whole)
    expect((await raw(`${llm.base}/v1/chat/completions`, { ...call, headers: bearer(stepped) })).status).toBe(200)
  })

  it('a token that says less than its grant is told to ask for all of it', async () => {
    const workload = await keyward.operator.make('/workloads', {
      name: 'narrow',
      type: 'agent',
      owner: llm.owner,
      environment: 'production',
    })
    const grant = await keyward.operator.make('/grants', { workload, resource: llm.resource, scope: { models: ['gpt-4o*'] } })
    const identity = await keyward.operator.ask('POST', `/workloads/${workload}/identities`, { method: 'client_secret_basic' })
    const details = [{ type: 'llm', identifier: grant, models: ['gpt-4o-mini'] }]
    const answer = await fetch(`${keyward.origin}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${workload}:${String(identity.client_secret)}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', authorization_details: JSON.stringify(details) }),
    })
    const token = String(((await answer.json()) as Record<string, unknown>).access_token)
    const call = { method: 'POST', headers: bearer(token), body: chat('gpt-4o') }
    expect((await challengeOf(`${llm.base}/v1/chat/completions`, call)).challenge).toContain(`scope="grant:${grant}"`)
    const beyond = { ...call, body: chat('o9-none') }
    expect((await challengeOf(`${llm.base}/v1/chat/completions`, beyond)).challenge).not.toContain('scope="')
  })

  it('where there is nothing to step up to, no scope is named', async () => {
    const model = await challengeOf(`${llm.base}/v1/chat/completions`, {
      method: 'POST',
      headers: bearer(llm.token),
      body: chat('o9-none'),
    })
    expect(model).toMatchObject({ status: 403, code: 'model_not_allowed' })
    expect(model.challenge).toMatch(/^Bearer realm="keyward", error="insufficient_scope", error_description="[^"]+", resource_metadata=/)
    const path = await challengeOf(`${http.base}/tenants`, { headers: bearer(http.token) })
    expect(path).toMatchObject({ status: 403, code: 'path_not_allowed' })
    expect(path.challenge).not.toContain('scope="')
  })

  it('a grant of another workload, of another tenant, or one that was revoked is never named', async () => {
    const tenant = await keyward.operator.make('/tenants', { name: 'acme', external_id: 'acme' })
    const wide = { scope: { methods: ['GET'], paths: ['/**'] }, resource: http.resource }
    const stranger = await keyward.operator.make('/workloads', {
      name: 'stranger',
      type: 'agent',
      owner: http.owner,
      environment: 'production',
    })
    await keyward.operator.make('/grants', { ...wide, workload: stranger })
    await keyward.operator.make('/grants', { ...wide, workload: http.workload, tenant })
    const revoked = await keyward.operator.make('/grants', { ...wide, workload: http.workload })
    await keyward.operator.ask('POST', `/grants/${revoked}/revoke`, { reason: 'test' })
    const { challenge } = await challengeOf(`${http.base}/tenants`, { headers: bearer(http.token) })
    expect(challenge).toContain('error="insufficient_scope"')
    expect(challenge).not.toContain('scope="')
  })
})

describe('content_digest of a proof (MCP, SEP-1932)', () => {
  let bound: string
  beforeAll(async () => {
    const jwk = key.publicKey.export({ format: 'jwk' })
    await keyward.operator.ask('POST', `/workloads/${http.workload}/identities`, { method: 'private_key_jwt', jwk })
    const grant = await keyward.operator.make('/grants', {
      workload: http.workload,
      resource: http.resource,
      scope: { methods: ['POST', 'GET'], paths: ['/echo'] },
      require_dpop: true,
    })
    const assertion = await new SignJWT()
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(http.workload)
      .setSubject(http.workload)
      .setAudience(issuer())
      .setJti(crypto.randomUUID())
      .setExpirationTime('60s')
      .sign(key.privateKey)
    const form = {
      grant_type: 'client_credentials',
      scope: `grant:${grant}`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }
    const url = `${keyward.origin}/oauth2/token`
    const first = await fetch(url, { method: 'POST', body: new URLSearchParams(form), headers: { dpop: await proof(url, 'POST') } })
    const nonce = first.headers.get('dpop-nonce') ?? ''
    const second = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { dpop: await proof(url, 'POST', { nonce }) },
    })
    bound = String(((await second.json()) as Record<string, unknown>).access_token)
  })

  async function proof(url: string, method: string, claims: Record<string, unknown> = {}): Promise<string> {
    return await new SignJWT({ htm: method, htu: url, jti: crypto.randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: key.publicKey.export({ format: 'jwk' }) as JWK })
      .setIssuedAt()
      .sign(key.privateKey)
  }

  async function call(body: string | undefined, contentDigest: unknown) {
    const url = `${http.base}/echo`
    const ath = hash('sha256', bound, 'base64url')
    const method = body === undefined ? 'GET' : 'POST'
    const send = async (nonce: string | undefined) =>
      await raw(url, {
        method,
        headers: {
          authorization: `DPoP ${bound}`,
          dpop: await proof(url, method, { ath, nonce, content_digest: contentDigest }),
          ...(body === undefined ? {} : { 'content-type': 'text/plain', 'content-length': String(Buffer.byteLength(body)) }),
        },
        ...(body === undefined ? {} : { body }),
      })
    const first = await send(undefined)
    expect(first.headers['www-authenticate']).toMatch(/^DPoP error="use_dpop_nonce".*resource_metadata="/)
    return await send(String(first.headers['dpop-nonce']))
  }

  const digestOf = (body: string, algorithm = 'sha256') => `${algorithm.replace('sha', 'sha-')}=:${hash(algorithm, body, 'base64')}:`

  it('a body that is the one of the proof goes through, and another does not', async () => {
    expect((await call('hello', digestOf('hello'))).status).toBe(200)
    expect((await call(undefined, digestOf(''))).status).toBe(200)
    expect((await call('hello', `unknown=:AAAA:, ${digestOf('hello', 'sha512')}`)).status).toBe(200)
    const sent = crm.log.entries.length
    for (const digest of [digestOf('other'), `${digestOf('hello')}, ${digestOf('other', 'sha512')}`, 'unknown=:AAAA:', 'hello', '', 7])
      expect(await call('hello', digest), String(digest)).toMatchObject({ status: 401, headers: { 'keyward-error': 'proof_invalid' } })
    expect(crm.log.entries.length).toBe(sent)
  })

  it('a body that is passed on unread cannot be checked, so the proof is refused', async () => {
    const large = 'x'.repeat(100_000)
    expect(await call(large, digestOf(large))).toMatchObject({ status: 401, headers: { 'keyward-error': 'proof_invalid' } })
    expect((await call(large, undefined)).status).toBe(200)
  })
})
