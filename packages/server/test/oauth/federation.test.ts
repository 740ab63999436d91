import { entraClaims, gitlabClaims, googleClaims, kubernetesClaims } from '@keyward/testkit/issuers/claims'
import { type FakeGithub, startFakeGithub } from '@keyward/testkit/issuers/github'
import { type FakeIssuer, startFakeIssuer } from '@keyward/testkit/issuers/issuer'
import {
  type FakeSpiffe,
  startFakeEntra,
  startFakeGitlab,
  startFakeGoogle,
  startFakeKubernetes,
  startFakeSpiffe,
} from '@keyward/testkit/issuers/known'
import { signingAlgs } from '@keyward/testkit/issuers/signing-key'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { federationEstate } from './federation-estate.ts'
import { startTokenService, type TokenService } from './token-service.ts'

let service: TokenService
let estate: ReturnType<typeof federationEstate>
let github: FakeGithub
let githubId: string
const started: FakeIssuer[] = []

async function running<T extends FakeIssuer>(starting: Promise<T>): Promise<T> {
  const fake = await starting
  started.push(fake)
  return fake
}

beforeAll(async () => {
  service = await startTokenService()
  estate = federationEstate(service)
  github = await running(startFakeGithub())
  githubId = await estate.issuer({ issuer: github.issuer, preset: 'github' })
})
afterAll(async () => {
  await Promise.all(started.map((fake) => fake.stop()))
  await service.stop()
})

const refusedGrant = (description: RegExp) => ({ error: 'invalid_grant', error_description: expect.stringMatching(description) })

describe('tokens of the issuers that Keyward knows prove a workload', () => {
  test.each([
    { name: 'gitlab', start: startFakeGitlab, preset: 'gitlab', claims: gitlabClaims(), rule: { project_id: '22', ref_protected: true } },
    {
      name: 'kubernetes',
      start: () => startFakeKubernetes(),
      preset: 'kubernetes',
      claims: kubernetesClaims(),
      rule: { sub: 'system:serviceaccount:agents:classifier', '/kubernetes.io/namespace': 'agents' },
    },
    { name: 'google', start: startFakeGoogle, preset: 'google', claims: googleClaims(), rule: { sub: '108000000000000000001' } },
    {
      name: 'entra',
      start: () => startFakeEntra(),
      preset: 'entra',
      claims: entraClaims(),
      rule: { oid: '00000000-aaaa-4bbb-8ccc-000000000002' },
    },
    { name: 'any', start: () => startFakeIssuer(), preset: 'generic', claims: { sub: 'agent-7' }, rule: { sub: ['agent-6', 'agent-7'] } },
  ] as const)('$name', async ({ start, preset, claims, rule }) => {
    const fake = await running<FakeIssuer>(start())
    const issuer = await estate.issuer({ issuer: fake.issuer, preset })
    const { workload, grant, identity } = await estate.workload(issuer, { claims: rule })
    const header = preset === 'kubernetes' ? { typ: undefined } : {}
    const answered = await estate.bearer(fake.token({ ...claims, aud: [service.issuer] }, { header }))
    expect(answered).toMatchObject({ status: 200, body: { token_type: 'Bearer', scope: `grant:${grant}`, assurance: 'federated' } })
    const verified = service.verifier.verify(String(answered.body.access_token))
    expect(verified).toMatchObject({ workload, grant })
    const record = await service.db.selectFrom('tokens').selectAll().where('grant_id', '=', grant).executeTakeFirstOrThrow()
    expect(record).toMatchObject({ identity_id: identity, method: 'oidc', assurance: 'federated' })
    const other = await estate.bearer(fake.token({ ...claims, aud: service.issuer, sub: 'somebody-else', oid: 'other', project_id: '23' }))
    expect(other).toMatchObject({ status: 400, body: refusedGrant(/fit no trust rule/) })
  })

  test('a JWT-SVID of a trust domain, by a bundle endpoint or a bundle that was given', async () => {
    const fetched = await running(startFakeSpiffe('fetched.example'))
    const given = await running(startFakeSpiffe('given.example'))
    const keysOf = (fake: FakeSpiffe) => ({ type: 'bundle_url', url: fake.keysUri }) as const
    for (const [fake, keysFrom] of [
      [fetched, keysOf(fetched)],
      [given, { type: 'bundle', keys: given.jwks }],
    ] as const) {
      const issuer = await estate.issuer({ issuer: fake.trustDomain, kind: 'spiffe', keysFrom })
      const { workload } = await estate.workload(issuer, { method: 'spiffe_jwt', spiffe_id: `spiffe://${fake.trustDomain}/ns/prod/*` })
      const answered = await estate.bearer(fake.svid('/ns/prod/agent', service.issuer))
      expect(answered.status).toBe(200)
      expect(service.verifier.verify(String(answered.body.access_token)).workload).toBe(workload)
      expect((await estate.bearer(fake.svid('/ns/prod/agent/below', service.issuer))).body).toEqual(refusedGrant(/fit no trust rule/))
    }
    expect(given.requests).toEqual([])
  })

  test.each(signingAlgs.map((alg) => ({ alg })))('signed with $alg', async ({ alg }) => {
    const fake = await running(startFakeIssuer({ keys: [{ alg }] }))
    const issuer = await estate.issuer({ issuer: fake.issuer })
    await estate.workload(issuer, { claims: { sub: 'agent' } })
    expect((await estate.bearer(fake.token({ sub: 'agent', aud: service.issuer }))).status).toBe(200)
  })
})

describe('GitHub Actions', () => {
  const run = { owner: 'acme', ownerId: '65', repository: 'forms', repositoryId: '74', environment: 'prod:eu' }
  const forms = {
    'by names': 'repo:acme/forms:environment:prod:eu',
    'by names and ids': 'repo:acme@65/forms@74:environment:prod%3Aeu',
  }
  test.each(Object.entries(forms).map(([name, sub]) => ({ name, sub })))(
    'a rule written $name fits tokens of both forms',
    async ({ sub }) => {
      const { identity } = await estate.workload(githubId, { claims: { sub } })
      const hint = { federation_rule_id: identity }
      for (const subjectWithIds of [false, true])
        expect((await estate.bearer(github.tokenOf({ ...run, subjectWithIds }, service.issuer), hint)).status).toBe(200)
    },
  )

  test('a repository that was made anew under a name does not fit a rule with ids, whichever form its token has', async () => {
    const { identity } = await estate.workload(githubId, { claims: { sub: 'repo:acme@65/forms@74:environment:prod%3Aeu' } })
    for (const subjectWithIds of [false, true]) {
      const answered = await estate.bearer(github.tokenOf({ ...run, repositoryId: '9999', subjectWithIds }, service.issuer), {
        federation_rule_id: identity,
      })
      expect(answered).toMatchObject({ status: 400, body: refusedGrant(/do not fit the trust rule/) })
    }
  })

  test.each(['pull_request', 'pull_request_target'])(
    'a run of a %s is refused unless the rule has a condition on event_name',
    async (event) => {
      const pinned = { repository_id: '7401' }
      const careless = await estate.workload(githubId, { claims: pinned })
      const token = () => github.tokenOf({ repositoryId: '7401', event }, service.issuer)
      expect(await estate.bearer(token(), { client_id: careless.workload })).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant' },
      })
      const knowing = await estate.workload(githubId, { claims: { ...pinned, event_name: [event] } })
      expect((await estate.bearer(token(), { client_id: knowing.workload })).status).toBe(200)
    },
  )
})

describe('which rule counts', () => {
  test('a token that fits rules of several workloads is refused until it says whose it is, and nothing is said of the others', async () => {
    const fake = await running(startFakeIssuer())
    const issuer = await estate.issuer({ issuer: fake.issuer })
    const one = await estate.workload(issuer, { claims: { sub: 'shared' } })
    const other = await estate.workload(issuer, { claims: { sub: 'shared' } })
    const token = fake.token({ sub: 'shared', aud: service.issuer })
    const refused = await estate.bearer(token)
    expect(refused).toMatchObject({ status: 400, body: refusedGrant(/several workloads: name yours by client_id/) })
    expect(JSON.stringify(refused.body)).not.toContain(one.workload)
    expect((await estate.bearer(token, { client_id: one.workload })).body.scope).toBe(`grant:${one.grant}`)
    expect((await estate.bearer(token, { federation_rule_id: other.identity })).body.scope).toBe(`grant:${other.grant}`)
    expect(await estate.bearer(token, { client_id: 'wl_00000000000000000000000000' })).toMatchObject({ status: 400 })
  })

  test('of several rules of one workload the first that has the asked grant counts, by its id or its resource', async () => {
    const fake = await running(startFakeIssuer())
    const issuer = await estate.issuer({ issuer: fake.issuer })
    const workload = await service.addWorkload('two rules')
    const [first, second] = [await service.addGrant(workload), await service.addGrant(workload, { resource: 'second' })]
    const one = await estate.rule(workload, issuer, { claims: { sub: 'x' }, grants: [first] })
    const two = await estate.rule(workload, issuer, { claims: { sub: 'x' }, grants: [second] })
    const token = fake.token({ sub: 'x', aud: service.issuer })
    const identityOf = async (more: Record<string, string>) => {
      const answered = await estate.bearer(token, more)
      return service.verifier.verify(String(answered.body.access_token)).identity
    }
    expect(await identityOf({ scope: `grant:${first}` })).toBe(one)
    expect(await identityOf({ scope: `grant:${second}` })).toBe(two)
    expect(await identityOf({ resource: `${service.issuer}/g/second` })).toBe(two)
  })

  test('audiences: ours where the rule names none, else those of the rule, and the API server’s never', async () => {
    const fake = await running(startFakeKubernetes())
    const issuer = await estate.issuer({ issuer: fake.issuer, preset: 'kubernetes' })
    const sub = 'system:serviceaccount:agents:classifier'
    const { workload } = await estate.workload(issuer, { claims: { sub } })
    const status = async (aud: string | string[]) => (await estate.bearer(fake.token({ sub, aud }), { client_id: workload })).status
    expect(await status(service.issuer)).toBe(200)
    expect(await status(`${service.issuer}/oauth2/token`)).toBe(200)
    expect(await status(['else', service.issuer])).toBe(200)
    expect(await status('https://other.example')).toBe(400)
    for (const api of ['https://kubernetes.default.svc', 'https://kubernetes.default.svc.cluster.local', fake.issuer])
      expect(await status([service.issuer, api])).toBe(400)
    const own = await estate.workload(issuer, { claims: { sub }, audiences: ['keyward'] })
    expect((await estate.bearer(fake.token({ sub, aud: 'keyward' }), { client_id: own.workload })).status).toBe(200)
    expect((await estate.bearer(fake.token({ sub, aud: service.issuer }), { client_id: own.workload })).status).toBe(400)
  })

  test('a rule or workload that ended is not found any more once the change is heard', async () => {
    const fake = await running(startFakeIssuer())
    const issuer = await estate.issuer({ issuer: fake.issuer })
    const { identity, workload } = await estate.workload(issuer, { claims: { sub: 'ends' } })
    const token = fake.token({ sub: 'ends', aud: service.issuer })
    expect((await estate.bearer(token)).status).toBe(200)
    await service.db.updateTable('workload_identities').set({ revoked_at: new Date() }).where('id', '=', identity).execute()
    // The node has not heard yet: minting looks again.
    expect(await estate.bearer(token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    service.federation.onChange({ op: 'revoked', kind: 'identity', subject: identity, seq: 1n, reason: null, node: null })
    expect(await estate.bearer(token)).toMatchObject({ status: 400, body: refusedGrant(/fit no trust rule/) })
    await service.db.updateTable('workload_identities').set({ revoked_at: null }).where('id', '=', identity).execute()
    await service.db.updateTable('issuers').set({ state: 'revoked', revoked_at: new Date() }).where('id', '=', issuer).execute()
    service.federation.onChange({ op: 'revoked', kind: 'issuer', subject: issuer, seq: 2n, reason: null, node: null })
    expect(await estate.bearer(token)).toMatchObject({ status: 400, body: refusedGrant(/not trusted/) })
    expect(workload).toMatch(/^wl_/)
  })
})

describe('the standards', () => {
  test('RFC 7523 3.1: a token that does not count is an invalid_grant; RFC 8693 2.2.2: as a subject_token an invalid_request', async () => {
    const garbage = 'not.a.token'
    expect(await estate.bearer(garbage)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect(await estate.exchange(garbage)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  test('RFC 8693 2.2.1: a token of an issuer is exchanged, and the answer says what was issued', async () => {
    const fake = await running(startFakeIssuer())
    await estate.workload(await estate.issuer({ issuer: fake.issuer }), { claims: { sub: 'a' } })
    const answered = await estate.exchange(fake.token({ sub: 'a', aud: service.issuer }))
    expect(answered).toMatchObject({
      status: 200,
      body: { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token', token_type: 'Bearer', expires_in: expect.any(Number) },
    })
    expect(answered.headers.get('cache-control')).toBe('no-store')
  })

  test('RFC 7523 3: exp and sub have to be there, nbf and iat are looked at, a life of more than a day is too long', async () => {
    const fake = await running(startFakeIssuer())
    await estate.workload(await estate.issuer({ issuer: fake.issuer }), { claims: { sub: 'a' } })
    const now = Math.floor(Date.now() / 1000)
    const statusOf = async (claims: Record<string, unknown>) =>
      (await estate.bearer(fake.token({ sub: 'a', aud: service.issuer, ...claims }))).body.error_description ?? 'minted'
    expect(await statusOf({})).toBe('minted')
    expect(await statusOf({ exp: now - 30 })).toBe('minted')
    expect(await statusOf({ exp: now - 61 })).toMatch(/has ended/)
    expect(await statusOf({ exp: undefined })).toMatch(/no exp/)
    expect(await statusOf({ exp: String(now + 60) })).toMatch(/no exp/)
    expect(await statusOf({ sub: undefined })).toMatch(/no sub/)
    expect(await statusOf({ aud: undefined })).toMatch(/no aud/)
    expect(await statusOf({ nbf: now + 120 })).toMatch(/not valid yet/)
    expect(await statusOf({ iat: now + 120 })).toMatch(/in the future/)
    expect(await statusOf({ iat: undefined, nbf: undefined, jti: undefined })).toBe('minted')
    expect(await statusOf({ exp: now + 90_000 })).toMatch(/a day at most/)
    expect(await statusOf({ iat: now - 90_000, exp: now + 60 })).toMatch(/a day at most/)
  })

  test('a refused attempt is on record with its code and issuer, and a flood of them is a bounded number of records', async () => {
    const fake = await running(startFakeIssuer())
    const issuer = await estate.issuer({ issuer: fake.issuer })
    await estate.workload(issuer, { claims: { sub: 'a' } })
    // Whatever the tests before recorded, a new second has room.
    const entries = () =>
      service.db
        .selectFrom('audit_entries')
        .select(['code', 'decision', 'details', 'target_id'])
        .where('action', '=', 'token.mint')
        .where('decision', '=', 'refused')
        .execute()
    await expect
      .poll(
        async () => {
          await estate.bearer(fake.token({ sub: 'b', aud: service.issuer }))
          return (await entries()).filter((entry) => entry.target_id === issuer).length
        },
        { timeout: 10_000 },
      )
      .toBeGreaterThan(0)
    const [entry] = (await entries()).filter((one) => one.target_id === issuer)
    expect(entry).toMatchObject({ code: 'federation_no_rule', details: { issuer, claimed_subject: 'b' } })
    const before = (await entries()).length
    const beganMs = performance.now()
    await Promise.all(Array.from({ length: 200 }, () => estate.bearer(fake.token({ sub: 'b', aud: service.issuer }))))
    // Twenty a second one by one, and a sum of the others.
    const windows = Math.ceil((performance.now() - beganMs) / 1_000) + 1
    expect((await entries()).length - before).toBeLessThanOrEqual(windows * 21)
    expect(fake.requests).toEqual([])
  })
})

test('a node that cannot hear believes nothing that it remembers of issuers: 503, and no token', async () => {
  const fake = await running(startFakeIssuer())
  const issuer = await estate.issuer({ issuer: fake.issuer, preset: 'generic' })
  await estate.workload(issuer, { claims: { sub: 'agent-deaf' } })
  const ask = () => estate.bearer(fake.token({ sub: 'agent-deaf', aud: service.issuer }))
  expect((await ask()).status).toBe(200)
  service.setDeaf(true)
  const deaf = await ask()
  service.setDeaf(false)
  expect(deaf).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } })
  expect((await ask()).status).toBe(200)
})
