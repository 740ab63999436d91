import { linkSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DatabaseLog } from '../log.ts'
import { EmbeddedPostgresError } from './errors.ts'
import { identify, isRunning } from './processes.ts'

/*
 * One Keyward per folder.
 *
 * A lock is a file `lock.N` that names its holder. The highest N counts. Who finds its holder dead creates `lock.N+1`, which
 * only one can (link(2) fails where the name exists), looks again, and holds the lock if its own is still the highest.
 * Only the holder removes files, and only lower ones: N never falls, so a slow taker of an old N sees that it lost.
 *
 * A holder on this machine is judged by its pid and start time. One in another pid namespace or on another machine (a
 * container that was replaced, a shared volume) can't be seen: it is alive while its lock file's time moves.
 */

export interface FolderLock {
  /** Says that the folder is free. Never throws. */
  release(): void
}

interface Holder {
  readonly pid: number
  readonly start: string
  /** Where pids mean something: `machine/boot/pid namespace`. */
  readonly place: Place
  /** A clean stop: the next start need not look for the holder. */
  readonly released?: boolean
}

interface Place {
  readonly host: string
  readonly boot: string
  readonly pids: string
}

/** How often the holder touches its lock. */
const beatMs = 1_000
/** A holder that can't be seen is dead after so long without a beat: ten beats, so that a busy machine doesn't look dead. */
const silenceMs = 10_000
/** Every start that loses a race sees a new holder; nobody loses this often. */
const attemptsMax = 20
/** The kernel's fixed inode of the first pid namespace (PROC_PID_INIT_INO in linux/proc_ns.h). */
const firstPidNamespace = 'pid:[4026531836]'

/**
 * @param onLost called once when another process took the folder, which happens only to a holder that was paused for longer than `silenceMs`
 * @throws EmbeddedPostgresError in_use
 */
export async function lockFolder(folder: string, log: DatabaseLog, onLost: () => void): Promise<FolderLock> {
  const own = identify(process.pid)
  if (!own) throw new Error('this process does not find itself in the process table: is /proc mounted?')
  const holder: Holder = { ...own, place: placeOf() }
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const last = newest(folder)
    if (last) await refuseIfAlive(folder, last, holder.place, log)
    const number = (last ?? 0) + 1
    if (!create(folder, number, holder)) continue
    if (newest(folder) !== number) {
      rmSync(nameOf(folder, number), { force: true })
      continue
    }
    removeBelow(folder, number)
    return hold(folder, number, holder, onLost)
  }
  throw inUse(folder, 'several processes are starting at once')
}

function hold(folder: string, number: number, holder: Holder, onLost: () => void): FolderLock {
  const path = nameOf(folder, number)
  const timer = setInterval(() => {
    try {
      const now = new Date()
      utimesSync(path, now, now)
    } catch {
      // The folder is gone or the disk is read-only: nobody can take what can't be written, so there is nothing to do.
    }
    if ((newest(folder) ?? number) <= number) return
    clearInterval(timer)
    onLost()
  }, beatMs)
  timer.unref()
  return {
    release() {
      clearInterval(timer)
      try {
        writeFileSync(path, JSON.stringify({ ...holder, released: true }), { flag: 'r+' })
      } catch {
        // A lock that can't be marked is stale by its process's end.
      }
    },
  }
}

async function refuseIfAlive(folder: string, number: number, here: Place, log: DatabaseLog): Promise<void> {
  const path = nameOf(folder, number)
  const holder = read(path)
  if (!holder || holder.released) return
  if (holder.place.boot === here.boot && holder.place.pids === here.pids) {
    if (isRunning(holder)) throw inUse(folder, `process ${holder.pid} has it open`)
    return
  }
  const rebooted = holder.place.host === here.host && holder.place.pids === firstPidNamespace && here.pids === firstPidNamespace
  if (rebooted) return
  log.warn(
    { folder, holder: holder.place.host, wait_ms: silenceMs },
    'the data folder was last used from another machine or container: waiting to see whether it still is',
  )
  const seen = timeOf(path)
  const end = performance.now() + silenceMs
  while (performance.now() < end) {
    await sleep(beatMs / 4)
    if (timeOf(path) !== seen) throw inUse(folder, `process ${holder.pid} on ${holder.place.host} has it open`)
  }
}

function inUse(folder: string, by: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'in_use',
    `Another Keyward is using the data folder: ${by} (${folder}).`,
    'stop that one first, or give this one its own folder with KEYWARD_DATA. To run several on one database, set DATABASE_URL.',
  )
}

/** A lock appears whole or not at all: written aside, then linked to its name. */
function create(folder: string, number: number, holder: Holder): boolean {
  const aside = join(folder, `.lock-${process.pid}-${number}`)
  rmSync(aside, { force: true })
  writeFileSync(aside, JSON.stringify(holder), { mode: 0o600, flag: 'wx' })
  try {
    linkSync(aside, nameOf(folder, number))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function newest(folder: string): number | undefined {
  try {
    return numbersIn(folder).at(-1)
  } catch {
    return undefined
  }
}

function removeBelow(folder: string, number: number): void {
  for (const lower of numbersIn(folder)) if (lower < number) rmSync(nameOf(folder, lower), { force: true })
}

function numbersIn(folder: string): number[] {
  return readdirSync(folder)
    .map((name) => Number(/^lock\.(\d+)$/.exec(name)?.[1] ?? Number.NaN))
    .filter((number) => !Number.isNaN(number))
    .sort((a, b) => a - b)
}

/** Undefined for a lock that says nothing: its file system lost it in a crash, so its holder is dead too. */
function read(path: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isHolder(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false
  const { pid, start, place } = value as Partial<Holder>
  return (
    typeof pid === 'number' &&
    typeof start === 'string' &&
    typeof place?.host === 'string' &&
    typeof place.boot === 'string' &&
    typeof place.pids === 'string'
  )
}

function timeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function nameOf(folder: string, number: number): string {
  return join(folder, `lock.${number}`)
}

function placeOf(): Place {
  if (process.platform !== 'linux') return { host: hostname(), boot: hostname(), pids: hostname() }
  const text = (path: string) => {
    try {
      return readFileSync(path, 'utf8').trim()
    } catch {
      return ''
    }
  }
  return {
    host: text('/etc/machine-id') || hostname(),
    boot: text('/proc/sys/kernel/random/boot_id'),
    pids: readlinkSync('/proc/self/ns/pid'),
  }
}
