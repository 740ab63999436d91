import { createPublicKey, X509Certificate } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Authority } from '../../packages/testkit/src/certificates.ts'
import { gitlabClaims, kubernetesClaims } from '../../packages/testkit/src/issuers/claims.ts'
import { type FakeGithub, startFakeGithub } from '../../packages/testkit/src/issuers/github.ts'
import type { FakeIssuer } from '../../packages/testkit/src/issuers/issuer.ts'
import { type FakeSpiffe, startFakeGitlab, startFakeKubernetes, startFakeSpiffe } from '../../packages/testkit/src/issuers/known.ts'
import { type Fence, fencesOf, theFence } from './guides/fences.ts'
import { environmentOf, type Place, startPlace } from './guides/place.ts'
import type { Ended } from './guides/shell.ts'
import { at, listAt, readYaml, textAt, type Yaml } from './guides/small-yaml.ts'

/*
 * Each guide is followed as it is written: its blocks are taken out of the page and run in order. What stands for the platform is put in by
 * text: the addresses of issuers and of Keyward, and what the page itself tells the reader to fill in.
 */

let place: Place
let github: FakeGithub
let gitlab: FakeIssuer
let cluster: FakeIssuer
let spiffe: FakeSpiffe
const slow = { timeout: 180_000 }
const example = 'https://keyward.example.com'

beforeAll(async () => {
  ;[place, github, gitlab, cluster, spiffe] = await Promise.all([
    startPlace(),
    startFakeGithub(),
    startFakeGitlab(),
    startFakeKubernetes(),
    startFakeSpiffe(),
  ])
}, 120_000)
afterAll(async () => {
  await Promise.all([place?.stop(), github?.stop(), gitlab?.stop(), cluster?.stop(), spiffe?.stop()])
})

/** The administrator's blocks up to the last one, which ends it all; the last one is given back. */
async function setUp(fences: readonly Fence[]): Promise<string> {
  const blocks = fences.filter(({ info }) => info === 'sh').map(({ text }) => text)
  const end = blocks.pop() ?? ''
  expect(end).toContain('revoke')
  for (const block of blocks) await place.shell.run(block)
  return end
}

function worked(ended: Ended): void {
  expect(ended.code, ended.stderr).toBe(0)
  expect(ended.stdout).toMatch(/^agent: You said: /m)
}

/** What an agent printed of its environment has nothing in it by which a token could be had. */
function nothingIn(ended: Ended, secrets: readonly string[]): void {
  const env = environmentOf(ended)
  expect(env.OPENAI_BASE_URL).toMatch(/^http:\/\/127\.0\.0\.1:/)
  expect(Object.keys(env).filter((name) => /ID_TOKEN|IDENTITY_TOKEN|CLIENT_(?:CERT|KEY)/.test(name))).toEqual([])
  for (const secret of secrets) expect(ended.stdout + ended.stderr).not.toContain(secret)
}

describe('docs/guides/github-actions.md', () => {
  /** A job as a runner runs it: ID tokens only where its permissions say so, variables of the repository put in, `bash -e`. */
  const run = async (workflow: Yaml, grant: string): Promise<Ended> => {
    const steps = listAt(workflow, 'jobs.agent.steps').filter((step) => typeof step === 'object' && 'run' in step)
    const script = steps.map((step) => textAt(step, 'run').replaceAll(/\$\{\{ vars\.KEYWARD_GRANT \}\}/g, grant)).join('\n')
    const mayAsk = textAt(workflow, 'permissions.id-token') === 'write'
    return await place.machine(script, {
      ...(at(workflow, 'jobs.agent.env') as Record<string, string>),
      GITHUB_ACTIONS: 'true',
      ...(mayAsk ? { ACTIONS_ID_TOKEN_REQUEST_URL: github.requestUrl, ACTIONS_ID_TOKEN_REQUEST_TOKEN: github.requestToken } : {}),
    })
  }

  test(
    'followed as written, a job calls a model without a secret; a job of another branch, one of another repository, and any after the end get nothing',
    slow,
    async () => {
      const fences = fencesOf('github-actions.md', {
        '--preset github': `--preset github --issuer ${github.issuer} --allow-private`,
        [example]: place.keyward.issuer,
      })
      const end = await setUp(fences)
      const grant = await place.shell.variable('GRANT')
      const workflow = readYaml(theFence(fences, 'yaml'))
      for (const subjectWithIds of [false, true]) {
        github.run = { repositoryId: '74', ref: 'refs/heads/main', subjectWithIds }
        const done = await run(workflow, grant)
        worked(done)
        nothingIn(done, [github.requestToken])
      }
      for (const other of [{ repositoryId: '74', ref: 'refs/heads/feature' }, { repositoryId: '75' }]) {
        github.run = other
        const refused = await run(workflow, grant)
        expect([refused.code, refused.stdout]).toEqual([1, ''])
        expect(refused.stderr).toContain('its claims fit no trust rule')
      }
      github.run = { repositoryId: '74' }
      await place.shell.run(end)
      expect((await run(workflow, grant)).code).toBe(1)
    },
  )
})

describe('docs/guides/gitlab-ci.md', () => {
  /** A job as a runner runs it: its id_tokens are made for the audiences that it names, its variables are set, its script is run by a shell. */
  const run = async (job: Yaml, grant: string, claims: Record<string, unknown>): Promise<Ended & { tokens: string[] }> => {
    const wanted = Object.entries(at(job, 'id_tokens') as Record<string, Yaml>)
    const tokens = wanted.map(([name, one]) => [name, gitlab.token({ ...claims, aud: textAt(one, 'aud') })] as const)
    const ended = await place.machine(listAt(job, 'script').join('\n'), {
      GITLAB_CI: 'true',
      ...(at(job, 'variables') as Record<string, string>),
      KEYWARD_GRANT: grant,
      ...Object.fromEntries(tokens),
    })
    return { ...ended, tokens: tokens.map(([, token]) => token) }
  }

  test(
    'followed as written, a job of a protected branch calls a model without a secret; another branch, another project and any after the end get nothing',
    slow,
    async () => {
      const fences = fencesOf('gitlab-ci.md', {
        '--preset gitlab': `--preset gitlab --issuer ${gitlab.issuer} --allow-private`,
        [example]: place.keyward.issuer,
      })
      const end = await setUp(fences)
      const grant = await place.shell.variable('GRANT')
      const job = at(readYaml(theFence(fences, 'yaml')), 'agent')
      const done = await run(job, grant, gitlabClaims({ projectId: '22' }))
      worked(done)
      nothingIn(done, done.tokens)
      for (const claims of [gitlabClaims({ projectId: '22', protected: false }), gitlabClaims({ projectId: '23' })]) {
        const refused = await run(job, grant, claims)
        expect([refused.code, refused.stdout]).toEqual([1, ''])
      }
      await place.shell.run(end)
      expect((await run(job, grant, gitlabClaims({ projectId: '22' }))).code).toBe(1)
    },
  )
})

describe('docs/guides/kubernetes.md', () => {
  test(
    'followed as written, a pod calls a model by its projected token, also with one that the kubelet renewed; another service account gets nothing',
    slow,
    async () => {
      const mount = join(place.folder, 'pod')
      mkdirSync(mount)
      const fences = fencesOf('kubernetes.md', {
        '/var/run/secrets/keyward': mount,
        '--preset kubernetes': '--preset kubernetes',
        [example]: place.keyward.issuer,
      })
      const documents = {
        '/openid/v1/jwks': { keys: cluster.jwks },
        '/.well-known/openid-configuration': { issuer: cluster.issuer, jwks_uri: cluster.keysUri },
      }
      const cases = Object.entries(documents).map(([path, document]) => `  "${path}") printf %s '${JSON.stringify(document)}' ;;`)
      place.commands.add('kubectl', `[ "$1 $2" = "get --raw" ] || exit 1\ncase "$3" in\n${cases.join('\n')}\n  *) exit 1 ;;\nesac`)
      const end = await setUp(fences)
      const grant = await place.shell.variable('GRANT')
      const pod = readYaml(theFence(fences, 'yaml'))
      const [container] = listAt(pod, 'spec.containers')
      const [volume] = listAt(pod, 'spec.volumes')
      if (container === undefined || volume === undefined) throw new Error('the pod has no container, or no volume')
      const [source] = listAt(volume, 'projected.sources')
      const [mounted] = listAt(container, 'volumeMounts')
      if (source === undefined || mounted === undefined) throw new Error('nothing is projected, or mounted')
      expect(textAt(mounted, 'name')).toBe(textAt(volume, 'name'))

      /** The kubelet: writes the token that the pod asks for, for the service account that the pod has, where the pod mounts it. */
      const project = (account: string): string => {
        const claims = kubernetesClaims({ namespace: textAt(pod, 'metadata.namespace'), account })
        const life = Number(textAt(source, 'serviceAccountToken.expirationSeconds'))
        const exp = Math.floor(Date.now() / 1000) + life
        const token = cluster.token({ ...claims, aud: [textAt(source, 'serviceAccountToken.audience')] }, { exp })
        writeFileSync(join(textAt(mounted, 'mountPath'), textAt(source, 'serviceAccountToken.path')), token)
        return token
      }
      const start = async (): Promise<Ended> => {
        const env = Object.fromEntries(
          listAt(container, 'env').map((one) => [textAt(one, 'name'), textAt(one, 'value').replace(/^GRANT$/, grant)]),
        )
        const command = listAt(container, 'command').map((word) =>
          String(word).replace(/^\$\((\w+)\)$/, (_, name: string) => env[name] ?? ''),
        )
        return await place.machine(`exec ${command.join(' ')}`, env)
      }
      const account = textAt(pod, 'spec.serviceAccountName')
      for (let renewed = 0; renewed < 2; renewed++) {
        const token = project(account)
        const done = await start()
        worked(done)
        nothingIn(done, [token])
      }
      project('other')
      expect((await start()).code).toBe(1)
      project(account)
      await place.shell.run(end)
      expect((await start()).code).toBe(1)
    },
  )
})

describe('docs/guides/spiffe.md', () => {
  /** Keys of the bundle as SPIRE prints it: those of JWT-SVIDs, and the authority of X.509-SVIDs. */
  const bundleWith = (authority: Authority) => {
    const { raw } = new X509Certificate(authority.cert)
    const x509 = { ...createPublicKey(authority.cert).export({ format: 'jwk' }), use: 'x509-svid', x5c: [raw.toString('base64')] }
    return { keys: [...spiffe.jwks, x509], spiffe_sequence: 1, spiffe_refresh_hint: 300 }
  }

  test(
    'followed as written, a workload calls a model by its JWT-SVID and by its X.509-SVID; those of another get nothing',
    slow,
    async () => {
      const files = join(place.folder, 'svids')
      mkdirSync(files)
      const authority = new Authority('SPIRE of acme.example')
      place.commands.add('spire-server', `[ "$*" = "bundle show -format spiffe" ] && printf %s '${JSON.stringify(bundleWith(authority))}'`)
      const fences = fencesOf('spiffe.md', { '/run/keyward': files, [example]: place.keyward.issuer })
      const end = await setUp(fences)
      const helper = theFence(fences, 'hcl')
      const said = (name: string) => new RegExp(`\\b${name} = "([^"]+)"`).exec(helper)?.[1] ?? ''
      expect(said('cert_dir')).toBe(files)

      /** spiffe-helper: writes the files that its configuration names. */
      const keep = (path: string): string[] => {
        const uri = `spiffe://${spiffe.trustDomain}${path}`
        const certified = authority.issue({ commonName: 'classifier', uris: [uri] })
        const jwt = spiffe.svid(path, said('jwt_audience'))
        writeFileSync(join(files, said('svid_file_name')), certified.cert)
        writeFileSync(join(files, said('svid_key_file_name')), certified.key, { mode: 0o600 })
        writeFileSync(join(files, said('jwt_svid_file_name')), jwt)
        return [jwt, certified.key]
      }
      const ways = fences.filter(({ info }) => info === 'sh in-the-workload').map(({ text }) => text)
      expect(ways).toHaveLength(2)
      const variables = { GRANT: await place.shell.variable('GRANT'), WORKLOAD: await place.shell.variable('WORKLOAD') }
      const secrets = keep('/ns/prod/sa/classifier')
      for (const way of ways) {
        const done = await place.machine(way, variables)
        worked(done)
        nothingIn(done, secrets)
      }
      keep('/ns/prod/sa/other')
      for (const way of ways) expect((await place.machine(way, variables)).code).toBe(1)
      keep('/ns/prod/sa/classifier')
      await place.shell.run(end)
      for (const way of ways) expect((await place.machine(way, variables)).code).toBe(1)
    },
  )
})

test('every guide says what of it was run, and is linked from the README', () => {
  const root = join(import.meta.dirname, '../..')
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const guides = readdirSync(join(root, 'docs/guides'))
  expect(guides.length).toBeGreaterThan(6)
  for (const guide of guides) expect(readme, guide).toContain(`docs/guides/${guide}`)
  for (const guide of ['github-actions.md', 'gitlab-ci.md', 'kubernetes.md', 'spiffe.md', 'mcp-editor-client.md'])
    expect(readFileSync(join(root, 'docs/guides', guide), 'utf8'), guide).toMatch(/guides\.test\.ts[\s\S]*was not run/)
})
