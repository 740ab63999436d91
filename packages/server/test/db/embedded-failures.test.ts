import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { EmbeddedPostgresError, explain } from '../../src/db/embedded/errors.ts'
import { startEmbedded } from '../../src/db/embedded.ts'
import { silentLog } from '../../src/db/log.ts'
import { createPool } from '../../src/db/pool.ts'
import { ask, folderWithDatabase, until } from './processes.ts'

// Each test starts processes and waits for them, also on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 })

const isRoot = process.getuid?.() === 0

let folder: Awaited<ReturnType<typeof folderWithDatabase>>
beforeEach(async () => {
  folder = await folderWithDatabase()
})
afterEach(() => folder.remove())

test('a database of another major version is refused with the way to move it', async () => {
  writeFileSync(join(folder.path, 'postgres', 'data', 'PG_VERSION'), '17\n')
  await expect(startEmbedded({ dataFolder: folder.path, log: silentLog })).rejects.toMatchObject({ code: 'wrong_major_version' })
  writeFileSync(join(folder.path, 'postgres', 'data', 'PG_VERSION'), '18\n')
  const again = await startEmbedded({ dataFolder: folder.path, log: silentLog })
  await again.stop()
})

test('damaged files are named as such', async () => {
  writeFileSync(join(folder.path, 'postgres', 'data', 'global', 'pg_control'), Buffer.alloc(8192))
  await expect(startEmbedded({ dataFolder: folder.path, log: silentLog })).rejects.toThrow(EmbeddedPostgresError)
})

const canMount = isRoot && process.platform === 'linux'

/** A small disk of its own, which only root can mount. */
async function withDisk(megabytes: number, work: (disk: string) => Promise<void>): Promise<void> {
  const disk = join(folder.path, 'disk')
  mkdirSync(disk, { mode: 0o700 })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'tmpfs', disk])
  try {
    await work(disk)
  } finally {
    execFileSync('umount', ['-l', disk])
  }
}

/** Fills what is left of the disk, but for some blocks. */
function fill(disk: string, leaveBlocks = 0): void {
  const blocks = Number(execFileSync('stat', ['-f', '-c', '%a', disk], { encoding: 'utf8' })) - leaveBlocks
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(blocks * 4096))
}

test.skipIf(!canMount)(
  'a disk without room is named as such, at the first start and at a later one, and with room again the database opens',
  async () => {
    await withDisk(16, async (disk) => {
      await expect(startEmbedded({ dataFolder: disk, log: silentLog })).rejects.toMatchObject({ code: 'disk_full' })
      execFileSync('mount', ['-o', 'remount,size=400m', disk])
      const server = await startEmbedded({ dataFolder: disk, log: silentLog })
      await ask(server.connection, 'create table kept as select 1 as one')
      await server.stop()
      fill(disk)
      await expect(startEmbedded({ dataFolder: disk, log: silentLog })).rejects.toMatchObject({ code: 'disk_full' })
      rmSync(join(disk, 'ballast'))
      const again = await startEmbedded({ dataFolder: disk, log: silentLog })
      expect(await ask(again.connection, 'select one from kept')).toEqual([{ one: 1 }])
      await again.stop()
    })
  },
)

test.skipIf(!canMount)(
  'a disk that fills up under load loses nothing that was acknowledged, and with room again the server comes back by itself',
  async () => {
    await withDisk(400, async (disk) => {
      const said: string[] = []
      const tell = (_: object, text: string) => said.push(text)
      const server = await startEmbedded({ dataFolder: disk, log: { debug() {}, info() {}, warn: tell, error: tell } })
      const pool = createPool(server.connection, { name: 'test', connectionsMax: 2, log: silentLog })
      await pool.query('create table kept (n int primary key, filler text)')
      fill(disk, 2_000)
      let acknowledged = 0
      const write = () =>
        pool.query(`insert into kept select $1, string_agg(md5(random()::text), '') from generate_series(1, 300)`, [acknowledged + 1])
      const failure = await (async () => {
        for (;;) {
          await write()
          acknowledged += 1
        }
      })().catch((error: Error) => error)
      expect(failure).toBeInstanceOf(Error)
      expect(acknowledged).toBeGreaterThan(10)
      rmSync(join(disk, 'ballast'))
      const counted = async () =>
        (await pool.query<{ n: number }>('select count(*)::int as n from kept where n <= $1', [acknowledged])).rows[0]?.n
      await until('an answer with room again', 20_000, async () => (await counted().catch(() => undefined)) !== undefined)
      expect(await counted()).toBe(acknowledged)
      await pool.query(`insert into kept values (0, '')`)
      expect(said.some((line) => /No space left on device|no room left/.test(line)) || /No space left/.test(String(failure))).toBe(true)
      await pool.end()
      await server.stop()
    })
  },
)

test('what PostgreSQL says about its disk and its memory is explained with a fix', () => {
  const otherwise = { code: 'start_failed', problem: 'It ended.', fix: 'look' } as const
  const cases: [string, string][] = [
    ['FATAL:  could not write lock file "postmaster.pid": No space left on device', 'disk_full'],
    ['PANIC:  could not write to file "pg_wal/xlogtemp.42": Disk quota exceeded', 'disk_full'],
    ['FATAL:  could not map anonymous shared memory: Cannot allocate memory', 'out_of_memory'],
    ['FATAL:  data directory "/x" has wrong ownership', 'not_ours'],
    ['FATAL:  could not create lock file "postmaster.pid": Read-only file system', 'not_ours'],
    ['PANIC:  could not locate a valid checkpoint record at 0/1', 'damaged'],
    ['FATAL:  something else', 'start_failed'],
  ]
  for (const [line, code] of cases)
    expect(explain([line], otherwise)).toMatchObject({ code, fix: expect.any(String), message: expect.stringContaining(line) })
})
