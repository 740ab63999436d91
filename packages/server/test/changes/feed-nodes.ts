import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { sql } from 'kysely'
import type pg from 'pg'
import { recordChange } from '../../src/changes/record.ts'
import { databaseOn } from '../../src/db/database.ts'
import type { DatabaseAddress } from '../../src/db/pool.ts'
import { newId } from '../../src/observe/ids.ts'

/** What a feed process says. `at` is when, on the machine's one monotonic clock (as epoch ms of this boot). */
export interface Said {
  readonly heard?: string
  readonly subject?: string
  readonly op?: string
  readonly reset?: string
  readonly deaf?: boolean
  readonly started?: string
  readonly status?: string
  readonly nowMs?: number
  readonly monotonicMs: number
}

/** A feed in a process of its own. */
export class FeedProcess {
  readonly id: string
  readonly said: Said[] = []
  readonly child: ChildProcess
  #onSaid: (() => void)[] = []

  constructor(address: DatabaseAddress, wallSkewMs = 0) {
    this.id = newId('node')
    this.child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'feed-process.ts'), JSON.stringify({ address, id: this.id, wallSkewMs })],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    )
    if (!this.child.stdout) throw new Error('no output')
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.said.push(JSON.parse(line) as Said)
      for (const act of this.#onSaid.splice(0)) act()
    })
  }

  /** The first thing said, from index `from` on, that is meant. @throws Error after `withinMs` */
  async says(what: (said: Said) => boolean, withinMs: number, from = 0): Promise<Said> {
    const end = performance.now() + withinMs
    for (;;) {
      const found = this.said.slice(from).find(what)
      if (found) return found
      const left = end - performance.now()
      if (left <= 0) throw new Error(`not said within ${withinMs} ms; said: ${JSON.stringify(this.said.slice(from))}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#onSaid.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  async status(): Promise<Said> {
    const from = this.said.length
    this.child.stdin?.write('status\n')
    return await this.says((said) => said.status !== undefined, 5_000, from)
  }

  kill(): void {
    this.child.kill('SIGCONT')
    this.child.kill('SIGKILL')
  }
}

/** Commits one change in a transaction of its own, which may linger between its number and its commit. */
export async function change(
  pool: pg.Pool,
  op: 'changed' | 'revoked' = 'revoked',
  options: { holdMs?: number; rollBack?: boolean } = {},
): Promise<bigint> {
  const subject = newId('grant')
  try {
    return await databaseOn(pool)
      .transaction()
      .execute(async (trx) => {
        const seq = await recordChange(trx, { kind: 'grant', subject, op })
        if (options.holdMs !== undefined) await sql`select pg_sleep(${options.holdMs / 1_000})`.execute(trx)
        if (options.rollBack) throw new Error('rolled back on purpose')
        return seq
      })
  } catch (error) {
    if (options.rollBack) return -1n
    throw error
  }
}

export function now(): number {
  return performance.timeOrigin + performance.now()
}
