import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { accountFor, canReach } from '../../src/db/embedded/account.ts'
import { binariesFor, installed } from '../../src/db/embedded/binaries.ts'
import { startEmbedded } from '../../src/db/embedded.ts'
import { silentLog } from '../../src/db/log.ts'
import { ask, end, serve, temporaryFolder } from './processes.ts'

// Each test starts processes and waits for them, also on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 })

const isRoot = process.getuid?.() === 0
const nobody = 65_534

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

test('the library links that npm leaves out are made again', async () => {
  const { native } = installed()
  const links = (JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[]).map(({ target }) =>
    join(native, '..', target),
  )
  const copy = join(folder.path, 'package', 'native')
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  for (const link of links) rmSync(link.replace(native, copy), { force: true })
  const account = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, drop: false }
  const programs = binariesFor(account, folder.path, silentLog, { native: copy, version: '0', shared: join(folder.path, 'shared') })
  expect(programs.postgres.startsWith(copy)).toBe(true)
  expect(execFileSync(programs.postgres, ['--version'], { encoding: 'utf8' })).toMatch(/^postgres \(PostgreSQL\) 18/)
  expect(links.every((link) => lstatSync(link.replace(native, copy)).isSymbolicLink())).toBe(true)
})

test.skipIf(!isRoot)(
  'root below a folder of mode 0700: the server runs without privileges, where it is, and nothing is opened up',
  async () => {
    const server = await startEmbedded({ dataFolder: folder.path, log: silentLog })
    expect(statSync(folder.path).mode & 0o777).toBe(0o700)
    expect(statSync(`/proc/${server.pid}`).uid).not.toBe(0)
    expect(readFileSync(`/proc/${server.pid}/status`, 'utf8')).toMatch(/^Groups:\s*$/m)
    expect(statSync(join(folder.path, 'postgres', 'data')).uid).toBe(statSync(`/proc/${server.pid}`).uid)
    await server.stop()
  },
)

test.skipIf(!isRoot)(
  'root with programs that the account can not reach: a copy in the shared place, and where that is not possible one for this run',
  async () => {
    const account = { uid: nobody, gid: nobody, drop: true }
    const hidden = join(folder.path, 'package', 'native')
    cpSync(installed().native, hidden, { recursive: true, verbatimSymlinks: true })
    expect(canReach(account, hidden)).toBe(false)
    // The shared place of this test is below the same folder, so it can not be reached either: the copy of the run is used.
    const once = binariesFor(account, folder.path, silentLog, { native: hidden, version: '1', shared: join(folder.path, 'shared') })
    expect(canReach(account, once.postgres)).toBe(true)
    expect(execFileSync(once.postgres, ['--version'], { encoding: 'utf8', uid: nobody, gid: nobody, cwd: '/' })).toMatch(/PostgreSQL/)
    once.dispose()
    expect(existsSync(once.postgres)).toBe(false)
    chmodSync(folder.path, 0o711)
    const shared = binariesFor(account, folder.path, silentLog, { native: join(hidden), version: '1', shared: join(folder.path, 'shared') })
    expect(canReach(account, shared.postgres)).toBe(true)
  },
)

test.skipIf(!isRoot)('root keeps the account that a database already has', () => {
  const data = join(folder.path, 'data')
  mkdirSync(data)
  chownSync(data, 4321, 4322)
  expect(accountFor(data, undefined)).toEqual({ uid: 4321, gid: 4322, drop: true })
})

test.skipIf(!isRoot)('an account that does not exist, or is root again, is refused with the way out', () => {
  for (const name of ['no-such-account', 'root', '--help'])
    expect(() => accountFor(join(folder.path, 'none'), name)).toThrow(/KEYWARD_PG_USER.*Fix: /s)
})

test.skipIf(!isRoot || !canReach({ uid: nobody, gid: nobody, drop: true }, import.meta.dirname))(
  'an ordinary account starts, is refused twice, and stops like root',
  async () => {
    chownSync(folder.path, nobody, nobody)
    const first = await serve(folder.path, { uid: nobody, gid: nobody })
    expect(first.served.message).toBeUndefined()
    expect(statSync(join(folder.path, 'postgres')).mode & 0o777).toBe(0o700)
    const second = await serve(folder.path, { uid: nobody, gid: nobody })
    expect(second.served).toMatchObject({ code: 'in_use' })
    expect(await ask(first.served.connection, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(await end(first, 'SIGTERM')).toBe(0)
    // Root may come later: it runs the server as the account that owns the database.
    const later = await startEmbedded({ dataFolder: folder.path, log: silentLog })
    expect(statSync(`/proc/${later.pid}`).uid).toBe(nobody)
    await later.stop()
  },
)

test.skipIf(!isRoot || !canReach({ uid: nobody, gid: nobody, drop: true }, import.meta.dirname))(
  'an ordinary account is told that the database is of another account',
  async () => {
    const first = await startEmbedded({ dataFolder: folder.path, log: silentLog })
    await first.stop()
    chmodSync(folder.path, 0o777)
    chmodSync(join(folder.path, 'postgres'), 0o777)
    const other = await serve(folder.path, { uid: nobody, gid: nobody })
    expect(other.served).toMatchObject({ code: 'not_ours' })
    expect(other.served.message).toMatch(/belongs to another account.*Fix: /s)
  },
)

test.skipIf(!isRoot || !canReach({ uid: nobody, gid: nobody, drop: true }, import.meta.dirname))(
  'a user id without a name is refused with the way out',
  async () => {
    const nameless = 54_321
    chownSync(folder.path, nameless, nameless)
    const refused = await serve(folder.path, { uid: nameless, gid: nameless })
    expect(refused.served).toMatchObject({ code: 'no_account' })
    expect(refused.served.message).toMatch(/\/etc\/passwd.*Fix: /s)
  },
)

test.skipIf(!isRoot)('root with a strict umask: an installation and a data folder that only root can read still start', async () => {
  const hidden = join(folder.path, 'package', 'native')
  cpSync(installed().native, hidden, { recursive: true, verbatimSymlinks: true })
  execFileSync('chmod', ['-R', 'go=', hidden])
  const before = process.umask(0o077)
  try {
    const account = { uid: nobody, gid: nobody, drop: true }
    const programs = binariesFor(account, folder.path, silentLog, { native: hidden, version: '1', shared: join(folder.path, 'shared') })
    expect(execFileSync(programs.postgres, ['--version'], { encoding: 'utf8', uid: nobody, gid: nobody, cwd: '/' })).toMatch(/PostgreSQL/)
    programs.dispose()
    const server = await startEmbedded({ dataFolder: join(folder.path, 'data'), log: silentLog })
    expect(await ask(server.connection, 'select 1 as one')).toEqual([{ one: 1 }])
    await server.stop()
  } finally {
    process.umask(before)
  }
})
