import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startEmbedded } from '../../src/db/embedded.ts'
import { silentLog } from '../../src/db/log.ts'
import { ask, end, folderWithDatabase, serve } from './processes.ts'

// Each test starts processes and waits for them, also on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 })

const isRoot = process.getuid?.() === 0

let folder: Awaited<ReturnType<typeof folderWithDatabase>>
beforeEach(async () => {
  folder = await folderWithDatabase()
})
afterEach(() => folder.remove())

test('the server is durable, listens on no network, and its role is no superuser', async () => {
  const server = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  const [settings] = await ask<Record<string, string>>(
    server.connection,
    `select current_setting('fsync') fsync, current_setting('full_page_writes') pages, current_setting('synchronous_commit') sync, current_setting('listen_addresses') listen,
       current_setting('data_checksums') checksums, current_setting('is_superuser') super, current_setting('log_min_messages') log, current_setting('server_encoding') encoding`,
  )
  expect(settings).toEqual({
    fsync: 'on',
    pages: 'on',
    sync: 'on',
    listen: '',
    checksums: 'on',
    super: 'off',
    log: 'log',
    encoding: 'UTF8',
  })
  await expect(ask(server.connection, `copy (select 1) to program 'id'`)).rejects.toThrow(/permission denied/)
  await expect(ask(server.connection, `select pg_read_file('PG_VERSION')`)).rejects.toThrow(/permission denied/)
  await server.stop()
})

test('only the owner gets in: folders of mode 0700, a password of mode 0600, and no way in without it', async () => {
  const server = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  const home = join(folder.path, 'postgres')
  const modes = Object.fromEntries(
    ['', 'data', 'socket', 'password'].map((name) => [name, (statSync(join(home, name)).mode & 0o777).toString(8)]),
  )
  expect(modes).toEqual({ '': isRoot ? '710' : '700', data: '700', socket: '700', password: '600' })
  expect(statSync(join(home, 'password')).uid).toBe(process.getuid?.())
  await expect(ask({ ...server.connection, password: 'wrong' }, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  await expect(ask({ ...server.connection, user: 'postgres' }, 'select 1')).rejects.toMatchObject({ code: '28000' })
  await server.stop()
})

test('the server and its children see nothing of the environment of Keyward', async () => {
  process.env.KEYWARD_PLANTED = 'FAKE-EXAMPLE-SECRET'
  const server = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  delete process.env.KEYWARD_PLANTED
  if (process.platform === 'linux') expect(readFileSync(`/proc/${server.pid}/environ`, 'utf8')).not.toContain('FAKE-EXAMPLE-SECRET')
  const command = execFileSync('ps', ['-o', 'args=', '-p', String(server.pid)], { encoding: 'utf8' })
  expect(command).not.toContain(server.connection.password)
  await server.stop()
})

test('what a client sends never reaches the log, not even in an error', async () => {
  const said: string[] = []
  const tell = (fields: object, text: string) => said.push(JSON.stringify(fields) + text)
  const server = await startEmbedded({ dataFolder: folder.path, log: { debug: tell, info: tell, warn: tell, error: tell } })
  const secret = 'sk-FAKE-EXAMPLE-0000'
  await expect(ask(server.connection, `select '${secret}'::int`)).rejects.toThrow()
  await expect(ask(server.connection, `do $$ begin raise warning '${secret}'; raise exception '${secret}'; end $$`)).rejects.toThrow()
  await server.stop()
  expect(said.length).toBeGreaterThan(0)
  expect(said.join('\n')).not.toContain(secret)
})

test('a second Keyward on the same folder is refused while the first lives, and the first goes on', async () => {
  const first = await serve(folder.path)
  const second = await serve(folder.path)
  expect(second.served).toMatchObject({ code: 'in_use' })
  expect(second.served.message).toMatch(new RegExp(`process ${first.pid} .*Fix: `, 's'))
  await expect(startEmbedded({ dataFolder: folder.path, log: silentLog })).rejects.toMatchObject({ code: 'in_use' })
  expect(await ask(first.served.connection, 'select 1 as one')).toEqual([{ one: 1 }])
  await end(first, 'SIGTERM')
})

test('two starts in one process are refused like two processes', async () => {
  const server = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  await expect(startEmbedded({ dataFolder: folder.path, log: silentLog })).rejects.toMatchObject({ code: 'in_use' })
  await server.stop()
  const again = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  await again.stop()
})

test('stale files of a crash stop nobody: postmaster.pid with a reused pid, a socket and its lock, half a database', async () => {
  const first = await serve(folder.path)
  await end(first, 'SIGTERM')
  const home = join(folder.path, 'postgres')
  writeFileSync(
    join(home, 'data', 'postmaster.pid'),
    `${process.pid}\n${join(home, 'data')}\n1\n5432\n${join(home, 'socket')}\n\n  1 1\nready   \n`,
  )
  writeFileSync(join(home, 'socket', '.s.PGSQL.5432'), '')
  writeFileSync(join(home, 'socket', '.s.PGSQL.5432.lock'), `${process.pid}\n`)
  mkdirSync(join(home, 'making-abandoned'))
  if (isRoot)
    for (const name of ['data/postmaster.pid', 'socket/.s.PGSQL.5432', 'socket/.s.PGSQL.5432.lock'])
      giveLike(join(home, name), join(home, 'data'))
  const server = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  expect(await ask(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(readdirSync(home).filter((name) => name.startsWith('making-'))).toEqual([])
  await server.stop()
})

function giveLike(path: string, model: string): void {
  const { uid, gid } = statSync(model)
  chownSync(path, uid, gid)
  chmodSync(path, 0o600)
}

test('a lost password file is replaced, and the database opens', async () => {
  const first = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  await ask(first.connection, 'create table kept (n int)')
  await first.stop()
  rmSync(join(folder.path, 'postgres', 'password'))
  const again = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  expect(again.connection.password).not.toBe(first.connection.password)
  expect(await ask(again.connection, 'select * from kept')).toEqual([])
  await again.stop()
})

test('a data folder whose path is too long for a socket gets its socket elsewhere, and cleans it up, also after a crash', async () => {
  const deep = join(folder.path, 'a'.repeat(60), 'b'.repeat(60), 'with "quotes", a comma and a space')
  const server = await startEmbedded({ dataFolder: deep, log: silentLog })
  expect(server.connection.host.startsWith(deep)).toBe(false)
  expect(statSync(server.connection.host).mode & 0o777).toBe(0o700)
  expect(await ask(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
  await server.stop()
  expect(existsSync(server.connection.host)).toBe(false)

  const killed = await serve(deep)
  await end(killed, 'SIGKILL')
  expect(existsSync(killed.served.connection.host)).toBe(true)
  const next = await startEmbedded({ dataFolder: deep, log: silentLog })
  expect(existsSync(killed.served.connection.host)).toBe(false)
  await next.stop()
})

test('a first start in a data folder with quotes, a comma, a backslash and letters beyond ASCII in its name works', async () => {
  const server = await startEmbedded({ dataFolder: join(folder.path, `o'a"b, c\\d é`), log: silentLog })
  expect(await ask(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
  await server.stop()
})
