import { spawn } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { endLeftovers, serversIn } from '../../src/db/embedded/leftovers.ts'
import { identify } from '../../src/db/embedded/processes.ts'
import { startEmbedded } from '../../src/db/embedded.ts'
import { silentLog } from '../../src/db/log.ts'
import { createPool } from '../../src/db/pool.ts'
import { end, folderWithDatabase, run, serve, until } from './processes.ts'

// Each test starts processes and waits for them, also on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 })

let folder: Awaited<ReturnType<typeof folderWithDatabase>>
beforeEach(async () => {
  folder = await folderWithDatabase()
})
afterEach(() => folder.remove())

const dataOf = () => realpathSync(join(folder.path, 'postgres', 'data'))

test('Keyward killed with SIGKILL leaves no PostgreSQL behind, and the next start finds every committed row within 5 s', async () => {
  const first = await serve(folder.path)
  const client = new pg.Client(first.served.connection)
  client.on('error', () => {})
  await client.connect()
  await client.query('create table kept (n int)')
  await client.query('insert into kept select generate_series(1, 1000)')
  await end(first, 'SIGKILL')
  await until('no process in the data folder', 2_000, () => serversIn(dataOf()).length === 0 && identify(first.served.pid) === undefined)

  const started = performance.now()
  const next = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  expect(performance.now() - started).toBeLessThan(5_000)
  const again = new pg.Client(next.connection)
  await again.connect()
  expect((await again.query('select count(*)::int as n from kept')).rows).toEqual([{ n: 1000 }])
  await again.end()
  await next.stop()
})

test('PostgreSQL killed with SIGKILL under load is back within 5 s, the pool reconnects, and no acknowledged commit is lost', async () => {
  const server = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  const pool = createPool(server.connection, { name: 'load', connectionsMax: 8, log: silentLog })
  await pool.query('create table commits (writer int, n int, primary key (writer, n))')
  const acknowledged: [number, number][] = []
  let done = false
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let n = 0; !done; n++) {
      try {
        await pool.query('insert into commits values ($1, $2)', [writer, n])
        acknowledged.push([writer, n])
      } catch {
        // Refused or cut off: not acknowledged, so it may be there or not.
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
  })
  for (let round = 0; round < 3; round++) {
    const before = acknowledged.length
    await until('load', 5_000, () => acknowledged.length > before + 200)
    const restarted = new Promise<void>((resolve) => server.onRestart(() => resolve()))
    const pid = server.pid
    process.kill(pid, 'SIGKILL')
    const at = performance.now()
    await restarted
    const after = acknowledged.length
    await until('the first commit after the restart', 5_000, () => acknowledged.length > after)
    expect(performance.now() - at).toBeLessThan(5_000)
    expect(server.pid).not.toBe(pid)
  }
  done = true
  await Promise.all(writers)
  const { rows } = await pool.query<{ writer: number; n: number }>('select writer, n from commits')
  const there = new Set(rows.map((row) => `${row.writer}/${row.n}`))
  expect(acknowledged.filter(([writer, n]) => !there.has(`${writer}/${n}`))).toEqual([])
  await pool.end()
  await server.stop()
})

test('Keyward killed with SIGKILL and started again at once, over and over: each start succeeds, and nothing acknowledged is lost', async () => {
  let acknowledged = 0
  for (let round = 0; round < 5; round++) {
    const running = await serve(folder.path)
    expect(running.served.message).toBeUndefined()
    const client = new pg.Client(running.served.connection)
    client.on('error', () => {})
    await client.connect()
    await client.query('create table if not exists kept (n int primary key)')
    expect((await client.query<{ n: number }>('select count(*)::int as n from kept where n <= $1', [acknowledged])).rows).toEqual([
      { n: acknowledged },
    ])
    await client.query('delete from kept where n > $1', [acknowledged])
    const writing = (async () => {
      for (;;) {
        await client.query('insert into kept values ($1)', [acknowledged + 1])
        acknowledged += 1
      }
    })().catch(() => {})
    const enough = acknowledged + 100
    await until('load', 5_000, () => acknowledged >= enough)
    await end(running, 'SIGKILL')
    await writing
  }
  expect(acknowledged).toBeGreaterThanOrEqual(500)
  await until('no process in the data folder', 2_000, () => serversIn(dataOf()).length === 0)
})

test('a stop in the middle of a restart ends it: nothing is left running', async () => {
  const server = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  for (const pauseMs of [0, 30]) {
    process.kill(server.pid, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  await server.stop()
  expect(serversIn(dataOf())).toEqual([])
  const again = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  await again.stop()
})

test('a backend killed with SIGKILL costs no server: PostgreSQL recovers by itself, and the pool goes on', async () => {
  const server = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  const pool = createPool(server.connection, { name: 'test', connectionsMax: 2, log: silentLog })
  await pool.query('create table kept as select 1 as one')
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid')
  process.kill(rows[0]?.pid ?? 0, 'SIGKILL')
  const ask = () =>
    pool
      .query('select one from kept')
      .then((result) => result.rows.length === 1)
      .catch(() => false)
  await until('an answer after the recovery', 5_000, ask)
  await pool.end()
  await server.stop()
})

test('only PostgreSQL itself is ended in a data folder: a shell that stands there is left alone', async () => {
  const visitor = spawn('/bin/sleep', ['60'], { cwd: dataOf(), stdio: 'ignore' })
  await endLeftovers(dataOf(), silentLog)
  expect(identify(visitor.pid ?? 0)).toBeDefined()
  visitor.kill('SIGKILL')
})

test('SIGTERM ends the server cleanly: nothing runs on, and the next start has nothing to recover', async () => {
  const first = await serve(folder.path)
  expect(await end(first, 'SIGTERM')).toBe(0)
  expect(serversIn(dataOf())).toEqual([])
  const said: string[] = []
  const tell = (_: object, text: string) => said.push(text)
  const next = await startEmbedded({ dataFolder: folder.path, log: { debug: tell, info: tell, warn: tell, error: tell } })
  await next.stop()
  expect(said.some((line) => line.includes('database system was shut down at'))).toBe(true)
  expect(said.filter((line) => /not properly shut down|recover/.test(line))).toEqual([])
})

test('a stop with a transaction open and with work in flight ends, and rolls the open transaction back', async () => {
  const server = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  const client = new pg.Client(server.connection)
  client.on('error', () => {})
  await client.connect()
  await client.query('create table kept (n int)')
  await client.query('begin')
  await client.query('insert into kept values (1)')
  const sleeping = new pg.Client(server.connection)
  sleeping.on('error', () => {})
  await sleeping.connect()
  const long = sleeping.query('select pg_sleep(60)').catch((error: Error) => error)
  await server.stop()
  expect(await long).toBeInstanceOf(Error)
  const next = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  const again = new pg.Client(next.connection)
  await again.connect()
  expect((await again.query('select * from kept')).rows).toEqual([])
  await again.end()
  await next.stop()
})

test('a server that was left behind by an unguarded Keyward is ended, never connected to', async () => {
  const first = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  const orphan = first.pid
  const restarted = new Promise<void>((resolve) => first.onRestart(() => resolve()))
  await endLeftovers(dataOf(), silentLog)
  expect(identify(orphan)).toBeUndefined()
  await restarted
  expect(first.pid).not.toBe(orphan)
  await first.stop()
})

test.each(process.platform === 'linux' ? ['kernel', 'watchdog'] : ['watchdog'])(
  'a child guarded by the %s ends when its parent is killed with SIGKILL',
  async (way) => {
    const parent = await run('guard-sleep.ts', [way])
    const { pid, byKernel } = JSON.parse(parent.line) as { pid: number; byKernel: boolean }
    expect(identify(pid)).toBeDefined()
    if (way === 'kernel' && !byKernel) await end(parent, 'SIGKILL').then(() => process.kill(pid, 'SIGKILL'))
    else await end(parent, 'SIGKILL')
    await until('the child has ended', 2_000, () => identify(pid) === undefined)
  },
)
