import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll } from 'vitest'
import { startEmbedded } from '../../src/db/embedded.ts'
import { silentLog } from '../../src/db/log.ts'
import type { ConnectionParts } from '../../src/db/pool.ts'

/** A program of `programs/` that runs, with its first line of output. */
export interface Running {
  readonly child: ChildProcess
  readonly pid: number
  /** The first line that it printed. */
  readonly line: string
}

/** What serve-database.ts prints. */
export interface Served {
  readonly pid: number
  readonly connection: ConnectionParts
  readonly code?: string
  readonly message?: string
}

/** Runs one statement on a connection of its own. */
export async function ask<R extends pg.QueryResultRow>(connection: ConnectionParts, text: string): Promise<R[]> {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    return (await client.query<R>(text)).rows
  } finally {
    await client.end()
  }
}

/** Starts a program and waits for its first line. `as` gives it another account (for root only). */
export async function run(program: string, args: readonly string[], as: { uid?: number; gid?: number } = {}): Promise<Running> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'programs', program), ...args], {
    ...as,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const [line] = (await Promise.race([once(lines, 'line'), once(child, 'exit').then(([code]) => [`exit ${code}`])])) as [string]
  return { child, pid: child.pid ?? 0, line }
}

export async function serve(folder: string, as: { uid?: number; gid?: number } = {}): Promise<Running & { served: Served }> {
  const running = await run('serve-database.ts', [folder], as)
  return { ...running, served: JSON.parse(running.line) as Served }
}

/** Ends a program and waits for it: by SIGKILL, as a crash, or by SIGTERM, as an operator. Resolves to its exit code. */
export async function end(running: Running, signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
  if (running.child.exitCode !== null || running.child.signalCode !== null) return running.child.exitCode
  const exit = once(running.child, 'exit')
  running.child.kill(signal)
  const [code] = (await exit) as [number | null]
  return code
}

/** Polls until `condition` holds; fails with `what` when it has not after `withinMs`. */
export async function until(what: string, withinMs: number, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${withinMs} ms`)
    await sleep(20)
  }
}

let prototype: Promise<{ path: string; remove(): void }> | undefined
afterAll(async () => (await prototype)?.remove())

/** A temporary data folder with a database in it, as a clean stop left it: a copy (0.1 s), for making one takes 1 to 2 s. */
export async function folderWithDatabase(): Promise<{ path: string; remove(): void }> {
  prototype ??= makePrototype()
  const folder = temporaryFolder()
  execFileSync('cp', ['-a', join((await prototype).path, 'postgres'), folder.path])
  return folder
}

async function makePrototype(): Promise<{ path: string; remove(): void }> {
  const folder = temporaryFolder()
  const server = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  await server.stop()
  return folder
}

/** A temporary folder of mode 0700 that goes away with `remove`. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'keyward-db-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
