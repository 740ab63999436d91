import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EmbeddedPostgresError, explain } from '../../src/db/embedded/errors.ts'
import { startEmbedded } from '../../src/db/embedded.ts'
import { silentLog } from '../../src/db/log.ts'
import { ask, folderWithDatabase } from './processes.ts'

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
test.skipIf(!canMount)(
  'a disk without room is named as such, at the first start and at a later one, and with room again the database opens',
  async () => {
    const disk = join(folder.path, 'disk')
    mkdirSync(disk, { mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=0700', 'tmpfs', disk])
    try {
      await expect(startEmbedded({ dataFolder: disk, log: silentLog })).rejects.toMatchObject({ code: 'disk_full' })
      execFileSync('mount', ['-o', 'remount,size=400m', disk])
      const server = await startEmbedded({ dataFolder: disk, log: silentLog })
      await ask(server.connection, 'create table kept as select 1 as one')
      await server.stop()
      const free = Number(execFileSync('stat', ['-f', '-c', '%a', disk], { encoding: 'utf8' })) * 4096
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(free))
      await expect(startEmbedded({ dataFolder: disk, log: silentLog })).rejects.toMatchObject({ code: 'disk_full' })
      rmSync(join(disk, 'ballast'))
      const again = await startEmbedded({ dataFolder: disk, log: silentLog })
      expect(await ask(again.connection, 'select one from kept')).toEqual([{ one: 1 }])
      await again.stop()
    } finally {
      execFileSync('umount', ['-l', disk])
    }
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
