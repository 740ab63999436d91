import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A process as the system knows it: a pid alone is reused, a pid with its start is not.
 * `start` is opaque text: clock ticks since boot on Linux, a date elsewhere.
 */
export interface ProcessIdentity {
  readonly pid: number
  readonly start: string
}

/** The process with this pid, or undefined where there is none or only its zombie (`kill(pid, 0)` succeeds on zombies). */
export function identify(pid: number): ProcessIdentity | undefined {
  return process.platform === 'linux' ? identifyByProc(pid) : identifyByPs(pid)
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.start === identity.start
}

/** Polls until the process has ended (a zombie has). False when it still runs after `withinMs`. */
export async function hasEnded(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs
  while (isRunning(identity)) {
    if (performance.now() > end) return false
    await sleep(pollMs)
  }
  return true
}

/** Sends a signal; false where the process is gone or is not ours to signal. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

/**
 * Every process whose working folder is `folder` and whose program is called one of `programs`: a PostgreSQL server and all
 * its children live in their data folder. Empty where the system has no /proc.
 */
export function processesIn(folder: string, programs: readonly string[]): ProcessIdentity[] {
  if (process.platform !== 'linux') return []
  const found: ProcessIdentity[] = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry) || linkOf(entry, 'cwd') !== folder) continue
    // A program whose file was replaced by an upgrade reads `… (deleted)`.
    const program = linkOf(entry, 'exe')?.replace(/ \(deleted\)$/, '')
    const identity = identify(Number(entry))
    if (identity && program && programs.includes(basename(program))) found.push(identity)
  }
  return found
}

const pollMs = 10

function linkOf(pid: string, name: 'cwd' | 'exe'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/${name}`)
  } catch {
    return undefined
  }
}

/** proc(5): after the name in parentheses come state (field 3) and, at field 22, the start in ticks since boot. */
function identifyByProc(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, start] = [fields[0], fields[19]]
    if (!start || state === 'Z' || state === 'X') return undefined
    return { pid, start }
  } catch {
    return undefined
  }
}

function identifyByPs(pid: number): ProcessIdentity | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, LC_ALL: 'C' },
    }).trim()
    const [state, ...start] = line.split(/\s+/)
    if (!state || state.startsWith('Z')) return undefined
    return { pid, start: start.join(' ') }
  } catch {
    return undefined
  }
}
