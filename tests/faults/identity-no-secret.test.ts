import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { allRoutes } from '@keyward/contract/routes'
import { type FakeIssuer, startFakeIssuer } from '@keyward/testkit/issuers/issuer'
import { SigningKey } from '@keyward/testkit/issuers/signing-key'
import { startPeopleProvider } from '@keyward/testkit/people-provider/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Estate, makeEstate } from '../support/estate.ts'
import { type KeywardProcess, signInLinkOf, startKeyward } from '../support/keyward.ts'
import { filesBelow, found, type Place } from '../support/look-for.ts'

/*
 * Promises 1 and 2, for what identity brought: codes, refresh tokens, device codes, a provider's client secret, tokens and proofs that are
 * shown, private keys that are refused. Each is used rightly and wrongly, put where it does not belong, and then looked for everywhere.
 */

const redirectUri = 'http://127.0.0.1:4711/callback'
let keyward: KeywardProcess
let issuer: FakeIssuer
let estate: Estate
let grant: string
let cookie: string
const answers: string[] = []
/** What must be nowhere, by what it is. */
const secrets = new Map<string, string>()

beforeAll(async () => {
  ;[keyward, issuer] = await Promise.all([startKeyward({ env: { KEYWARD_LOG: 'trace' } }), startFakeIssuer()])
  estate = await makeEstate(keyward, [
    { name: 'crm', kind: 'http', upstream: 'http://127.0.0.1:9', secret: 'FAKE-EXAMPLE-crm-0123456789', authority: ['consume'] },
  ])
  grant = await estate.grant('crm', { scope: { methods: ['GET'], paths: ['/**'] } })
  const response = await fetch(`${keyward.origin}/api/v1/sign-in/link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: keyward.origin },
    body: JSON.stringify({ token: signInLinkOf(keyward).split('token=')[1] }),
  })
  cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}, 60_000)
afterAll(async () => {
  await keyward?.kill()
  await issuer?.stop()
})

type Body = Record<string, string>

async function asPerson(path: string, body: unknown): Promise<Body> {
  const response = await fetch(keyward.origin + path, {
    method: 'POST',
    headers: { cookie, origin: keyward.origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  return (text === '' ? {} : JSON.parse(text)) as Body
}

/** @param options.keep the answer is one that hands out a secret: it is not looked through */
async function post(path: string, form: Body, headers: Body = {}, options: { keep?: boolean } = {}): Promise<Body> {
  const response = await fetch(keyward.origin + path, { method: 'POST', headers, body: new URLSearchParams(form) })
  const text = await response.text()
  if (!options.keep) answers.push(`${response.status} ${JSON.stringify([...response.headers])} ${text}`)
  return (text === '' ? {} : JSON.parse(text)) as Body
}

function plant(what: string, secret: string | undefined): string {
  if (secret === undefined || secret.length < 8) throw new Error(`no ${what}`)
  secrets.set(what, secret)
  return secret
}
/** Of a JWT: what makes it one. The rest may be known. */
const plantJwt = (what: string, jwt: string) => {
  plant(`${what} (signature)`, jwt.split('.')[2])
  return jwt
}

/** One authorization by the person who is signed in. */
async function authorised(client: string) {
  const verifier = plant('a code verifier', randomBytes(32).toString('base64url'))
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: redirectUri,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: 'x',
    resource: `${keyward.issuer}/g/crm`,
  })
  const sent = await fetch(`${keyward.origin}/oauth2/authorize?${query}`, { redirect: 'manual' })
  const request = new URL(sent.headers.get('location') ?? '').searchParams.get('request')
  const { redirect_to = '' } = await asPerson('/api/v1/authorization-requests/decide', { request, approve: true, grant })
  return { code: new URL(redirect_to).searchParams.get('code') ?? '', verifier }
}

test('codes, refresh tokens and access tokens of a person’s client, used, used twice, and put where they do not belong', async () => {
  const client = (await asPerson('/api/v1/oauth-clients', { name: 'Editor', redirect_uris: [redirectUri] })).client_id ?? ''
  const { code, verifier } = await authorised(client)
  plant('an authorization code', code)
  const form = { grant_type: 'authorization_code', client_id: client, code, redirect_uri: redirectUri, code_verifier: verifier }
  await post('/oauth2/token', { ...form, redirect_uri: 'http://127.0.0.1:4711/other' })
  const first = await post('/oauth2/token', form, {}, { keep: true })
  plantJwt('an access token', first.access_token ?? '')
  const refreshForm = { grant_type: 'refresh_token', client_id: client }
  const old = plant('a refresh token that was used', first.refresh_token)
  const second = await post('/oauth2/token', { ...refreshForm, refresh_token: old }, {}, { keep: true })
  const next = plant('a refresh token', second.refresh_token)
  plantJwt('a refreshed access token', second.access_token ?? '')
  for (const secret of [code, old, next]) {
    await post('/oauth2/introspect', { token: secret, client_id: client })
    await post('/oauth2/token', { grant_type: secret, client_id: secret, scope: secret })
    await post('/oauth2/token', { grant_type: 'refresh_token', client_id: 'another', refresh_token: secret })
    for (const path of [
      `/oauth2/authorize?code=${secret}&client_id=${secret}`,
      `/api/v1/me?token=${secret}`,
      `/g/crm/${secret}?x=${secret}`,
      `/${secret}`,
    ]) {
      const response = await fetch(keyward.origin + path, { headers: { authorization: `Bearer ${secret}`, 'user-agent': secret } })
      const text = await response.text()
      // What stands in the request of a page may stand in its answer: who sent it knows it.
      if (!path.startsWith('/oauth2/authorize')) answers.push(text)
    }
  }
  await post('/oauth2/token', { ...refreshForm, refresh_token: old })
  await post('/oauth2/token', form)
  await post('/oauth2/revoke', { client_id: client, token: next })
})

test('device codes and user codes', async () => {
  const begun = await post('/oauth2/device_authorization', { client_id: 'keyward-cli', machine: 'build host' }, {}, { keep: true })
  const deviceCode = plant('a device code', begun.device_code)
  plant('a user code', begun.user_code)
  plant('the letters of a user code', begun.user_code?.replace('-', ''))
  const form = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: 'keyward-cli', device_code: deviceCode }
  await post('/oauth2/token', { ...form, client_id: 'another' })
  answers.push(JSON.stringify(await asPerson('/api/v1/device-logins/find', { user_code: begun.user_code })))
  answers.push(JSON.stringify(await asPerson('/api/v1/device-logins/decide', { user_code: begun.user_code, approve: true })))
  const done = await post('/oauth2/token', form, {}, { keep: true })
  plant('the API token of a login', done.access_token)
  await post('/oauth2/token', form)
  await fetch(`${keyward.origin}/device?user_code=${begun.user_code}`).then((response) => response.text())
})

test('a provider’s client secret, as it is taken, changed and refused', async () => {
  const secret = plant('a provider’s client secret', `FAKE-${randomBytes(20).toString('hex')}`)
  const provider = await startPeopleProvider()
  const body = { name: 'Fake ID', issuer: provider.issuer, client_id: 'keyward', client_secret: secret, allow_private: true }
  answers.push(JSON.stringify(await asPerson('/api/v1/identity-providers', { ...body, nonsense: 1 })))
  answers.push(JSON.stringify(await asPerson('/api/v1/identity-providers', { ...body, issuer: `${provider.issuer}/nowhere` })))
  const made = await asPerson('/api/v1/identity-providers', body)
  expect(made.id).toMatch(/^idp_/)
  answers.push(JSON.stringify(made), JSON.stringify(await asPerson('/api/v1/identity-providers', body)))
  await provider.stop()
})

test('tokens of issuers, client assertions and proofs, believed and refused', async () => {
  const issuerId = (
    await keyward.api<{ id: string }>('POST', '/api/v1/issuers', {
      name: 'fake',
      kind: 'oidc',
      issuer: issuer.issuer,
      keys_from: { type: 'discovery' },
      allow_private: true,
    })
  ).id
  const identities = `/api/v1/workloads/${estate.workload}/identities`
  await keyward.api('POST', identities, { method: 'oidc', issuer: issuerId, claims: { sub: 'agent' } })
  const assertion = plantJwt('a subject token', issuer.token({ sub: 'agent', aud: keyward.issuer }))
  const stranger = plantJwt('a subject token that is refused', issuer.token({ sub: 'stranger', aud: keyward.issuer }))
  const bearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
  const minted = await post('/oauth2/token', { grant_type: bearer, assertion }, {}, { keep: true })
  plantJwt('a federated access token', minted.access_token ?? '')
  await post('/oauth2/token', { grant_type: bearer, assertion: stranger })
  const exchange = { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange' }
  await post('/oauth2/token', { ...exchange, subject_token: stranger, subject_token_type: 'urn:ietf:params:oauth:token-type:id_token' })
  await post('/oauth2/token', { ...exchange, subject_token: minted.access_token ?? '', subject_token_type: 'urn:x' })
  answers.push(JSON.stringify(await asPerson('/api/v1/issuers/try', { token: stranger })))
  answers.push(JSON.stringify(await asPerson('/api/v1/issuers/try', { token: assertion, issuer: issuerId })))

  const key = new SigningKey({ alg: 'ES256', kid: 'own' })
  const seconds = Math.floor(Date.now() / 1000)
  const claims = { iss: estate.workload, sub: estate.workload, aud: keyward.issuer, iat: seconds, exp: seconds + 60, jti: 'x' }
  const clientAssertion = plantJwt('a client assertion', key.sign(claims))
  const asserted = { client_assertion: clientAssertion, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' }
  await post('/oauth2/token', { grant_type: 'client_credentials', client_id: estate.workload, ...asserted })
  const proof = plantJwt('a DPoP proof', key.sign({ htm: 'POST', htu: `${keyward.issuer}/oauth2/token`, iat: seconds, jti: 'y' }))
  await post('/oauth2/token', { grant_type: bearer, assertion: stranger }, { dpop: proof })
  await fetch(`${keyward.origin}/g/crm/x`, { headers: { authorization: `DPoP ${minted.access_token}`, dpop: proof } }).then(
    async (response) => answers.push(await response.text()),
  )
})

test('private keys that were meant to be public ones', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = privateKey.export({ format: 'jwk' })
  plant('the private part of a JWK', jwk.d)
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  plant('a line of a private key', pem.split('\n')[1])
  const identities = `/api/v1/workloads/${estate.workload}/identities`
  const refused = [
    await asPerson(identities, { method: 'private_key_jwt', jwk }),
    await asPerson('/api/v1/issuers', { name: 'k', kind: 'oidc', issuer: 'https://k.example', keys_from: { type: 'jwks', keys: [jwk] } }),
    await asPerson('/api/v1/issuers', { name: 'c', kind: 'x509', issuer: 'c', keys_from: { type: 'certificates', pem }, ca: pem }),
  ]
  for (const answer of refused) expect(Number(answer.status)).toBeGreaterThanOrEqual(400)
  answers.push(...refused.map((answer) => JSON.stringify(answer)))
})

test('none of it is in an answer, the database’s files, the log, the audit log, the metrics, or the process’s environment', async () => {
  expect(secrets.size).toBeGreaterThan(15)
  for (const route of allRoutes()) {
    if (route.method !== 'GET') continue
    const ids: Record<string, string> = { workloads: estate.workload, grants: grant, owners: estate.owner }
    const path = route.path.replace('{id}', ids[route.path.split('/')[3] ?? ''] ?? 'x')
    const answer = await fetch(keyward.origin + path, { headers: { cookie } })
    answers.push(await answer.text())
  }
  answers.push(await (await fetch(`${keyward.origin}/metrics`)).text())
  const files = [...filesBelow(keyward.dataFolder)].map((file): Place => [file, readFileSync(file)])
  expect(files.length).toBeGreaterThan(500)
  const places: Place[] = [
    ...answers.map((answer, index): Place => [`answer ${index}: ${answer.slice(0, 60)}`, Buffer.from(answer)]),
    ...files,
    ['environment', readFileSync(`/proc/${keyward.pid}/environ`)],
    ['log', Buffer.from(keyward.log())],
  ]
  const leaks = [...secrets].flatMap(([what, secret]) =>
    places.flatMap(([name, bytes]) => found(name, bytes, secret).map((at) => `${what}: ${at}`)),
  )
  expect(leaks).toEqual([])
}, 120_000)
