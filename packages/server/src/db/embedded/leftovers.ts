import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseLog } from '../log.ts'
import { hasEnded, identify, type ProcessIdentity, processesIn, signal } from './processes.ts'

/** An immediate shutdown takes milliseconds; PostgreSQL itself kills its children after five seconds. */
const quitMs = 6_000
const killMs = 2_000

/**
 * Ends what an earlier server left running in this data folder: a server whose Keyward was killed where nothing guarded it, or
 * backends whose postmaster was killed. Only for who holds the folder's lock.
 * Then removes a stale postmaster.pid, which PostgreSQL would believe while its pid is a zombie or another process has it by now.
 */
export async function endLeftovers(dataFolder: string, log: DatabaseLog): Promise<void> {
  const left = serversIn(dataFolder)
  if (left.length > 0)
    log.warn({ folder: dataFolder, pids: left.map((one) => one.pid) }, 'ending a PostgreSQL that an earlier Keyward left behind')
  for (const one of left) signal(one.pid, 'SIGQUIT')
  const ended = await Promise.all(left.map((one) => hasEnded(one, quitMs)))
  const stubborn = left.filter((_, index) => !ended[index])
  for (const one of stubborn) signal(one.pid, 'SIGKILL')
  await Promise.all(stubborn.map((one) => hasEnded(one, killMs)))
  if (serversIn(dataFolder).length === 0) rmSync(join(dataFolder, 'postmaster.pid'), { force: true })
}

/** What of PostgreSQL runs in this data folder: the server and its children, where the system tells. */
export function serversIn(dataFolder: string): ProcessIdentity[] {
  if (process.platform === 'linux') return processesIn(dataFolder, ['postgres', 'initdb'])
  const pid = Number(readLine(join(dataFolder, 'postmaster.pid')))
  const identity = pid > 0 ? identify(pid) : undefined
  return identity ? [identity] : []
}

function readLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n')[0] ?? ''
  } catch {
    return ''
  }
}
