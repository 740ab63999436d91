import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KeywardProcess, startKeyward } from '../../../tests/support/keyward.ts'
import { testDatabase } from '../../../tests/support/postgres.ts'
import { fakeAnthropicKey, startFakeAnthropic } from '../../testkit/src/anthropic/server.ts'
import type { Fake } from '../../testkit/src/fake/server.ts'
import { fakeOpenaiKey, startFakeOpenai } from '../../testkit/src/openai/server.ts'

export const bin = join(import.meta.dirname, '../bin.mjs')
export const programs = join(import.meta.dirname, 'run/programs')

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** A real server, fake vendors, an owner and a workload that this machine is enrolled for, and the command line at it. */
export interface Installation {
  readonly server: KeywardProcess
  readonly openai: Fake
  readonly anthropic: Fake
  readonly owner: string
  readonly workload: string
  readonly env: Readonly<Record<string, string | undefined>>
  keyward(args: readonly string[], options?: RunOptions): Promise<Ran>
  start(args: readonly string[], options?: RunOptions): ChildProcess
  /** Makes a credential and a resource for an upstream. @returns the resource's id */
  resource(name: string, kind: 'llm' | 'http', provider: string, upstream: string, secret: string): Promise<string>
  grant(resource: string, more?: Record<string, unknown>): Promise<string>
  stopServer(): Promise<void>
  startServer(): Promise<void>
  stop(): Promise<void>
}

type Made = { id: string }

export async function startInstallation(): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'keyward-cli-test-'))
  const folders = { dataFolder: join(folder, 'data'), configFolder: join(folder, 'config') }
  const database = await testDatabase()
  const [openai, anthropic] = await Promise.all([startFakeOpenai({ key: fakeOpenaiKey }), startFakeAnthropic({ key: fakeAnthropicKey })])
  let server = await startKeyward({ databaseUrl: database.url, folders })
  const port = Number(new URL(server.origin).port)
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    XDG_CONFIG_HOME: folders.configFolder,
    KEYWARD_DATA: folders.dataFolder,
    KEYWARD_SERVER: server.origin,
    KEYWARD_KEYRING: 'file',
    DATABASE_URL: database.url,
  }
  const start = (args: readonly string[], options: RunOptions = {}) =>
    spawn(process.execPath, [bin, ...args], { env: { ...env, ...options.env }, stdio: ['pipe', 'pipe', 'pipe'] })
  const keyward = (args: readonly string[], options: RunOptions = {}) => finished(start(args, options), options.input)
  const resource: Installation['resource'] = async (name, kind, provider, upstream, secret) => {
    const credential = await server.api<Made>('POST', '/api/v1/credentials', {
      ...{ name, kind: 'api_key', provider, purpose: kind === 'llm' ? 'model' : 'data', authority: ['consume', 'modify', 'spend'] },
      ...{ environment: 'development', owner: owner.id, allowed_origins: [upstream], secret },
    })
    const body = { name, kind, upstream, credential: credential.id, allow_private: true, ...(kind === 'llm' ? { provider } : {}) }
    return (await server.api<Made>('POST', '/api/v1/resources', body)).id
  }
  const owner = await server.api<Made>('POST', '/api/v1/owners', { kind: 'team', name: 'Tests', contact: 'tests@example.com' })
  const workload = await server.api<Made>('POST', '/api/v1/workloads', {
    ...{ name: 'Agent', type: 'agent', owner: owner.id, environment: 'development' },
  })
  const login = await keyward(['login', '--local'])
  if (login.code !== 0) throw new Error(login.stderr)
  const enrolled = await keyward(['workload', 'enroll', workload.id])
  if (enrolled.code !== 0) throw new Error(enrolled.stderr)
  return {
    get server() {
      return server
    },
    openai,
    anthropic,
    owner: owner.id,
    workload: workload.id,
    env,
    keyward,
    start,
    resource,
    grant: async (id, more = {}) => {
      const body = { workload: workload.id, resource: id, scope: { models: ['*'] }, ...more }
      return (await server.api<Made>('POST', '/api/v1/grants', body)).id
    },
    stopServer: async () => {
      await server.stop()
    },
    startServer: async () => {
      server = await startKeyward({ databaseUrl: database.url, folders, port })
    },
    async stop() {
      await server.stop()
      await Promise.all([openai.stop(), anthropic.stop()])
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Ends the input, waits for the end, and says what was printed. */
export function finished(child: ChildProcess, input = ''): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** The next JSON line that a process prints. */
export function nextLine<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    let text = ''
    const take = (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end === -1) return
      child.stdout?.off('data', take)
      resolve(JSON.parse(text.slice(0, end)) as T)
    }
    child.stdout?.setEncoding('utf8').on('data', take)
    child.once('close', (code) => reject(new Error(`ended with ${code} before it said a line`)))
  })
}

/** The private JWK of the enrolment, as `keyward workload enroll` stored it. */
export function enrolmentOf(installation: Installation): { origin: string; workload: string; key: Record<string, string> } {
  const folder = join(String(installation.env.XDG_CONFIG_HOME), 'keyward', 'workloads')
  const file = join(folder, `${`${installation.workload} ${installation.server.origin}`.replaceAll(/[^A-Za-z0-9_.-]/g, '_')}.key`)
  if (!existsSync(file)) throw new Error(`no enrolment at ${file}`)
  return JSON.parse(readFileSync(file, 'utf8'))
}
