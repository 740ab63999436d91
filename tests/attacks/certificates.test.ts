import { generateKeyPairSync, hash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { Authority, type Certified, derOf, selfSigned, thumbprintOf } from '@keyward/testkit/certificates'
import type { Fake } from '@keyward/testkit/fake/server'
import { fakeHttpApiKey, startFakeHttpApi } from '@keyward/testkit/http-api/server'
import { decodeJwt, type JWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compose, type Keyward } from '../../packages/server/src/compose.ts'
import { readConfig } from '../../packages/server/src/config.ts'
import { createLog } from '../../packages/server/src/observe/log.ts'
import { startKeyward, type TestKeyward } from '../../packages/server/test/gateway/keyward.ts'
import { type Chain, chain } from '../../packages/server/test/gateway/operator.ts'

/*
 * Two nodes of one installation under one issuer, as behind a load balancer: one does TLS itself, one stands behind a proxy on this machine
 * that is believed. What a thief would do with certificates and proofs, over real connections.
 */

const folder = mkdtempSync(join(tmpdir(), 'keyward-certificates-'))
const authority = new Authority('Acme clients')
const serverAuthority = new Authority('Acme servers')
const own = authority.issue({ commonName: 'agent', dnsNames: ['agent.acme.example'] })
const other = authority.issue({ commonName: 'other', dnsNames: ['other.acme.example'] })
const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })

let issuer: string
let port: number
let tlsNode: Keyward
let proxiedNode: TestKeyward
let crm: Fake
let here: Chain
let otherWorkload: string

beforeAll(async () => {
  port = await freePort()
  issuer = `https://localhost:${port}`
  const certified = serverAuthority.issue({ commonName: 'localhost', dnsNames: ['localhost'] })
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  writeFileSync(files.cert, certified.cert)
  writeFileSync(files.key, certified.key, { mode: 0o600 })
  const shared = { KEYWARD_ISSUER: issuer, KEYWARD_KEK: `file:${join(folder, 'kek')}` }
  crm = await startFakeHttpApi()
  proxiedNode = await startKeyward(undefined, {
    ...shared,
    KEYWARD_TRUSTED_PROXIES: '127.0.0.1',
    KEYWARD_CLIENT_CERTIFICATES: 'proxy',
  })
  const env = {
    ...shared,
    KEYWARD_DATA: join(folder, 'data'),
    KEYWARD_PORT: String(port),
    KEYWARD_CONSOLE: 'off',
    KEYWARD_TLS_CERT: files.cert,
    KEYWARD_TLS_KEY: files.key,
    DATABASE_URL: proxiedNode.databaseUrl,
  }
  tlsNode = await compose(readConfig(env, ''), createLog({ level: 'silent' }))
  const { operator } = proxiedNode
  here = await chain(operator, {
    upstream: crm.origin,
    secret: fakeHttpApiKey,
    kind: 'http',
    provider: 'crm',
    scope: { methods: ['GET'], paths: ['/echo'] },
    grant: { require_mtls: false },
  })
  const trusted = await operator.make('/issuers', {
    name: 'Acme clients',
    kind: 'x509',
    issuer: 'acme-clients',
    keys_from: { type: 'certificates', pem: authority.cert },
  })
  const rule = (san: string) => ({ method: 'tls_client_auth', issuer: trusted, san_dns: san })
  await operator.ask('POST', `/workloads/${here.workload}/identities`, rule('agent.acme.example'))
  await operator.ask('POST', `/workloads/${here.workload}/identities`, {
    method: 'private_key_jwt',
    jwk: key.publicKey.export({ format: 'jwk' }),
  })
  otherWorkload = await operator.make('/workloads', { name: 'other', type: 'agent', owner: here.owner, environment: 'production' })
  await operator.ask('POST', `/workloads/${otherWorkload}/identities`, rule('other.acme.example'))
})
afterAll(async () => {
  await Promise.all([tlsNode?.stop(0), proxiedNode?.stop(), crm?.stop()])
  rmSync(folder, { recursive: true, force: true })
})

interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string
  /** The client's certificate, over TLS. */
  readonly as?: Certified | undefined
  /** A connection that is there already. */
  readonly socket?: TLSSocket
}

interface Got {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: Record<string, unknown>
}

/** One request to a node, under the issuer's name as a client sends it. */
function send(node: 'tls' | 'proxied', path: string, { method = 'GET', headers = {}, body, as, socket }: Sent = {}): Promise<Got> {
  const options = { path, method, headers: { host: `localhost:${port}`, ...headers }, agent: false }
  const client = as === undefined ? {} : { cert: as.cert, key: as.key }
  return new Promise((resolve, reject) => {
    const made =
      node === 'proxied'
        ? plainRequest({ ...options, host: '127.0.0.1', port: new URL(proxiedNode.operator.origin).port })
        : socket === undefined
          ? tlsRequest({ ...options, ...client, host: '127.0.0.1', port, servername: 'localhost', ca: serverAuthority.cert })
          : plainRequest({ ...options, agent: undefined, createConnection: () => socket })
    made.on('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {},
        }),
      )
    })
    made.on('error', reject)
    made.end(body)
  })
}

async function askToken(node: 'tls' | 'proxied', workload: string, more: Sent & { form?: Record<string, string> } = {}): Promise<Got> {
  const form = { grant_type: 'client_credentials', client_id: workload, ...more.form }
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...more.headers }
  return await send(node, '/oauth2/token', { ...more, method: 'POST', headers, body: new URLSearchParams(form).toString() })
}

const call = (node: 'tls' | 'proxied', token: string, more: Sent = {}) =>
  send(node, `/g/${here.name}/echo`, { ...more, headers: { authorization: `Bearer ${token}`, ...more.headers } })
const forwarded = ({ cert }: Certified) => ({ 'client-cert': `:${derOf(cert).toString('base64')}:` })
const tokenOf = ({ body }: Got) => String(body.access_token)
const refusedWithoutIt = { status: 401, headers: { 'keyward-error': 'certificate_required' } }

describe('a certificate over TLS', () => {
  test('is asked for and never demanded: none, one of an unknown authority and an expired one all get a connection', async () => {
    const unknown = selfSigned('nobody')
    const expired = authority.issue({ commonName: 'x', notAfter: new Date(Date.now() - 1_000) })
    for (const as of [undefined, unknown, expired]) expect((await send('tls', '/healthz', { as })).status).toBe(200)
  })

  test('proves its workload; the token is bound to it and goes through with it alone', async () => {
    const answer = await askToken('tls', here.workload, { as: own })
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'Bearer' } })
    expect(decodeJwt(tokenOf(answer)).cnf).toEqual({ 'x5t#S256': thumbprintOf(own.cert) })
    expect((await call('tls', tokenOf(answer), { as: own })).status).toBe(200)
    expect(await call('tls', tokenOf(answer), { as: other })).toMatchObject(refusedWithoutIt)
    expect(await call('tls', tokenOf(answer))).toMatchObject(refusedWithoutIt)
    const again = authority.issue({ commonName: 'agent', dnsNames: ['agent.acme.example'] })
    expect(await call('tls', tokenOf(answer), { as: again }), 'the same names are not the same certificate').toMatchObject(refusedWithoutIt)
  })

  test('of another workload gets no token, and neither does a look-alike of another authority', async () => {
    expect(await askToken('tls', here.workload, { as: other })).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
    const impostor = new Authority('Acme clients').issue({ commonName: 'agent', dnsNames: ['agent.acme.example'] })
    expect(await askToken('tls', here.workload, { as: impostor })).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
  })

  test('header spoofing: Client-Cert of whoever speaks TLS with us is nothing, beside a certificate and without one', async () => {
    expect(await askToken('tls', here.workload, { headers: forwarded(own) })).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    })
    expect(await askToken('tls', here.workload, { as: other, headers: forwarded(own) })).toMatchObject({ status: 401 })
    const token = tokenOf(await askToken('tls', here.workload, { as: own }))
    expect(await call('tls', token, { headers: forwarded(own) })).toMatchObject(refusedWithoutIt)
    expect(await call('tls', token, { as: other, headers: forwarded(own) })).toMatchObject(refusedWithoutIt)
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s: a resumed session is its own client’s and nobody else’s', async (version) => {
    const token = tokenOf(await askToken('tls', here.workload, { as: own }))
    const first = await open(version, own)
    const session = await sessionOf(first)
    const resumed = await open(version, own, session)
    expect(resumed.isSessionReused()).toBe(true)
    expect((await call('tls', token, { socket: resumed })).status).toBe(200)
    const byOther = await open(version, other, await sessionOf(await open(version, other)))
    expect(byOther.isSessionReused()).toBe(true)
    expect(await call('tls', token, { socket: byOther })).toMatchObject(refusedWithoutIt)
    const nobody = await open(version, undefined, await sessionOf(await open(version, undefined)))
    expect(await call('tls', token, { socket: nobody })).toMatchObject(refusedWithoutIt)
    // A session that began without a certificate does not get one by being resumed with one.
    const upgraded = await open(version, own, await sessionOf(await open(version, undefined)))
    if (upgraded.isSessionReused()) expect(await call('tls', token, { socket: upgraded })).toMatchObject(refusedWithoutIt)
    else upgraded.destroy()
  })

  test('intermediate authorities of the first connection are known when its session is resumed', async () => {
    const lower = authority.intermediate('lower')
    const below = lower.issue({ commonName: 'agent', dnsNames: ['agent.acme.example'] })
    const withChain = { cert: below.cert + lower.cert, key: below.key }
    const first = await open('TLSv1.3', withChain)
    expect((await askToken('tls', here.workload, { socket: first })).status).toBe(200)
    const resumed = await open('TLSv1.3', withChain, await sessionOf(await open('TLSv1.3', withChain)))
    expect(resumed.isSessionReused()).toBe(true)
    expect((await askToken('tls', here.workload, { socket: resumed })).status).toBe(200)
  })
})

describe('a certificate that a proxy tells of (RFC 9440)', () => {
  test('counts like one of a connection, at either node', async () => {
    const token = tokenOf(await askToken('proxied', here.workload, { headers: forwarded(own) }))
    expect((await call('proxied', token, { headers: forwarded(own) })).status).toBe(200)
    expect((await call('tls', token, { as: own })).status).toBe(200)
    expect(await call('proxied', token, { headers: forwarded(other) })).toMatchObject(refusedWithoutIt)
    expect(await call('proxied', token)).toMatchObject(refusedWithoutIt)
  })

  test('a header that a client put beside the proxy’s own is refused with it', async () => {
    const token = tokenOf(await askToken('proxied', here.workload, { headers: forwarded(own) }))
    const both = `${forwarded(own)['client-cert']}, ${forwarded(other)['client-cert']}`
    expect(await call('proxied', token, { headers: { 'client-cert': both } })).toMatchObject(refusedWithoutIt)
    expect(await askToken('proxied', here.workload, { headers: { 'client-cert': both } })).toMatchObject({ status: 401 })
  })
})

describe('grants', () => {
  test('one that asks for a certificate takes no other token at the gateway, also one that was minted before it asked', async () => {
    const { operator } = proxiedNode
    const grant = await operator.make('/grants', {
      workload: here.workload,
      resource: here.resource,
      scope: { methods: ['GET'], paths: ['/echo'] },
    })
    const before = await operator.mint(grant)
    expect((await call('tls', before, { as: own })).status).toBe(200)
    const { revision } = await operator.ask('GET', `/grants/${grant}`)
    await operator.ask('PATCH', `/grants/${grant}`, { require_mtls: true }, { 'if-match': `"${String(revision)}"` })
    expect(await call('proxied', before, { headers: forwarded(own) })).toMatchObject(refusedWithoutIt)
    await expect(operator.mint(grant)).rejects.toThrow('client certificate')
    const bound = tokenOf(await askToken('tls', here.workload, { as: own, form: { scope: `grant:${grant}` } }))
    expect((await call('tls', bound, { as: own })).status).toBe(200)
  })
})

describe('a proof (RFC 9449)', () => {
  async function proof(url: string, method: string, claims: Record<string, unknown> = {}): Promise<string> {
    return await new SignJWT({ htm: method, htu: url, jti: crypto.randomUUID(), ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: key.publicKey.export({ format: 'jwk' }) as JWK })
      .setIssuedAt()
      .sign(key.privateKey)
  }
  async function assertion(): Promise<Record<string, string>> {
    const client_assertion = await new SignJWT()
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(here.workload)
      .setSubject(here.workload)
      .setAudience(issuer)
      .setJti(crypto.randomUUID())
      .setExpirationTime('60s')
      .sign(key.privateKey)
    return { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion }
  }
  const ask = async (node: 'tls' | 'proxied', dpop: string) =>
    await askToken(node, here.workload, { headers: { dpop }, form: { scope: `grant:${here.grant}`, ...(await assertion()) } })

  test('is worth nothing at another node, for a token or a call: each wants its own nonce, and its own counts once', async () => {
    const endpoint = `${issuer}/oauth2/token`
    const nonces = {
      tls: String((await ask('tls', await proof(endpoint, 'POST'))).headers['dpop-nonce']),
      proxied: String((await ask('proxied', await proof(endpoint, 'POST'))).headers['dpop-nonce']),
    }
    expect(nonces.tls).not.toBe(nonces.proxied)
    const used = await proof(endpoint, 'POST', { nonce: nonces.tls })
    const answer = await ask('tls', used)
    expect(answer).toMatchObject({ status: 200, body: { token_type: 'DPoP' } })
    expect(await ask('tls', used)).toMatchObject({ status: 400, body: { error: 'invalid_dpop_proof' } })
    expect(await ask('proxied', used)).toMatchObject({ status: 400, body: { error: 'use_dpop_nonce' } })

    const token = tokenOf(answer)
    const address = `${issuer}/g/${here.name}/echo`
    const bound = async (nonce: string) => {
      const dpop = await proof(address, 'GET', { nonce, ath: hash('sha256', token, 'base64url') })
      return { authorization: `DPoP ${token}`, dpop }
    }
    const headers = await bound(nonces.tls)
    expect((await call('tls', token, { headers })).status).toBe(200)
    expect(await call('tls', token, { headers })).toMatchObject({ status: 401, headers: { 'keyward-error': 'proof_invalid' } })
    const elsewhere = await call('proxied', token, { headers })
    expect(elsewhere).toMatchObject({ status: 401, headers: { 'keyward-error': 'proof_nonce_required', 'dpop-nonce': nonces.proxied } })
    expect(elsewhere.headers['www-authenticate']).toContain('error="use_dpop_nonce"')
    expect((await call('proxied', token, { headers: await bound(nonces.proxied) })).status).toBe(200)
    expect(await call('tls', token, { as: own }), 'a certificate is no proof').toMatchObject({ status: 401 })
  })
})

/** A TLS connection of its own. */
function open(version: 'TLSv1.2' | 'TLSv1.3', as: Certified | undefined, session?: Buffer): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: 'localhost',
      ca: serverAuthority.cert,
      minVersion: version,
      maxVersion: version,
      ...(as === undefined ? {} : { cert: as.cert, key: as.key }),
      ...(session === undefined ? {} : { session }),
    })
    socket.on('error', reject)
    socket.on('secureConnect', () => resolve(socket))
  })
}

/** What the server gave to resume the connection by; in TLS 1.3 it comes with the first answer. */
async function sessionOf(socket: TLSSocket): Promise<Buffer> {
  const early = socket.getSession()
  if (socket.getProtocol() === 'TLSv1.2' && early !== undefined) {
    await send('tls', '/healthz', { socket })
    return early
  }
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  socket.once('session', resolve)
  await send('tls', '/healthz', { socket })
  return await promise
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: free } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return free
}
