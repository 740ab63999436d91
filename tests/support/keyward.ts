import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readLocalLogin } from '../../packages/server/src/people/local-proof.ts'

export interface KeywardProcess {
  /** Where it listens: `http://localhost:PORT`. */
  readonly origin: string
  readonly issuer: string
  /** What it printed when it was ready. */
  readonly banner: string
  readonly pid: number
  readonly process: ChildProcess
  readonly dataFolder: string
  /** What it runs with: pass it on to a command line that is to find the same installation. */
  readonly env: Record<string, string>
  /** Everything that it wrote to standard error. */
  log(): string
  /** An API token of a local admin (one hour), by the same proof as `keyward login --local`. */
  login(): Promise<string>
  /** One request to the control API; throws with the problem where the status is not below 300. */
  api<T = Record<string, unknown>>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>
  /** SIGTERM, and wait. Returns the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL, and wait. */
  kill(): Promise<void>
}

export interface KeywardOptions {
  /** A PostgreSQL of the test run (tests/support/postgres.ts); the built-in one otherwise. */
  readonly databaseUrl?: string
  /** Use these folders again: a restart. They are removed at the end only where this call made them. */
  readonly folders?: { readonly dataFolder: string; readonly configFolder: string }
  readonly port?: number
  readonly env?: Record<string, string>
  /** Flags for node, such as `--import` of a clock that is wrong. */
  readonly nodeFlags?: readonly string[]
}

const main = fileURLToPath(new URL('../../packages/server/src/main.ts', import.meta.url))
const readyMsMax = 30_000

/** Starts the real server as a process of its own, on a free port, with folders of its own, and waits until it is ready. */
export async function startKeyward(options: KeywardOptions = {}): Promise<KeywardProcess> {
  const made = options.folders ? undefined : mkdtempSync(join(tmpdir(), 'keyward-e2e-'))
  const dataFolder = options.folders?.dataFolder ?? join(made ?? '', 'data')
  const configFolder = options.folders?.configFolder ?? join(made ?? '', 'config')
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '/',
    XDG_CONFIG_HOME: configFolder,
    KEYWARD_DATA: dataFolder,
    KEYWARD_PORT: String(options.port ?? 0),
    KEYWARD_LOG: 'info',
    ...(options.databaseUrl === undefined ? {} : { DATABASE_URL: options.databaseUrl }),
    ...options.env,
  }
  const child = spawn(process.execPath, [...(options.nodeFlags ?? []), main], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log = (log + chunk).slice(-4_000_000)
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  let output = ''
  const finish = async () => {
    const code = await ended
    if (made !== undefined) rmSync(made, { recursive: true, force: true })
    return code
  }
  let issuer: string
  // Where this process listens, whatever its issuer is called.
  let here: string
  try {
    issuer = await ready()
    here = `http://localhost:${new URL(readLocalLogin(dataFolder).address).port}`
  } catch (error) {
    // It may run on, not ready: nobody else knows of it.
    child.kill('SIGKILL')
    await finish()
    throw error
  }
  function ready(): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Keyward was not ready in ${readyMsMax / 1000} s:\n${output}\n${log}`)), readyMsMax)
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
        const address = /ready at (\S+)/.exec(output)?.[1]
        if (address === undefined) return
        clearTimeout(timer)
        resolve(address)
      })
      child.once('exit', (code) => {
        clearTimeout(timer)
        reject(new Error(`Keyward ended with ${code} before it was ready:\n${log}`))
      })
    })
  }
  let token: string | undefined
  const login = async () => {
    const { address, prove } = readLocalLogin(dataFolder)
    const post = async (path: string, body: unknown) =>
      (await (
        await fetch(address + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
      ).json()) as Record<string, string>
    const { challenge = '' } = await post('/api/v1/sign-in/local/challenge', {})
    const session = await post('/api/v1/sign-in/local', { challenge, proof: prove(challenge) })
    if (!session.token) throw new Error(`local login failed: ${JSON.stringify(session)}`)
    return session.token
  }
  return {
    origin: here,
    issuer,
    banner: output,
    pid: child.pid ?? 0,
    process: child,
    dataFolder,
    env,
    log: () => log,
    login,
    async api<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
      token ??= await login()
      const response = await fetch(here + path, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${text}`)
      return (text === '' ? undefined : JSON.parse(text)) as T
    },
    async stop() {
      child.kill('SIGTERM')
      return await finish()
    },
    async kill() {
      child.kill('SIGKILL')
      await finish()
    },
  }
}

/** The sign-in link of a first start, from the file that it is in where there is no terminal. */
export function signInLinkOf(keyward: Pick<KeywardProcess, 'dataFolder'>): string {
  return readFileSync(join(keyward.dataFolder, 'sign-in-link'), 'utf8').trim()
}
