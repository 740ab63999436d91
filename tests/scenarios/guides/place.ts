import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Authority } from '../../../packages/testkit/src/certificates.ts'
import type { Fake } from '../../../packages/testkit/src/fake/server.ts'
import { fakeOpenaiKey, startFakeOpenai } from '../../../packages/testkit/src/openai/server.ts'
import { type KeywardProcess, startKeyward } from '../../support/keyward.ts'
import { testDatabase } from '../../support/postgres.ts'
import { Commands, type Ended, runLines, Shell } from './shell.ts'

const root = join(import.meta.dirname, '../../..')

/** A real Keyward over TLS, an administrator's shell that is logged in to it, and machines where nobody is. */
export interface Place {
  readonly keyward: KeywardProcess
  readonly openai: Fake
  readonly authority: Authority
  readonly folder: string
  /** Of the administrator. */
  readonly shell: Shell
  readonly commands: Commands
  /** Runs lines on a machine that has git, node, `keyward`, `agent.mjs` and these variables, and nothing else. */
  machine(lines: string, env: Readonly<Record<string, string>>): Promise<Ended>
  stop(): Promise<void>
}

/** What a reader of the guides has in its place: it calls a model with the vendor's SDK, and then prints its whole environment. */
const agent = `import OpenAI from 'openai'
const chat = await new OpenAI().chat.completions.create({ model: 'gpt-4o-mini', max_tokens: 20, messages: [{ role: 'user', content: 'hello' }] })
console.log('agent: ' + chat.choices[0].message.content)
console.log(JSON.stringify(process.env))
`

/** With what the guides say is needed before: an owner, and the resource `openai`. */
export async function startPlace(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'keyward-guides-'))
  const [home, work] = [join(folder, 'home'), join(folder, 'work')]
  for (const one of [home, work]) mkdirSync(one)
  const commands = new Commands(folder)
  const authority = new Authority()
  const certified = authority.issue({ commonName: 'localhost', dnsNames: ['localhost'] })
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  writeFileSync(join(work, 'agent.mjs'), agent)
  symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'))
  const ca = file('ca.pem', authority.cert)
  const [database, openai] = await Promise.all([testDatabase(), startFakeOpenai({ key: fakeOpenaiKey })])
  const tls = { KEYWARD_TLS_CERT: file('tls.pem', certified.cert), KEYWARD_TLS_KEY: file('tls.key', certified.key) }
  const folders = { dataFolder: join(folder, 'data'), configFolder: join(folder, 'config') }
  const keyward = await startKeyward({ databaseUrl: database.url, folders, env: { ...tls, KEYWARD_CONSOLE: 'off' } })

  const base = { PATH: commands.path, NODE_EXTRA_CA_CERTS: ca }
  const shell = new Shell(home, {
    ...base,
    HOME: home,
    XDG_CONFIG_HOME: folders.configFolder,
    KEYWARD_DATA: folders.dataFolder,
    KEYWARD_SERVER: keyward.issuer,
    KEYWARD_KEYRING: 'file',
  })
  await shell.run('keyward login --local')
  await shell.run('OWNER=$(keyward owner create --kind team --name Platform --contact platform@example.com --quiet)')
  writeFileSync(join(folder, 'vendor-key'), fakeOpenaiKey, { mode: 0o600 })
  await shell.run(`CREDENTIAL=$(keyward credential create --name "OpenAI key" --kind api_key --provider openai --purpose model --authority consume,spend \\
    --environment development --owner $OWNER --allowed-origins ${openai.origin} --secret-file '${join(folder, 'vendor-key')}' --quiet)
    RESOURCE=$(keyward resource create --name openai --kind llm --provider openai --upstream ${openai.origin} --allow-private --credential $CREDENTIAL --quiet)`)
  return {
    keyward,
    openai,
    authority,
    folder,
    shell,
    commands,
    machine: (lines, env) => {
      const fresh = mkdtempSync(join(folder, 'machine-'))
      return runLines(`set -e\n${lines}`, { ...base, HOME: fresh, ...env }, work)
    },
    async stop() {
      await keyward.stop()
      await openai.stop()
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The program's whole environment, as the agent printed it after it had called the model. */
export function environmentOf({ stdout }: Ended): Record<string, string> {
  const line = stdout.split('\n').find((one) => one.startsWith('{'))
  return JSON.parse(line ?? '{}') as Record<string, string>
}
