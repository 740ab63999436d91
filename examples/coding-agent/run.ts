/**
 * A coding agent in CI pushes to a repository by its workload identity: `node examples/coding-agent/run.ts`. Starts a Keyward of its own in a
 * temporary folder, a fake CI issuer (packages/testkit) and a forge (real `git http-backend`). The job is `job.sh`, run by a real shell with a
 * real git. No developer's secret is anywhere: the forge's token is in the vault, and what the job shows is its own identity.
 */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type FakeGithub, startFakeGithub } from '../../packages/testkit/src/issuers/github.ts'
import { CommandLine } from '../quickstart/command-line.ts'
import { Processes } from '../quickstart/processes.ts'
import { type GitServer, startGitServer } from './git-server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'keyward-coding-agent-'))
const processes = new Processes()
const forgeToken = `forge-FAKE-EXAMPLE-${randomBytes(8).toString('hex')}`
const task = 'ACME-42'
const repositories = join(folder, 'repositories')

async function codingAgent(github: FakeGithub, forge: GitServer): Promise<void> {
  const { line, server } = await keyward()
  await line.run(['login', '--local'])

  // Once, by whoever answers for the agent.
  const owner = await line.id(['owner', 'create', '--kind', 'team', '--name', 'Platform', '--contact', 'platform@example.com'])
  const agent = await line.id([
    ...['workload', 'create', '--name', 'Coding agent', '--type', 'agent', '--owner', owner, '--environment', 'development'],
  ])
  const about = ['--kind', 'api_key', '--provider', 'forge', '--purpose', 'deploy', '--authority', 'consume,modify']
  const credential = await line.id(
    [
      ...['credential', 'create', '--name', 'Forge token', '--owner', owner, ...about, '--environment', 'development'],
      ...['--allowed-origins', forge.origin, '--secret-stdin'],
    ],
    forgeToken,
  )
  const resource = await line.id([
    ...['resource', 'create', '--name', 'forge', '--kind', 'http', '--upstream', forge.origin, '--credential', credential],
    ...['--injection', 'basic:x-access-token', '--allow-private'],
  ])
  const paths = ['info/refs', 'git-upload-pack', 'git-receive-pack'].map((one) => `/acme/app.git/${one}`)
  await line.id([
    ...['grant', 'create', '--workload', agent, '--resource', resource, '--ttl-seconds', '300'],
    ...['--scope-methods', 'GET,POST', '--scope-paths', paths.join(',')],
  ])
  await line.run(['issuer', 'create', '--preset', 'github', '--issuer', github.issuer, '--allow-private', '--quiet'])
  await line.run([
    ...['workload', 'add-identity', agent, '--method', 'oidc', '--issuer', github.issuer, '--name', `task ${task}`, '--quiet'],
    ...['--claim', 'repository_id=74', '--claim', `ref=refs/heads/agent/${task}`],
  ])

  // The job: it has the runner's variables and nothing else.
  github.run = { ref: `refs/heads/agent/${task}`, workflow: 'agent.yml', event: 'workflow_dispatch' }
  const job = jobEnvironment(server, github)
  mustEnd(0, await runInJob('sh job.sh', job, [join(import.meta.dirname, 'job.sh')]))
  for (const [name, value] of Object.entries(job)) if (value.includes(forgeToken)) throw new Error(`${name} holds the forge's token`)
  if (filesBelow(join(folder, 'job')).some((file) => readFileSync(file).includes(forgeToken)))
    throw new Error("the forge's token came into the job's folder")
  const told = spawnSync(
    'git',
    ['-C', join(repositories, 'acme/app.git'), 'log', '-1', '--format=%h %an: %s (%(trailers:key=Task,separator=%x2C))', `agent/${task}`],
    {
      encoding: 'utf8',
    },
  )
  process.stdout.write(`\nThe forge has: ${told.stdout}`)

  // Who was it? The agent, the task (the name of the rule that its identity fitted), the token of each call.
  await sayWho(line, agent)
  await line.run(['token', 'list', '--workload', agent])

  // One revocation ends all of it: the identity, and the tokens that were had by it.
  const held = await tokenInHand(job)
  if ((await callWith(held, job)) !== 200) throw new Error('a live token was refused')
  await line.run(['workload', 'revoke', agent, '--reason', 'the task is over'])
  const before = forge.requests.length
  mustEnd(
    128,
    await runInJob('git push', job, ['-c', 'cd work && git commit --quiet --allow-empty -m "One more" && git push --quiet origin HEAD']),
  )
  if ((await callWith(held, job)) !== 401) throw new Error('a token that was had before the revocation still works')
  if (forge.requests.length !== before) throw new Error('a call reached the forge after the revocation')
}

interface Entry {
  readonly action: string
  readonly token: string | null
  readonly workload: string | null
  readonly details: { readonly method?: string; readonly path?: string }
}

async function sayWho(line: CommandLine, agent: string): Promise<void> {
  const workload = await line.json<{ name: string; identities: { id: string; name: string }[] }>(['workload', 'show', agent])
  const tokens = await line.json<{ items: { id: string; identity: string }[] }>(['token', 'list', '--workload', agent])
  const audit = await line.json<{ items: Entry[] }>(['audit', 'list', '--workload', agent, '--action', 'gateway.call'])
  process.stdout.write('\nOn record:\n')
  for (const { token, details } of audit.items.toReversed()) {
    const identity = tokens.items.find((one) => one.id === token)?.identity
    const name = workload.identities.find((one) => one.id === identity)?.name
    process.stdout.write(`  ${workload.name}, ${name}, ${token}: ${details.method} ${details.path}\n`)
  }
}

/** A token as the credential helper gives it to git. Not synchronous: the issuer that is asked for it runs in this process. */
async function tokenInHand(job: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await promisify(execFile)('keyward', ['token', '--resource', 'forge'], { env: job })
  return stdout.trim()
}

async function callWith(token: string, { REPOSITORY: repository }: Readonly<Record<string, string>>): Promise<number> {
  const authorization = `Basic ${Buffer.from(`keyward:${token}`).toString('base64')}`
  const response = await fetch(`${repository}/info/refs?service=git-upload-pack`, { headers: { authorization } })
  await response.body?.cancel()
  return response.status
}

async function keyward(): Promise<{ line: CommandLine; server: string }> {
  const env = { ...process.env, XDG_CONFIG_HOME: join(folder, 'config'), KEYWARD_KEYRING: 'file', KEYWARD_TOKEN: undefined }
  const own = { ...env, KEYWARD_DATA: join(folder, 'data'), KEYWARD_PORT: '0', KEYWARD_LOG: 'warn', KEYWARD_CONSOLE: 'off' }
  const started = processes.start([join(root, 'packages/cli/bin.mjs'), 'serve'], {
    ...own,
    KEYWARD_KEK: undefined,
    DATABASE_URL: undefined,
  })
  const server = await started.until(/ready at (\S+)/)
  process.stdout.write(`Started a Keyward of its own at ${server}, in ${folder}.\n`)
  return { line: new CommandLine(root, { ...own, KEYWARD_SERVER: server }), server }
}

/** The environment of a fresh runner, whole: an empty home, git and keyward, and the runner's own variables. */
function jobEnvironment(server: string, github: FakeGithub): Record<string, string> {
  const home = join(folder, 'job')
  const bin = join(folder, 'bin')
  mkdirSync(home, { recursive: true })
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'keyward'), `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'packages/cli/bin.mjs')}' "$@"\n`)
  chmodSync(join(bin, 'keyward'), 0o755)
  return {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GITHUB_ACTIONS: 'true',
    ACTIONS_ID_TOKEN_REQUEST_URL: github.requestUrl,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: github.requestToken,
    KEYWARD_SERVER: server,
    REPOSITORY: `${server}/g/forge/acme/app.git`,
    TASK: task,
  }
}

function runInJob(shown: string, env: Record<string, string>, args: readonly string[]): Promise<number | null> {
  process.stdout.write(`\n$ ${shown}    # in the job, with the variables that the runner sets\n`)
  const job = spawn('sh', args, { cwd: env.HOME, env, stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [job.stdout, job.stderr]) stream.setEncoding('utf8').on('data', (text: string) => process.stdout.write(text))
  return new Promise((resolve, reject) => {
    job.once('error', reject)
    job.once('close', resolve)
  })
}

function mustEnd(wanted: number, code: number | null): void {
  if (code !== wanted) throw new Error(`it ended with ${code}, and should have ended with ${wanted}`)
}

/** A bare repository with one commit, as a forge has them. */
function makeRepository(): void {
  const bare = join(repositories, 'acme/app.git')
  const draft = join(folder, 'draft')
  const identity = ['-c', 'user.name=Maintainer', '-c', 'user.email=maintainer@example.com']
  for (const args of [
    ['init', '--quiet', '--bare', '--initial-branch=main', bare],
    ['init', '--quiet', '--initial-branch=main', draft],
    ['-C', draft, ...identity, 'commit', '--quiet', '--allow-empty', '-m', 'Begin'],
    ['-C', draft, 'push', '--quiet', bare, 'main'],
  ]) {
    const { status, stderr } = spawnSync('git', args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
  }
}

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  )
}

let github: FakeGithub | undefined
let forge: GitServer | undefined
try {
  makeRepository()
  github = await startFakeGithub()
  forge = await startGitServer(repositories, forgeToken)
  await codingAgent(github, forge)
  process.stdout.write('\nDone: the agent pushed by its own identity, everything is on record, and one revocation ended it.\n')
} finally {
  await processes.stopAll()
  await Promise.all([github?.stop(), forge?.stop()])
  rmSync(folder, { recursive: true, force: true })
}
