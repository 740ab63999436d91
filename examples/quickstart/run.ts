/**
 * The quickstart from end to end: `node examples/quickstart/run.ts`. Uses the Keyward that runs at KEYWARD_SERVER (or on port 7411 of this
 * machine, with its data in KEYWARD_DATA or .keyward), or starts one of its own in a temporary folder; `--own` always does the latter. The
 * vendors are the fakes of packages/testkit. Everything is done by the command line, each command shown as it is run.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandLine } from './command-line.ts'
import { firstJson, isUp, Processes } from './processes.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'keyward-quickstart-'))
const processes = new Processes()

async function quickstart(): Promise<void> {
  const line = await keyward()
  await line.run(['login', '--local'])
  const tag = Date.now().toString(36)
  const owner = await line.id(['owner', 'create', '--kind', 'team', '--name', `Quickstart ${tag}`, '--contact', 'team@example.com'])
  const workload = await line.id([
    'workload',
    'create',
    '--name',
    `Quickstart agent ${tag}`,
    '--type',
    'agent',
    '--owner',
    owner,
    '--environment',
    'development',
  ])
  const grants: string[] = []
  const credentials: string[] = []
  for (const { vendor, model } of [
    { vendor: 'openai', model: 'gpt-4o-mini' },
    { vendor: 'anthropic', model: 'claude-haiku-*' },
  ]) {
    const fake = processes.start([join(root, 'packages/testkit/src/main.ts'), vendor], process.env)
    const { origin, key } = await firstJson(fake)
    const name = `${vendor}-${tag}`
    const about = [
      '--kind',
      'api_key',
      '--provider',
      vendor,
      '--purpose',
      'model',
      '--authority',
      'consume,spend',
      '--environment',
      'development',
    ]
    const secret = ['--allowed-origins', origin, '--secret-stdin']
    const credential = await line.id(['credential', 'create', '--name', name, '--owner', owner, ...about, ...secret], key)
    credentials.push(credential)
    const upstream = ['--upstream', origin, '--allow-private']
    const resource = await line.id([
      'resource',
      'create',
      '--name',
      name,
      '--kind',
      'llm',
      '--provider',
      vendor,
      '--credential',
      credential,
      ...upstream,
    ])
    const limits = ['--ttl-seconds', '300', '--require-dpop']
    grants.push(await line.id(['grant', 'create', '--workload', workload, '--resource', resource, '--scope-models', model, ...limits]))
  }
  await line.id(['budget', 'create', '--workload', workload, '--limit-usd', '1.00', '--window', 'day'])
  await line.run(['workload', 'enroll', workload])
  const agent = [process.execPath, join(root, 'examples/quickstart/agent.ts')]
  const governed = grants.flatMap((grant) => ['--grant', grant])
  await line.run(['run', ...governed, '--', ...agent])
  await line.run(['usage', 'list', '--workload', workload])
  await line.run(['workload', 'revoke', workload, '--reason', 'the quickstart is over'])
  for (const credential of credentials) await line.run(['credential', 'revoke', credential, '--reason', 'the quickstart is over'])
  await line.refused(['run', ...governed, '--', ...agent])
  await line.run(['logout'])
}

/** A command line at the Keyward that runs here, or at one of our own. */
async function keyward(): Promise<CommandLine> {
  const env = { ...process.env, XDG_CONFIG_HOME: join(folder, 'config'), KEYWARD_KEYRING: 'file' }
  const running = process.env.KEYWARD_SERVER ?? 'http://localhost:7411'
  const data = process.env.KEYWARD_DATA ?? join(root, '.keyward')
  // One that runs here may be somebody else's: without its data folder there is no local login.
  const ours = process.env.KEYWARD_SERVER !== undefined || (existsSync(join(data, 'local-login.json')) && (await isUp(running)))
  if (!process.argv.includes('--own') && ours) {
    process.stdout.write(`Using the Keyward at ${running}.\n`)
    return new CommandLine(root, { ...env, KEYWARD_SERVER: running, KEYWARD_DATA: data })
  }
  const own = { ...env, KEYWARD_DATA: join(folder, 'data'), KEYWARD_PORT: '0', KEYWARD_LOG: 'warn', KEYWARD_CONSOLE: 'off' }
  const server = processes.start([join(root, 'packages/cli/bin.mjs'), 'serve'], { ...own, KEYWARD_KEK: undefined, DATABASE_URL: undefined })
  const origin = await server.until(/ready at (\S+)/)
  process.stdout.write(`Started a Keyward of its own at ${origin}, in ${folder}.\n`)
  return new CommandLine(root, { ...own, KEYWARD_SERVER: origin })
}

try {
  await quickstart()
  process.stdout.write('\nDone: no agent had a vendor key, every call is recorded, and all access has ended.\n')
} finally {
  await processes.stopAll()
  rmSync(folder, { recursive: true, force: true })
}
