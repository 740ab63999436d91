import { createHmac, createPublicKey } from 'node:crypto'
import { type FakeGithub, startFakeGithub } from '@keyward/testkit/issuers/github'
import { type FakeIssuer, startFakeIssuer } from '@keyward/testkit/issuers/issuer'
import { type FakeSpiffe, startFakeSpiffe } from '@keyward/testkit/issuers/known'
import { SigningKey } from '@keyward/testkit/issuers/signing-key'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, startCluster } from '../support/cluster.ts'
import { type Estate, makeEstate } from '../support/estate.ts'
import type { KeywardProcess } from '../support/keyward.ts'

/*
 * What somebody tries who has seen a token of an issuer, holds an issuer of his own, or a repository of nearly the same name. Each is
 * refused with the error of RFC 7523, and no issuer is asked for anything because of it.
 */

let cluster: Cluster
let node: KeywardProcess
let other: KeywardProcess
let estate: Estate
let issuer: FakeIssuer
let evil: FakeIssuer
let spiffe: FakeSpiffe
let github: FakeGithub
let issuerId: string
const audience = 'http://localhost:7411'

beforeAll(async () => {
  cluster = await startCluster(2)
  const [first, second] = cluster.nodes
  if (first === undefined || second === undefined) throw new Error('a node is missing')
  ;[node, other] = [first, second]
  estate = await makeEstate(node, [
    { name: 'openai', provider: 'openai', upstream: 'http://127.0.0.1:9', secret: 'sk-FAKE-EXAMPLE-upstream' },
  ])
  await estate.grant('openai')
  issuer = await startFakeIssuer({ keys: [{ kid: 'key-of-the-issuer' }] })
  evil = await startFakeIssuer()
  spiffe = await startFakeSpiffe('acme.example')
  github = await startFakeGithub()
  issuerId = await trust('oidc', issuer.issuer, { type: 'discovery' })
  await trust('oidc', evil.issuer, { type: 'discovery' })
  const trustDomain = await trust('spiffe', spiffe.trustDomain, { type: 'bundle_url', url: spiffe.keysUri })
  const githubId = await trust('oidc', github.issuer, { type: 'discovery' }, { preset: 'github' })
  await rule({ method: 'oidc', issuer: issuerId, claims: { sub: 'agent' } })
  await rule({ method: 'spiffe_jwt', issuer: trustDomain, spiffe_id: 'spiffe://acme.example/agent' })
  await rule({ method: 'oidc', issuer: githubId, claims: { sub: 'repo:acme/app:ref:refs/heads/main' } })
  // Every cache is warm: what is fetched from here on is fetched because of an attack.
  for (const token of [good(), spiffe.svid('/agent', audience), github.tokenOf({}, audience)]) expect((await ask(token)).status).toBe(200)
})
afterAll(async () => {
  await Promise.all([issuer, evil, spiffe, github].map((fake) => fake.stop()))
  await cluster.stop()
})

async function trust(kind: string, name: string, keysFrom: object, more: object = {}): Promise<string> {
  const body = { name: `${kind} ${name}`, kind, issuer: name, keys_from: keysFrom, allow_private: true, ...more }
  return (await node.api<{ id: string }>('POST', '/api/v1/issuers', body)).id
}

async function rule(body: object, workload = estate.workload): Promise<string> {
  return (await node.api<{ id: string }>('POST', `/api/v1/workloads/${workload}/identities`, body)).id
}

const claims = () => ({ sub: 'agent', aud: audience })
const good = (more: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
  issuer.token({ ...claims(), ...more }, { header })
const now = () => Math.floor(Date.now() / 1000)

async function ask(assertion: string, at = node, more: Record<string, string> = {}) {
  const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion, ...more })
  const response = await fetch(`${at.origin}/oauth2/token`, { method: 'POST', body })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

/** Takes a good token apart and puts it together with another part. */
function with3(token: string, parts: { header?: string; payload?: string; signature?: string }): string {
  const [header = '', payload = '', signature = ''] = token.split('.')
  return [parts.header ?? header, parts.payload ?? payload, parts.signature ?? signature].join('.')
}
const b64 = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

function hs256(secret: string | Buffer): string {
  const input = `${b64({ alg: 'HS256', typ: 'JWT', kid: issuer.key.kid })}.${b64({ ...claims(), iss: issuer.issuer, iat: now(), exp: now() + 300 })}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

const pem = () =>
  createPublicKey({ key: issuer.key.jwk as never, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString()
const full = (more: Record<string, unknown> = {}) => ({ ...claims(), iss: issuer.issuer, iat: now(), exp: now() + 300, ...more })
/** Flips bits that a lax decoder does not look at. */
function looseEnd(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return `${part.slice(0, -1)}${alphabet[alphabet.indexOf(part.at(-1) ?? 'A') ^ 1]}`
}

const forged: Readonly<Record<string, () => string>> = {
  'no signature: none': () => with3(good(), { header: b64({ alg: 'none' }) }),
  'no signature: nOnE, and an empty one': () => with3(good(), { header: b64({ alg: 'nOnE' }), signature: '' }),
  'no signature at all': () => good().split('.').slice(0, 2).join('.'),
  'HS256 with the public key in PEM': () => hs256(pem()),
  'HS256 with the public key in DER': () => hs256(issuer.key.publicKey.export({ type: 'spki', format: 'der' })),
  'HS256 with the key set’s modulus': () => hs256(String(issuer.key.jwk.n)),
  'HS256 with nothing': () => hs256(''),
  'an algorithm that the key is not for': () => issuer.token(claims(), { header: { alg: 'PS256' } }),
  'another algorithm with the issuer’s kid': () => new SigningKey({ alg: 'ES256', kid: 'key-of-the-issuer' }).sign(full()),
  'an algorithm that nobody has': () => good({}, { alg: 'RS1' }),
  'an encrypted token': () => `${good()}.AAAA.AAAA`,
  'a payload that was changed': () => with3(good(), { payload: b64(full({ jti: 'another' })) }),
  'a signature that was cut': () => good().slice(0, -4),
  'the signature of another token': () => with3(good(), { signature: good({ jti: 'x' }).split('.')[2] ?? '' }),
  'the key of another trusted issuer, under its own kid': () => evil.token({ ...claims(), iss: issuer.issuer }),
  'the key of another trusted issuer, under the issuer’s kid': () =>
    evil.token({ ...claims(), iss: issuer.issuer }, { header: { kid: 'key-of-the-issuer' } }),
  'the key of another trusted issuer, without a kid': () => evil.token({ ...claims(), iss: issuer.issuer }, { header: { kid: undefined } }),
  'a key that comes along: jwk': () => evil.token({ ...claims(), iss: issuer.issuer }, { header: { jwk: evil.key.jwk } }),
  'a key that comes along: x5c': () => good({}, { x5c: ['MIIB'] }),
  'keys from the sender’s address: jku': () => evil.token({ ...claims(), iss: issuer.issuer }, { header: { jku: evil.keysUri } }),
  'keys from the sender’s address: x5u': () => evil.token({ ...claims(), iss: issuer.issuer }, { header: { x5u: evil.keysUri } }),
  'rules of the sender’s own: crit': () => good({}, { crit: ['exp'] }),
  'rules of the sender’s own: b64': () => good({}, { b64: false }),
  'compression: zip': () => good({}, { zip: 'DEF' }),
  'kid: a path': () => evil.token({ ...claims(), iss: issuer.issuer }, { header: { kid: '../../../../dev/null' } }),
  'kid: an address': () => evil.token({ ...claims(), iss: issuer.issuer }, { header: { kid: evil.keysUri } }),
  'kid: a statement': () => evil.token({ ...claims(), iss: issuer.issuer }, { header: { kid: "x' or '1'='1" } }),
  'kid: a member of every object': () => evil.token({ ...claims(), iss: issuer.issuer }, { header: { kid: '__proto__' } }),
  'kid: no text': () => good({}, { kid: { a: 1 } }),
  'typ: an access token': () => good({}, { typ: 'at+jwt' }),
  'typ: a DPoP proof': () => good({}, { typ: 'dpop+jwt' }),
  'typ: a client assertion': () => good({}, { typ: 'client-authentication+jwt' }),
  'typ: a security event': () => good({}, { typ: 'application/secevent+jwt' }),
  'typ: a logout token': () => good({}, { typ: 'logout+jwt' }),
  'typ: no text': () => good({}, { typ: 7 }),
  'aud: somebody else': () => good({ aud: 'https://other.example' }),
  'aud: somebody else’s, in a list': () => good({ aud: ['https://other.example', 'https://third.example'] }),
  'aud: ours at the beginning of another': () => good({ aud: `${audience}.evil.example` }),
  'aud: ours in capitals': () => good({ aud: audience.toUpperCase() }),
  'aud: ours in a list in a list': () => good({ aud: [[audience]] }),
  'aud: ours in an object': () => good({ aud: { 0: audience } }),
  'aud: an empty list': () => good({ aud: [] }),
  'aud: none': () => good({ aud: undefined }),
  'a member twice in the claims': () =>
    issuer.key.signText(JSON.stringify({ alg: 'RS256', kid: issuer.key.kid }), JSON.stringify(full()).replace('{', '{"sub":"victim",')),
  'a member twice in the header': () =>
    issuer.key.signText(`{"alg":"none","alg":"RS256","kid":"${issuer.key.kid}"}`, JSON.stringify(full())),
  'a member twice deep inside': () =>
    issuer.key.signText(JSON.stringify({ alg: 'RS256', kid: issuer.key.kid }), JSON.stringify(full()).replace('{', '{"a":{"b":1,"b":2},')),
  'a member twice by an escape': () =>
    issuer.key.signText(JSON.stringify({ alg: 'RS256', kid: issuer.key.kid }), JSON.stringify(full()).replace('{', '{"s\\u0075b":"x",')),
  'base64 with padding': () => `${good()}=`,
  'base64 of the other alphabet': () =>
    with3(good(), { signature: (good().split('.')[2] ?? '').replaceAll('-', '+').replaceAll('_', '/').replace(/^./, '+') }),
  'base64 with loose bits at its end': () => with3(good(), { signature: looseEnd(good().split('.')[2] ?? '') }),
  'base64 with a line break': () => good().replace('.', '.\n'),
  'claims that are no object': () => issuer.key.signText(JSON.stringify({ alg: 'RS256', kid: issuer.key.kid }), '["sub"]'),
  'claims that are no UTF-8': () => with3(good(), { payload: Buffer.from([0xff, 0xfe, 0x7b, 0x7d]).toString('base64url') }),
  'more than 16 KiB': () => good({ pad: 'x'.repeat(20_000) }),
  'claims in claims in claims': () => good({ deep: JSON.parse(`${'['.repeat(70)}${']'.repeat(70)}`) }),
  ended: () => good({ exp: now() - 120 }),
  'without an end': () => good({ exp: undefined }),
  'with an end that is no number': () => good({ exp: '9999999999' }),
  'of tomorrow': () => good({ nbf: now() + 3_600, iat: now() + 3_600, exp: now() + 7_200 }),
  'for a year': () => good({ exp: now() + 31_536_000 }),
  'a subject in capitals': () => good({ sub: 'Agent' }),
  'a subject with a space': () => good({ sub: 'agent ' }),
  'a subject with a zero byte': () => good({ sub: 'agent\u0000' }),
  'a subject with a Cyrillic letter': () => good({ sub: 'аgent' }),
  'a subject in a list': () => good({ sub: ['agent'] }),
  'a subject that goes on': () => good({ sub: 'agent-evil' }),
  'an issuer with a slash': () => good({ iss: `${issuer.issuer}/` }),
  'an issuer in capitals': () => good({ iss: issuer.issuer.toUpperCase() }),
  'an issuer in a list': () => good({ iss: [issuer.issuer] }),
  'an issuer that nobody trusts': () => good({ iss: 'https://evil.example' }),
  'no issuer': () => good({ iss: undefined }),
}

const forgedSvids: Readonly<Record<string, () => string>> = {
  'the key of an OIDC issuer': () => issuer.key.sign({ sub: 'spiffe://acme.example/agent', aud: audience, exp: now() + 300 }),
  'another path': () => spiffe.svid('/agent2', audience),
  'a path that goes on': () => spiffe.svid('/agent/below', audience),
  'a path with dots': () => spiffe.svid('/x/../agent', audience),
  'another trust domain': () => spiffe.svid('/agent', audience, { sub: 'spiffe://evil.example/agent' }),
  'a trust domain in capitals': () => spiffe.svid('/agent', audience, { sub: 'spiffe://ACME.example/agent' }),
  'a header that a JWT-SVID has not': () => spiffe.svid('/agent', audience, {}, { x5t: 'AAAA' }),
  'an algorithm that a JWT-SVID has not': () =>
    new SigningKey({ alg: 'EdDSA', ...(spiffe.key.kid === undefined ? {} : { kid: spiffe.key.kid }) }).sign({
      sub: 'spiffe://acme.example/agent',
      aud: audience,
      exp: now() + 300,
    }),
  'another audience': () => spiffe.svid('/agent', ['https://other.example']),
  'no end': () => spiffe.svid('/agent', audience, { exp: undefined }),
  ended: () => spiffe.svid('/agent', audience, { exp: now() - 120 }),
}

const lookAlikeRuns = {
  'an owner whose name begins the same': { owner: 'acme-evil' },
  'a repository whose name begins the same': { repository: 'app-evil' },
  'another branch': { ref: 'refs/heads/main2' },
  'a branch named like an environment': { ref: 'refs/heads/environment:production' },
  'a pull request': { event: 'pull_request' },
  'a pull request with the rights of its target': { event: 'pull_request_target' },
  'a tag of the branch’s name': { ref: 'refs/tags/main' },
} as const

describe('a forged or foreign token is an invalid_grant, and no issuer hears of it', () => {
  const named = (cases: Readonly<Record<string, () => string>>, prefix = '') =>
    Object.entries(cases).map(([name, make]) => ({ name: `${prefix}${name}`, make }))
  const runs = Object.entries(lookAlikeRuns).map(([name, run]) => ({ name: `GitHub: ${name}`, make: () => github.tokenOf(run, audience) }))
  test.each([...named(forged), ...named(forgedSvids, 'JWT-SVID: '), ...runs])('$name', async ({ make }) => {
    const before = requests()
    const answered = await ask(make())
    expect(answered).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(requests()).toEqual(before)
    // Nothing about who else is known here.
    expect(JSON.stringify(answered.body)).not.toContain(estate.workload)
  })

  test('the same as a subject_token is an invalid_request (RFC 8693, section 2.2.2)', async () => {
    const body = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: hs256(pem()),
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    })
    const response = await fetch(`${node.origin}/oauth2/token`, { method: 'POST', body })
    expect([response.status, ((await response.json()) as { error: string }).error]).toEqual([400, 'invalid_request'])
  })

  test('an access token of Keyward itself is no token of an issuer', async () => {
    const minted = await ask(good())
    expect(await ask(String(minted.body.access_token))).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  })
})

function requests(): number[] {
  return [issuer, evil, spiffe, github].map((fake) => fake.requests.length)
}

/** How long a node may take to hear, on a machine that does much else: the bound itself is proved elsewhere. */
const heard = { timeout: 10_000 }

describe('over several nodes', () => {
  test('a token that counts once counts once: not again, not on another node, not when both are asked at a time', async () => {
    const workload = await node.api<{ id: string }>('POST', '/api/v1/workloads', {
      name: 'once',
      type: 'ci',
      owner: estate.owner,
      environment: 'production',
    })
    await node.api('POST', '/api/v1/grants', { workload: workload.id, resource: estate.resources.openai, scope: { models: ['*'] } })
    await rule({ method: 'oidc', issuer: issuerId, claims: { sub: 'once' }, single_use: true }, workload.id)
    const token = good({ sub: 'once' })
    // The other node hears of the rule by the feed.
    await expect.poll(async () => (await ask(good({ sub: 'once' }), other)).status, heard).toBe(200)
    expect((await ask(token)).status).toBe(200)
    for (const at of [node, other])
      expect(await ask(token, at)).toMatchObject({ status: 400, body: { error_description: expect.stringMatching(/used before/) } })
    for (let round = 0; round < 5; round++) {
      const raced = good({ sub: 'once' })
      const answers = await Promise.all([ask(raced), ask(raced, other), ask(raced), ask(raced, other)])
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    }
    expect((await ask(good({ sub: 'once', jti: undefined }))).status).toBe(400)
  })

  test('a revoked issuer is felt on every node: its tokens prove nobody, and what they obtained has ended', async () => {
    const fake = await startFakeIssuer()
    try {
      const id = await trust('oidc', fake.issuer, { type: 'discovery' })
      const workload = await node.api<{ id: string }>('POST', '/api/v1/workloads', {
        name: 'ends with its issuer',
        type: 'ci',
        owner: estate.owner,
        environment: 'production',
      })
      await node.api('POST', '/api/v1/grants', { workload: workload.id, resource: estate.resources.openai, scope: { models: ['*'] } })
      const identity = await rule({ method: 'oidc', issuer: id, claims: { sub: 'x' } }, workload.id)
      const token = () => fake.token({ sub: 'x', aud: audience })
      await expect.poll(async () => (await ask(token(), other)).status, heard).toBe(200)
      const minted = String((await ask(token())).body.access_token)
      const call = async (at: KeywardProcess) =>
        (await fetch(`${at.origin}/g/openai/v1/models`, { headers: { authorization: `Bearer ${minted}` } })).status
      // The upstream is away: past the gateway's doors, that is all there is to see.
      expect(await call(other)).toBe(502)
      const ended = await node.api<{ ended: Record<string, number> }>('POST', `/api/v1/issuers/${id}/revoke`, {
        reason: 'it was taken over',
      })
      expect(ended.ended).toMatchObject({ identities: 1 })
      expect(ended.ended.tokens).toBeGreaterThanOrEqual(2)
      expect(await call(node)).toBe(401)
      expect((await ask(token())).status).toBe(400)
      await expect.poll(() => call(other), heard).toBe(401)
      await expect.poll(async () => (await ask(token(), other)).status, heard).toBe(400)
      const shown = await node.api<{ identities: { id: string; revoked_at: string | null }[] }>('GET', `/api/v1/workloads/${workload.id}`)
      expect(shown.identities.find((one) => one.id === identity)?.revoked_at).not.toBeNull()
      const entries = await node.api<{ items: { action: string; decision: string }[] }>('GET', '/api/v1/audit?action=issuer.revoke')
      expect(entries.items).toHaveLength(1)
    } finally {
      await fake.stop()
    }
  })
})
