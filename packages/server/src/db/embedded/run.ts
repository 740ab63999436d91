import { type ChildProcess, spawn } from 'node:child_process'
import type { Account } from './account.ts'
import { guarded } from './guard.ts'

/** Where and as whom PostgreSQL's programs run: always inside their data folder. */
export interface RunAs {
  readonly account: Account
  readonly dataFolder: string
}

/** A server's child sees nothing of Keyward's environment, which may hold keys. */
const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/**
 * Starts a program of PostgreSQL's: with the server's account, in a session of its own (a terminal's Ctrl-C is for Keyward,
 * which then stops the server in its own order), ended when Keyward dies.
 */
export function launch(
  program: string,
  args: readonly string[],
  { account, dataFolder }: RunAs,
  stdio: ['ignore' | 'pipe', 'ignore', 'pipe'],
) {
  const guard = guarded(program, args)
  const identity = account.drop ? { uid: account.uid, gid: account.gid } : {}
  const child: ChildProcess = spawn(guard.command, guard.args, { ...identity, cwd: dataFolder, env: environment, detached: true, stdio })
  return { child, byKernel: guard.byKernel }
}

/** Runs a program to its end. Resolves to its exit code and what it said on stderr, in lines. */
export function finish(program: string, args: readonly string[], as: RunAs, input = ''): Promise<{ code: number | null; lines: string[] }> {
  return new Promise((resolve, reject) => {
    const { child } = launch(program, args, as, ['pipe', 'ignore', 'pipe'])
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-saidCharsMax)
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, lines: said.split('\n').filter((line) => line.trim() !== '') }))
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** The last words of a program that failed are what explains it. */
const saidCharsMax = 16_384
