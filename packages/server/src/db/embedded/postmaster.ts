import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DatabaseLog } from '../log.ts'
import type { Account } from './account.ts'
import type { Binaries } from './binaries.ts'
import type { Cluster } from './cluster.ts'
import { type EmbeddedPostgresError, explain } from './errors.ts'
import { watchdog } from './guard.ts'
import { signal } from './processes.ts'
import { launch } from './run.ts'
import { serverSettings } from './settings.ts'

/** One run of the server, from start to end. */
export interface Postmaster {
  readonly pid: number
  /** Resolves when the process has ended, whatever ended it. Never rejects. */
  readonly ended: Promise<Ending>
  /** Resolves when it accepts connections; rejects with an explained error where it ended before. */
  ready(): Promise<void>
  /** SIGINT: fast shutdown, with a checkpoint. SIGQUIT: immediate, the next start recovers. */
  signal(name: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): void
}

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly explanation: EmbeddedPostgresError
}

const readyPollMs = 10
const lastWordsMs = 200
/** How often a long recovery says that it is at work. */
const patienceMs = 5_000
/** The server's last lines, kept to explain its end. */
const linesKept = 20
const lineCharsMax = 1_000

/** What one run of the server needs to know. */
export interface ServerParts {
  readonly binaries: Binaries
  readonly cluster: Cluster
  readonly socketForServer: string
  readonly account: Account
  /** Settings over those of settings.ts. */
  readonly settings: Readonly<Record<string, string>>
  readonly log: DatabaseLog
}

export function startPostmaster({ binaries, cluster, socketForServer, account, settings: own, log }: ServerParts): Postmaster {
  const settings = Object.entries({ ...serverSettings(socketForServer), ...own }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const { child, byKernel } = launch(
    binaries.postgres,
    ['-D', cluster.folderForServer, ...settings],
    { account, dataFolder: cluster.folder },
    ['ignore', 'ignore', 'pipe'],
  )
  const pid = child.pid ?? 0
  const callOff = byKernel || pid === 0 ? () => {} : watchdog(pid, account)
  const said: string[] = []
  if (child.stderr)
    createInterface({ input: child.stderr }).on('line', (line) => {
      const text = line.slice(0, lineCharsMax)
      said.push(text)
      if (said.length > linesKept) said.shift()
      retell(text, log)
    })

  let over: Ending | undefined
  const ended = new Promise<Ending>((resolve) => {
    const end = (code: number | null, name: NodeJS.Signals | null) => {
      callOff()
      over = { code, signal: name, explanation: explainEnd(said, code, name) }
      resolve(over)
    }
    child.on('error', (error) => {
      said.push(error.message)
      if (pid === 0) end(null, null)
    })
    // Its last words may come after its end; but backends that outlive a killed postmaster keep the stream open, so not for long.
    child.on('exit', async (code, name) => {
      await Promise.race([once(child, 'close'), sleep(lastWordsMs)])
      end(code, name)
    })
  })

  return {
    pid,
    ended,
    async ready() {
      for (let waited = 0; ; waited += readyPollMs) {
        if (over) throw over.explanation
        if (isReady(cluster.folder, pid)) return
        if (waited > 0 && waited % patienceMs === 0) log.info({ waited_ms: waited }, 'PostgreSQL is still recovering from a crash')
        await sleep(readyPollMs)
      }
    },
    signal(name) {
      if (!over && pid > 0) signal(pid, name)
    },
  }
}

/** postmaster.pid as PostgreSQL writes it (src/include/utils/pidfile.h): line 1 the pid, line 8 the state. Only our own child's counts. */
function isReady(dataFolder: string, pid: number): boolean {
  try {
    const lines = readFileSync(join(dataFolder, 'postmaster.pid'), 'utf8').split('\n')
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready'
  } catch {
    return false
  }
}

function explainEnd(said: readonly string[], code: number | null, name: NodeJS.Signals | null): EmbeddedPostgresError {
  const causes = said.filter((line) => !/^LOG: /.test(line))
  const how = name ? `was ended by ${name}` : `ended with exit code ${code}`
  return explain(causes, {
    code: 'start_failed',
    problem: `The built-in PostgreSQL ${how}.`,
    fix: 'read what it said; `keyward doctor` checks the usual causes.',
  })
}

/** PostgreSQL's severities in ours. Everyday lines are for debugging; what an operator should see is not. */
function retell(line: string, log: DatabaseLog): void {
  const severity = /^([A-Z]+\d?): {2}/.exec(line)?.[1]
  const fields = { from: 'postgresql' }
  if (severity === 'PANIC' || severity === 'ERROR') log.error(fields, line)
  else if (severity === 'WARNING' || severity === 'FATAL') log.warn(fields, line)
  else if (/terminated by|crash|not properly shut down|could not/.test(line)) log.warn(fields, line)
  else log.debug(fields, line)
}
