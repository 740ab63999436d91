import { Authority } from '@keyward/testkit/certificates'
import { githubClaims, startFakeGithub } from '@keyward/testkit/issuers/github'
import { SigningKey } from '@keyward/testkit/issuers/signing-key'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiServer, startApi } from '../http/api-server.ts'
import { maker, unique } from '../http/things.ts'

let api: ApiServer
let things: ReturnType<typeof maker>
let admin: string
beforeAll(async () => {
  api = await startApi()
  admin = await api.tokenOf('admin')
  things = maker(api, admin)
})
afterAll(() => api.stop())

const oidc = (more: Record<string, unknown> = {}) => ({
  name: unique('issuer'),
  kind: 'oidc',
  issuer: `https://${unique('issuer')}.example`,
  keys_from: { type: 'discovery' },
  ...more,
})
const create = (body: Record<string, unknown>, token = admin) => api.ask('POST', '/api/v1/issuers', { token, body })
const addRule = (workload: string, body: Record<string, unknown>) =>
  api.ask('POST', `/api/v1/workloads/${workload}/identities`, { token: admin, body })

describe('an issuer is only trusted where that can be meant', () => {
  const good = new SigningKey().jwk
  test.each([
    ['plain http without allow_private', { issuer: 'http://issuer.example' }, '/issuer'],
    ['plain http for its keys', { keys_from: { type: 'jwks_uri', url: 'http://issuer.example/keys' } }, '/keys_from/url'],
    ['a password in the address', { keys_from: { type: 'jwks_uri', url: 'https://a:FAKE@issuer.example/keys' } }, '/keys_from/url'],
    ['keys that are not of its kind', { keys_from: { type: 'bundle_url', url: 'https://issuer.example/b' } }, '/keys_from/type'],
    ['every directory of Entra', { issuer: 'https://login.microsoftonline.com/common/v2.0' }, '/issuer'],
    ['every directory of Entra, by its template', { issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }, '/issuer'],
    ['a query in its identifier', { issuer: 'https://issuer.example/?a=b' }, '/issuer'],
    ['a name that cannot be discovered', { issuer: 'accounts.google.com' }, '/issuer'],
    ['a weak key', { keys_from: { type: 'jwks', keys: [good, new SigningKey({ modulusBits: 1024 }).jwk] } }, '/keys_from/keys/1'],
    [
      'a bundle without keys for it',
      { kind: 'spiffe', issuer: 'acme.example', keys_from: { type: 'bundle', keys: [good] } },
      '/keys_from/keys',
    ],
    [
      'a SPIFFE ID in place of the trust domain',
      { kind: 'spiffe', issuer: 'spiffe://acme.example', keys_from: { type: 'bundle', keys: [good] } },
      '/issuer',
    ],
    [
      'a certificate that is no authority',
      { kind: 'x509', issuer: 'acme', keys_from: { type: 'certificates', pem: leaf() } },
      '/keys_from/pem',
    ],
  ] as const)('%s is refused, and the field is named', async (_name, more, field) => {
    const answered = await create(oidc(more))
    expect(answered.body).toMatchObject({ status: 400, errors: [{ field }] })
  })

  test('Keyward itself is not: its tokens are exchanged', async () => {
    const answered = await create(oidc({ issuer: api.origin, allow_private: true }))
    expect(answered.body).toMatchObject({ status: 400, errors: [{ field: '/issuer', message: expect.stringMatching(/Keyward itself/) }] })
  })

  test('one issuer is trusted once, and a known one is judged by what is known of it whatever it was called', async () => {
    const body = oidc({ issuer: 'https://token.actions.githubusercontent.com' })
    const first = await create(body)
    expect(first.body).toMatchObject({ preset: 'github', state: 'active', identities: 0 })
    expect(await create(oidc({ issuer: body.issuer }))).toMatchObject({ status: 409, body: { errors: [{ field: '/issuer' }] } })
    await things.act(`/api/v1/issuers/${first.body.id}/revoke`, { reason: 'made anew' })
    expect((await create(oidc({ issuer: body.issuer }))).status).toBe(201)
  })

  test('keys from a private address need an admin who signed in just now', async () => {
    const { token } = await api.addUser([{ role: 'admin' }], 'personal')
    const stale = await create(oidc({ allow_private: true }), token)
    expect([stale.status, stale.body.code]).toEqual([403, 'fresh-auth-required'])
    const open = await create(oidc(), token)
    expect(open.status).toBe(201)
    const patch = (id: unknown, body: object, by: string) =>
      api.ask('PATCH', `/api/v1/issuers/${id}`, { token: by, body, headers: { 'if-match': '*' } })
    expect((await patch(open.body.id, { allow_private: true }, token)).body.code).toBe('fresh-auth-required')
    expect((await patch(open.body.id, { allow_private: true }, admin)).status).toBe(200)
    const moved = { keys_from: { type: 'jwks_uri', url: 'http://10.0.0.1/keys' } }
    expect((await patch(open.body.id, moved, token)).body.code).toBe('fresh-auth-required')
    // What a change does not name stays as it is.
    expect((await patch(open.body.id, { description: 'changed', attests: true }, token)).body).toMatchObject({
      allow_private: true,
      attests: true,
    })
    expect((await patch(open.body.id, { name: unique('renamed') }, token)).body).toMatchObject({ allow_private: true, attests: true })
    expect((await patch(open.body.id, { allow_private: false, ...moved }, admin)).body).toMatchObject({
      errors: [{ field: '/keys_from/url' }],
    })
  })

  test('it takes a role over everything: an admin of one team trusts nobody new', async () => {
    const { token } = await api.addUser([{ role: 'admin', team: await things.team() }])
    const id = await things.issuer()
    expect((await create(oidc(), token)).status).toBe(403)
    expect((await api.ask('POST', `/api/v1/issuers/${id}/revoke`, { token, body: { reason: 'not mine' } })).status).toBe(403)
    expect((await api.ask('GET', `/api/v1/issuers/${id}`, { token })).status).toBe(200)
  })
})

function leaf(): string {
  return new Authority().issue({ commonName: 'leaf' }).cert
}

describe('trust rules', () => {
  test('one that matches too much is refused with the field, the reason and the fix; one to look at keeps its warnings', async () => {
    const issuer = await things.issuer({ preset: 'github' })
    const workload = await things.workload(await things.team())
    const wide = await addRule(workload, { method: 'oidc', issuer, claims: { repository_owner: 'acme' } })
    expect(wide.body).toMatchObject({
      status: 400,
      errors: [{ field: '/claims', message: expect.stringMatching(/every repository of the owner.*add repository_id/) }],
    })
    const flagged = await addRule(workload, { method: 'oidc', issuer, claims: { repository: 'acme/app', ref: 'refs/heads/main' } })
    expect(flagged).toMatchObject({
      status: 201,
      body: { issuer, method: 'oidc', assurance: 'federated', warnings: [expect.stringMatching(/name alone/)] },
    })
    const shown = await api.ask('GET', `/api/v1/workloads/${workload}`, { token: admin })
    expect(shown.body.identities).toEqual([flagged.body])
  })

  test('the issuer has to be active and of the fitting kind, the audiences sane', async () => {
    const workload = await things.workload(await things.team())
    const issuer = await things.issuer({ preset: 'kubernetes' })
    const domain = await things.issuer({
      kind: 'spiffe',
      issuer: 'rules.example',
      keys_from: { type: 'bundle_url', url: 'https://b.example/b' },
    })
    const sub = 'system:serviceaccount:a:b'
    const refusals = [
      [{ method: 'oidc', issuer: domain, claims: { sub } }, '/issuer', /of kind spiffe/],
      [{ method: 'spiffe_jwt', issuer, spiffe_id: 'spiffe://rules.example/a' }, '/issuer', /of kind oidc/],
      [{ method: 'spiffe_jwt', issuer: domain, spiffe_id: 'spiffe://other.example/a' }, '/spiffe_id', /vouches for rules\.example/],
      [{ method: 'oidc', issuer: `iss_${'0'.repeat(26)}`, claims: { sub } }, '/issuer', /names no issuer/],
      [{ method: 'oidc', issuer, claims: { sub }, audiences: ['https://kubernetes.default.svc'] }, '/audiences/0', /API server/],
      [{ method: 'oidc', issuer, claims: { sub }, audiences: ['a', 'a'] }, '/audiences/1', /twice/],
      [{ method: 'oidc', issuer, claims: { sub }, audiences: ['*'] }, '/audiences/0', /star/],
    ] as const
    for (const [body, field, message] of refusals)
      expect((await addRule(workload, body)).body).toMatchObject({ errors: [{ field, message: expect.stringMatching(message) }] })
    await things.act(`/api/v1/issuers/${issuer}/revoke`, { reason: 'no more' })
    expect((await addRule(workload, { method: 'oidc', issuer, claims: { sub } })).body).toMatchObject({
      errors: [{ field: '/issuer', message: expect.stringMatching(/revoked/) }],
    })
    const named = await addRule(workload, { method: 'spiffe_jwt', issuer: domain, spiffe_id: 'spiffe://rules.example/ns/a' })
    expect(named).toMatchObject({ status: 201, body: { subject: 'spiffe://rules.example/ns/a', warnings: [] } })
  })

  test('a workload can be made with its rules; a refused one names its place in the body', async () => {
    const issuer = await things.issuer()
    const body = { name: unique('workload'), type: 'ci', owner: await things.team(), environment: 'production' }
    const make = (claims: object) =>
      api.ask('POST', '/api/v1/workloads', { token: admin, body: { ...body, identities: [{ method: 'oidc', issuer, claims }] } })
    expect((await make({})).body).toMatchObject({ errors: [{ field: '/identities/0/claims' }] })
    expect((await make({ sub: 'agent' })).status).toBe(201)
  })

  test('what a rule would match is told before it is made, and that is on record', async () => {
    const issuer = await things.issuer({ preset: 'gitlab' })
    const answered = await api.ask('POST', `/api/v1/issuers/${issuer}/assess`, {
      token: admin,
      body: { claims: { namespace_path: 'acme' } },
    })
    expect(answered.body).toEqual({ refused: [expect.stringMatching(/every project of the group/)], warnings: [] })
  })
})

describe('an issuer that rules rely on', () => {
  test('is not deleted, and says by whom it is used; once they ended it can be', async () => {
    const issuer = await things.issuer()
    const workload = await things.workload(await things.team())
    const rule = await addRule(workload, { method: 'oidc', issuer, claims: { sub: 'a' }, name: 'deploys' })
    const remove = () => api.ask('DELETE', `/api/v1/issuers/${issuer}`, { token: admin, headers: { 'if-match': '*' } })
    const used = await remove()
    expect(used).toMatchObject({ status: 409, body: { code: 'in-use', used_by: [{ kind: 'identity', id: rule.body.id }] } })
    await things.act(`/api/v1/workloads/${workload}/identities/${rule.body.id}/revoke`, { reason: 'no more' })
    expect((await remove()).status).toBe(204)
    const shown = await api.ask('GET', `/api/v1/workloads/${workload}`, { token: admin })
    expect(shown.body.identities).toMatchObject([{ id: rule.body.id, issuer: null }])
  })

  test('ends with all of them when it is revoked, and each is announced to every node', async () => {
    const issuer = await things.issuer()
    const rules: string[] = []
    for (let i = 0; i < 3; i++) {
      const workload = await things.workload(await things.team())
      rules.push(String((await addRule(workload, { method: 'oidc', issuer, claims: { sub: `a${i}` } })).body.id))
    }
    const ended = await things.act(`/api/v1/issuers/${issuer}/revoke`, { reason: 'taken over' })
    expect(ended).toMatchObject({ kind: 'issuer', id: issuer, already: false, ended: { identities: 3 } })
    const announced = await api.db
      .selectFrom('changes')
      .select(['kind', 'subject', 'op'])
      .where('subject', 'in', [issuer, ...rules])
      .where('op', '=', 'revoked')
      .execute()
    expect(announced.map((one) => one.subject).toSorted()).toEqual([issuer, ...rules].toSorted())
    expect(await things.act(`/api/v1/issuers/${issuer}/revoke`, { reason: 'again' })).toMatchObject({ already: true })
    const patch = await api.ask('PATCH', `/api/v1/issuers/${issuer}`, { token: admin, body: { name: 'x' }, headers: { 'if-match': '*' } })
    expect(patch.body.code).toBe('already-revoked')
  })
})

describe('a rule can be tried', () => {
  interface Tried {
    readonly rules: readonly { readonly identity: string; readonly matches: boolean; readonly reasons: string[] }[]
  }

  test('by claims alone: each condition that does not hold says what it asks and what is said', async () => {
    const issuer = await things.issuer({ preset: 'github' })
    const workload = await things.workload(await things.team())
    const near = await addRule(workload, { method: 'oidc', issuer, claims: { repository_id: '74', environment: 'production' } })
    const far = await addRule(workload, { method: 'oidc', issuer, claims: { repository_id: '75', ref: 'refs/heads/x' } })
    const claims = githubClaims({ environment: 'staging' })
    const tried = await things.act('/api/v1/issuers/try', { issuer, claims: { ...claims, aud: api.origin } })
    expect(tried).toMatchObject({ issuer, signature: 'not_checked', problems: [], would_mint: null, rules_left_out: 0 })
    expect((tried as unknown as Tried).rules).toMatchObject([
      { identity: near.body.id, matches: false, reasons: ['environment: the rule asks for "production", the token says "staging"'] },
      { identity: far.body.id, matches: false, reasons: [expect.stringMatching(/^ref: /), expect.stringMatching(/^repository_id: /)] },
    ])
    const fits = await things.act('/api/v1/issuers/try', { issuer, claims: githubClaims({ environment: 'production' }) })
    expect(fits).toMatchObject({ would_mint: null, rules: [{ matches: false, reasons: [expect.stringMatching(/^aud: /)] }, {}] })
    const { aud: _aud, ...without } = githubClaims({ environment: 'production' })
    expect(await things.act('/api/v1/issuers/try', { issuer, claims: without })).toMatchObject({ would_mint: workload })
  })

  test('by a token, with everything that is wrong told at once; rules outside the asker’s reach are left out', async () => {
    const github = await startFakeGithub()
    try {
      const issuer = await things.issuer({ issuer: github.issuer, preset: 'github', allow_private: true })
      const team = await things.team()
      const workload = await things.workload(team)
      await addRule(workload, { method: 'oidc', issuer, claims: { repository_id: '74', ref: 'refs/heads/main' } })
      const now = Math.floor(Date.now() / 1000)
      const token = github.tokenOf({}, api.origin)
      expect(await things.act('/api/v1/issuers/try', { token })).toMatchObject({ signature: 'valid', problems: [], would_mint: workload })
      const late = github.token({ ...githubClaims(), aud: 'else', iat: now - 900, nbf: now - 900 }, { exp: now - 600 })
      const told = await things.act('/api/v1/issuers/try', { token: `${late.slice(0, -8)}AAAAAAAA` })
      expect(told).toMatchObject({
        signature: 'invalid',
        problems: [expect.stringMatching(/has ended/), expect.stringMatching(/not signed by its issuer/)],
        would_mint: null,
        rules: [{ reasons: [expect.stringMatching(/^aud: /)] }],
      })
      const { token: stranger } = await api.addUser([{ role: 'operator', team: await things.team() }])
      const seen = await api.ask('POST', '/api/v1/issuers/try', { token: stranger, body: { token } })
      expect(seen).toMatchObject({ status: 200, body: { signature: 'valid', rules: [], would_mint: null } })
      expect(seen.text).not.toContain(workload)
      const unknown = await things.act('/api/v1/issuers/try', { token: github.token({ ...githubClaims(), iss: 'https://else.example' }) })
      expect(unknown).toMatchObject({ issuer: null, problems: [expect.stringMatching(/not trusted here/)] })
      const entries = await api.db.selectFrom('audit_entries').select('details').where('action', '=', 'issuer.try').execute()
      expect(JSON.stringify(entries)).not.toContain('octocat')
    } finally {
      await github.stop()
    }
  })
})
