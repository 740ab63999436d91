import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agentToken } from '../../sdk/src/agent-token.ts'
import { githubJob } from '../../sdk/src/workload-identity/github-actions.ts'
import { Authority } from '../../testkit/src/certificates.ts'
import { type FakeGithub, startFakeGithub } from '../../testkit/src/issuers/github.ts'
import { type FakeSpiffe, startFakeSpiffe } from '../../testkit/src/issuers/known.ts'
import { fakeOpenaiKey } from '../../testkit/src/openai/server.ts'
import { type Installation, type Ran, type RunOptions, startInstallation } from './installation.ts'

let here: Installation
let github: FakeGithub
let spiffe: FakeSpiffe
let folder: string
let resource: string
let issuer: string
let job: string
let grant: string
const slow = { timeout: 120_000 }

const keyward = (args: readonly string[], options?: RunOptions) => here.keyward(args, options)
async function json<T>(args: readonly string[], options?: RunOptions): Promise<T> {
  const ran = await keyward([...args, '--json'], options)
  expect(ran.code, ran.stderr).toBe(0)
  return JSON.parse(ran.stdout) as T
}
const file = (name: string, text: string) => {
  const path = join(folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
async function workload(name: string): Promise<{ id: string; grant: string }> {
  const { id } = await json<{ id: string }>([
    'workload',
    'create',
    '--name',
    name,
    '--type',
    'ci',
    '--owner',
    here.owner,
    '--environment',
    'development',
  ])
  return { id, grant: await here.grant(resource, { workload: id }) }
}
/** The surroundings of a job: nobody is logged in there, and nothing is enrolled. */
const inJob = (more: Readonly<Record<string, string | undefined>> = {}) => ({
  XDG_CONFIG_HOME: join(folder, 'job'),
  ACTIONS_ID_TOKEN_REQUEST_URL: github.requestUrl,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: github.requestToken,
  ...more,
})
const bare = (more: Readonly<Record<string, string | undefined>> = {}) => ({ XDG_CONFIG_HOME: join(folder, 'job'), ...more })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyward-cli-identity-'))
  ;[here, github, spiffe] = await Promise.all([startInstallation(), startFakeGithub(), startFakeSpiffe()])
  resource = await here.resource('openai', 'llm', 'openai', here.openai.origin, fakeOpenaiKey)
  const made = await json<{ id: string }>(['issuer', 'create', '--preset', 'github', '--issuer', github.issuer, '--allow-private'])
  issuer = made.id
  const { id, grant: one } = await workload('Deploy job')
  ;[job, grant] = [id, one]
  const rule = ['--claim', 'repository_id=74', '--claim', 'ref=refs/heads/main', '--name', 'acme/app main']
  const added = await keyward(['workload', 'add-identity', job, '--method', 'oidc', '--issuer', github.issuer, ...rule])
  expect(added.code, added.stderr).toBe(0)
}, 120_000)
afterAll(async () => {
  await Promise.all([here?.stop(), github?.stop(), spiffe?.stop()])
  rmSync(folder, { recursive: true, force: true })
})

describe('trusted issuers', () => {
  test('a preset fills in what is known of the platform; static keys, bundles and authorities come from files', slow, async () => {
    expect(await json(['issuer', 'show', issuer])).toMatchObject({
      name: 'GitHub Actions',
      kind: 'oidc',
      preset: 'github',
      keys_from: { type: 'discovery' },
    })
    const jwks = file('jwks.json', JSON.stringify({ keys: github.jwks }))
    const cluster = ['--preset', 'kubernetes', '--issuer', 'https://kubernetes.default.svc', '--jwks-file', jwks]
    expect(await json(['issuer', 'create', ...cluster])).toMatchObject({
      name: 'Kubernetes',
      preset: 'kubernetes',
      keys_from: { type: 'jwks', keys: github.jwks },
    })
    const bundle = file('bundle.json', JSON.stringify({ keys: spiffe.jwks, spiffe_sequence: 1 }))
    expect(await json(['issuer', 'create', '--preset', 'spiffe', '--issuer', 'bundle.example', '--bundle-file', bundle])).toMatchObject({
      name: 'bundle.example',
      kind: 'spiffe',
      keys_from: { type: 'bundle' },
    })
    const ca = file('ca.pem', new Authority('Acme').cert)
    expect(await json(['issuer', 'create', '--preset', 'x509', '--issuer', 'acme-machines', '--authorities-file', ca])).toMatchObject({
      kind: 'x509',
      keys_from: { type: 'certificates' },
    })
    const listed = await keyward(['issuer', 'list'])
    expect(listed.stdout).toMatch(/GitHub Actions +oidc +active +1 /)
  })

  test('what a preset can not know is asked for by the name of its flag, with exit code 2', slow, async () => {
    const ran = await keyward(['issuer', 'create', '--preset', 'kubernetes'])
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('Missing: --issuer <issuer>')])
    const keys = await keyward(['issuer', 'create', '--preset', 'spiffe', '--issuer', 'other.example'])
    expect([keys.code, keys.stderr]).toEqual([2, expect.stringContaining('--bundle-file')])
    const broken = await keyward([
      'issuer',
      'create',
      '--preset',
      'kubernetes',
      '--issuer',
      'https://k.example',
      '--jwks-file',
      file('no.json', '{}'),
    ])
    expect([broken.code, broken.stderr]).toEqual([2, expect.stringContaining('holds no key set')])
  })

  test(
    'a token is tried: which rule it fits, and for each condition of the others what is missing; the token is printed nowhere',
    slow,
    async () => {
      const good = github.tokenOf({}, here.server.issuer)
      const fits = await keyward(['issuer', 'try', '--token-file', '-'], { input: `${good}\n` })
      expect([fits.code, fits.stderr]).toEqual([0, ''])
      expect(fits.stdout).toMatch(new RegExp(`fits +idn_\\w+ "acme/app main" \\(oidc\\) of Deploy job ${job}`))
      expect(fits.stdout).toContain(`It would get a token of ${job}.`)
      const other = github.tokenOf({ repositoryId: '75', ref: 'refs/heads/evil' }, here.server.issuer)
      const misses = await keyward(['issuer', 'try', '--token-file', file('other.jwt', other)])
      expect(misses.code).toBe(1)
      expect(misses.stdout).toMatch(/no +idn_/)
      expect(misses.stdout).toMatch(/repository_id: .*74.*75/)
      expect(misses.stdout).toMatch(/ref: .*refs\/heads\/main.*refs\/heads\/evil/)
      for (const { stdout, stderr } of [fits, misses]) for (const token of [good, other]) expect(stdout + stderr).not.toContain(token)
      const argument = await keyward(['issuer', 'try', good])
      expect([argument.code, argument.stdout]).toEqual([2, ''])
      expect(argument.stderr).not.toContain(good)
    },
  )

  test('a rule is assessed before it is made: one that would match too much ends with exit code 1 and says what', slow, async () => {
    const wide = await keyward(['issuer', 'assess', issuer, '--claim', 'repository_owner=acme'])
    expect([wide.code, wide.stdout]).toEqual([1, expect.stringMatching(/^Refused: .*every repository of the owner/)])
    const narrow = await keyward(['issuer', 'assess', issuer, '--claim', 'repository_id=74', '--claim', 'environment=production'])
    expect([narrow.code, narrow.stdout]).toEqual([0, expect.stringContaining('nothing else')])
  })
})

describe('identities', () => {
  test('a rule that matches too much is refused, and one that might be too wide is made with a warning', slow, async () => {
    const { id } = await workload('Careless')
    const refused = await keyward([
      'workload',
      'add-identity',
      id,
      '--method',
      'oidc',
      '--issuer',
      issuer,
      '--claim-prefix',
      'sub=repo:acme/',
    ])
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('every repository of acme')])
    const warned = await keyward([
      'workload',
      'add-identity',
      id,
      '--method',
      'oidc',
      '--issuer',
      'GitHub Actions',
      '--claim',
      'repository_id=90',
      '--quiet',
    ])
    expect([warned.code, warned.stdout]).toEqual([0, expect.stringMatching(/^idn_\w+\n$/)])
    expect(warned.stderr).toMatch(/warning: .*any branch/)
  })

  test('a flag that does not go with the method is refused: it would have been a condition that nobody checks', slow, async () => {
    const ran = await keyward(['workload', 'add-identity', job, '--method', 'private_key_jwt', '--claim', 'ref=refs/heads/main'])
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('--claim does not go with --method private_key_jwt')])
    const none = await keyward(['workload', 'add-identity', job, '--method', 'oidc', '--issuer', 'nobody.example', '--claim', 'sub=x'])
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('No trusted issuer is called nobody.example')])
  })

  test('SPIFFE ids, certificates of an authority and self-signed ones are identities, by PEM file', slow, async () => {
    const { id } = await workload('Many ways')
    const authority = new Authority('Other')
    const ca = file('other.pem', authority.cert)
    await json(['issuer', 'create', '--preset', 'x509', '--issuer', 'other-machines', '--authorities-file', ca])
    await json([
      'issuer',
      'create',
      '--preset',
      'spiffe',
      '--issuer',
      spiffe.trustDomain,
      '--bundle-url',
      spiffe.keysUri,
      '--allow-private',
    ])
    const add = (args: readonly string[]) =>
      json<{ subject: string | null; thumbprint: string | null }>(['workload', 'add-identity', id, ...args])
    const path = `spiffe://${spiffe.trustDomain}/ns/prod/agent`
    expect((await add(['--method', 'spiffe_jwt', '--issuer', spiffe.trustDomain, '--spiffe-id', path])).subject).toContain(path)
    expect((await add(['--method', 'tls_client_auth', '--issuer', 'other-machines', '--san-dns', 'agent.acme.example'])).subject).toContain(
      'agent.acme.example',
    )
    const pem = file('self.pem', authority.issue({ commonName: 'self' }).cert)
    expect((await add(['--method', 'self_signed_tls_client_auth', '--certificate-file', pem])).thumbprint).not.toBeNull()
  })
})

describe('tokens for a workload', () => {
  test(
    'in a job, keyward token gives the token alone on standard output, by the identity of the job and nobody’s login',
    slow,
    async () => {
      const ran = await keyward(['token', '--grant', grant], { env: inJob() })
      expect(ran.code, ran.stderr).toBe(0)
      expect(ran.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
      expect(decodeJwt(ran.stdout.trim())).toMatchObject({ sub: job, grant, iss: here.server.issuer })
      expect(ran.stderr).toContain('By the OIDC token of this GitHub Actions job')
      const answer = await json<{ access_token: string; resource: string }>(['token', '--resource', 'openai'], { env: inJob() })
      expect(answer.resource).toBe(`${here.server.issuer}/g/openai`)
    },
  )

  test('a token in a file is read afresh for each, and what is wrong with it is said without it', slow, async () => {
    const path = file('identity.jwt', github.tokenOf({}, here.server.issuer))
    const args = ['token', '--grant', grant, '--identity-token-file', path]
    expect((await keyward(args)).code).toBe(0)
    const foreign = github.tokenOf({ repositoryId: '75' }, here.server.issuer)
    writeFileSync(path, foreign)
    const ran = await keyward(args)
    expect([ran.code, ran.stdout]).toEqual([1, ''])
    expect(ran.stderr).toMatch(/fit no trust rule[\s\S]*Fix: .*issuer try/)
    expect(ran.stderr).not.toContain(foreign)
    writeFileSync(path, 'not a token at all')
    const broken = await keyward(args)
    expect([broken.code, broken.stderr]).toEqual([1, expect.stringContaining('is not a signed token')])
    const gone = await keyward(['token', '--grant', grant, '--identity-token-file', join(folder, 'nowhere')])
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('can’t be read'.replace('’', "'"))])
  })

  test('a JWT-SVID that spiffe-helper keeps in a file is an identity', slow, async () => {
    const { id, grant: theirs } = await workload('Pod of SPIRE')
    const known = await json<{ items: { id: string; issuer: string }[] }>(['issuer', 'list', '--kind', 'spiffe'])
    if (!known.items.some((one) => one.issuer === spiffe.trustDomain))
      await json([
        'issuer',
        'create',
        '--preset',
        'spiffe',
        '--issuer',
        spiffe.trustDomain,
        '--bundle-url',
        spiffe.keysUri,
        '--allow-private',
      ])
    const path = '/ns/prod/sa/classifier'
    await json([
      'workload',
      'add-identity',
      id,
      '--method',
      'spiffe_jwt',
      '--issuer',
      spiffe.trustDomain,
      '--spiffe-id',
      `spiffe://${spiffe.trustDomain}${path}`,
    ])
    const svid = file('svid.token', spiffe.svid(path, here.server.issuer))
    const ran = await keyward(['token', '--grant', theirs], { env: bare({ KEYWARD_IDENTITY_TOKEN_FILE: svid }) })
    expect(ran.code, ran.stderr).toBe(0)
    expect(decodeJwt(ran.stdout.trim()).sub).toBe(id)
  })

  test('an agent in TypeScript gets its tokens by the same identities, and is told when they no longer count', slow, async () => {
    const env = { ACTIONS_ID_TOKEN_REQUEST_URL: github.requestUrl, ACTIONS_ID_TOKEN_REQUEST_TOKEN: github.requestToken }
    const token = agentToken({ origin: here.server.issuer, identity: githubJob(env), grant })
    expect(decodeJwt(await token.get())).toMatchObject({ sub: job, grant })
    github.run = { repositoryId: '75' }
    token.forget()
    await expect(token.get().finally(() => (github.run = {}))).rejects.toMatchObject({ name: 'AgentTokenError', code: 'invalid_grant' })
  })

  test('with no identity anywhere the error lists what was looked for, and names what the platform lacks', slow, async () => {
    const ran = await keyward(['token', '--resource', 'openai'], { env: bare({ GITHUB_ACTIONS: 'true' }) })
    expect(ran.code).toBe(1)
    expect(ran.stderr).toContain('a GitHub job without `permissions: id-token: write`')
    for (const name of [
      'KEYWARD_IDENTITY_TOKEN_FILE',
      'KEYWARD_CLIENT_CERT',
      'KEYWARD_ID_TOKEN',
      'ACTIONS_ID_TOKEN_REQUEST_URL',
      '/var/run/secrets/keyward/token',
    ])
      expect(ran.stderr).toContain(name)
  })

  test(
    'the lineage of a token names workload, identity and assurance; the log has what the issuer calls it; lists can be narrowed to one identity',
    slow,
    async () => {
      await keyward(['token', '--grant', grant], { env: inJob() })
      const { items } = await json<{ items: { id: string; identity: string }[] }>(['token', 'list', '--grant', grant, '--state', 'live'])
      const [token] = items
      const lineage = await keyward(['token', 'lineage', token?.id ?? ''])
      expect(lineage.stdout).toMatch(
        new RegExp(`^workload +Deploy job \\(${job}\\)\n\\* ${token?.id} +live, ends .* ${job} by oidc ${token?.identity}, federated`),
      )
      const audit = await json<{ items: { token: string; details: Record<string, unknown> }[] }>([
        ...['audit', 'list', '--action', 'token.mint', '--grant', grant],
      ])
      expect(audit.items.find((one) => one.token === token?.id)?.details).toMatchObject({
        identity: token?.identity,
        subject: 'repo:acme/app:ref:refs/heads/main',
      })
      const narrowed = await json<{ items: { id: string }[] }>(['token', 'list', '--identity', token?.identity ?? ''])
      expect(narrowed.items.map((one) => one.id)).toContain(token?.id)
    },
  )
})

describe('keyward run by the surroundings', () => {
  const everything = ['-e', 'process.stdout.write(JSON.stringify(process.env))']

  test('a GitHub job runs its agent governed, and nothing of the identity is in the program’s environment', slow, async () => {
    const env = inJob({ KEYWARD_ID_TOKEN: undefined, OPENAI_API_KEY: undefined })
    const ran = await keyward(['run', '--grant', grant, '--', process.execPath, ...everything], { env })
    expect(ran.code, ran.stderr).toBe(0)
    expect(ran.stderr).toContain('proved by the OIDC token of this GitHub Actions job')
    const seen = JSON.parse(ran.stdout) as Record<string, string>
    expect(seen.OPENAI_BASE_URL).toMatch(/^http:\/\/127\.0\.0\.1:/)
    expect(Object.keys(seen).filter((name) => /^ACTIONS_ID_TOKEN|^KEYWARD_(?:ID_TOKEN|IDENTITY|CLIENT|TOKEN)/.test(name))).toEqual([])
    expect(ran.stdout).not.toContain(github.requestToken)
  })

  test('a GitLab job does the same by its id_tokens variable', slow, async () => {
    const token = github.tokenOf({}, here.server.issuer)
    const env = bare({ KEYWARD_ID_TOKEN: token, KEYWARD_CLIENT_CERT: undefined })
    const ran = await keyward(['run', '--grant', grant, '--', process.execPath, ...everything], { env })
    expect(ran.code, ran.stderr).toBe(0)
    expect(ran.stderr).toContain('the GitLab ID token in KEYWARD_ID_TOKEN')
    expect(ran.stdout).not.toContain(token)
    expect(JSON.parse(ran.stdout)).not.toHaveProperty('KEYWARD_ID_TOKEN')
  })

  test('--explain says which identity is taken and why, runs nothing, and shows no value', slow, async () => {
    const explained: Ran = await keyward(['run', '--explain'], { env: inJob({ KEYWARD_ID_TOKEN: 'FAKE-EXAMPLE' }) })
    expect(explained.code).toBe(0)
    expect(explained.stdout).toMatch(/^gitlab-ci +taken +KEYWARD_ID_TOKEN$/m)
    expect(explained.stdout).toMatch(/^github-actions +there /m)
    expect(explained.stdout).toMatch(/^kubernetes +not there /m)
    expect(explained.stdout).not.toContain('FAKE-EXAMPLE')
    const chosen = await keyward(['run', '--explain', '--identity', 'github-actions'], { env: inJob({ KEYWARD_ID_TOKEN: 'FAKE-EXAMPLE' }) })
    expect(chosen.stdout).toMatch(/^github-actions +taken /m)
    const machine = await keyward(['run', '--explain', '--workload', here.workload], {
      env: { ACTIONS_ID_TOKEN_REQUEST_URL: github.requestUrl, ACTIONS_ID_TOKEN_REQUEST_TOKEN: github.requestToken },
    })
    expect(machine.stdout).toMatch(new RegExp(`^enrolled +taken +enrolled for ${here.workload}$`, 'm'))
  })
})
