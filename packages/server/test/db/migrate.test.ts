import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { serverVariable } from '../../../../tests/support/postgres.ts'
import { silentLog } from '../../src/db/log.ts'
import { migrate } from '../../src/db/migrate.ts'
import { migrationsFolder, readMigrations } from '../../src/db/migration-files.ts'
import type { ConnectionParts } from '../../src/db/pool.ts'
import { ask, end, run, temporaryFolder, until } from './processes.ts'

let folder: ReturnType<typeof temporaryFolder>
let own: ConnectionParts
let counter = 0

beforeEach(async () => {
  folder = temporaryFolder()
  const server = JSON.parse(process.env[serverVariable] ?? '') as ConnectionParts
  own = { ...server, database: `empty_${process.pid}_${++counter}` }
  await ask(server, `create database ${own.database}`)
})
afterEach(() => folder.remove())

const urlOf = (parts: ConnectionParts) =>
  `postgres://${parts.user}:${encodeURIComponent(parts.password)}@/${parts.database}?host=${encodeURIComponent(parts.host)}&port=${parts.port}`

function write(files: Record<string, string>): string {
  const path = join(folder.path, 'migrations')
  mkdirSync(path, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

test('of four processes that migrate an empty database at once one does it, all succeed, and the schema is whole', async () => {
  const programs = await Promise.all(Array.from({ length: 4 }, () => run('migrate-once.ts', [urlOf(own)])))
  const outcomes = programs.map((one) => JSON.parse(one.line) as { applied: string[]; version: number })
  const all = readMigrations().map((one) => one.name)
  expect(outcomes.map((one) => one.version)).toEqual([all.length, all.length, all.length, all.length])
  expect(outcomes.map((one) => one.applied).filter((applied) => applied.length > 0)).toEqual([all])
  expect(await ask(own, 'select name from keyward_migrations order by number')).toEqual(all.map((name) => ({ name })))
  expect(await ask(own, `select count(*)::int as n from graphile_worker.jobs`)).toEqual([{ n: 0 }])
})

test('a second run has nothing to do', async () => {
  const path = write({ '0001_a.sql': 'create table a (n int);' })
  expect(await migrate(own, silentLog, path)).toEqual({ applied: ['0001_a.sql'], version: 1 })
  expect(await migrate(own, silentLog, path)).toEqual({ applied: [], version: 1 })
  write({ '0002_b.sql': 'create table b (n int);' })
  expect(await migrate(own, silentLog, path)).toEqual({ applied: ['0002_b.sql'], version: 2 })
})

test('an applied file that was changed is refused, by name and with the fix', async () => {
  const path = write({ '0001_a.sql': 'create table a (n int);' })
  await migrate(own, silentLog, path)
  write({ '0001_a.sql': 'create table a (n bigint);' })
  await expect(migrate(own, silentLog, path)).rejects.toMatchObject({
    code: 'changed',
    message: expect.stringMatching(/0001_a\.sql.*Fix: /s),
  })
})

test('line ends of another system change nothing', async () => {
  const path = write({ '0001_a.sql': 'create table a (\n n int);\n' })
  await migrate(own, silentLog, path)
  write({ '0001_a.sql': 'create table a (\r\n n int);\r\n' })
  expect(await migrate(own, silentLog, path)).toEqual({ applied: [], version: 1 })
})

test('a database of a newer release is refused, and nothing is done to it', async () => {
  await migrate(own, silentLog, write({ '0001_a.sql': 'create table a (n int);', '0002_b.sql': 'create table b (n int);' }))
  const older = join(folder.path, 'older')
  mkdirSync(older)
  cpSync(join(folder.path, 'migrations', '0001_a.sql'), join(older, '0001_a.sql'))
  await expect(migrate(own, silentLog, older)).rejects.toMatchObject({
    code: 'newer',
    message: expect.stringMatching(/0002_b\.sql.*Fix: /s),
  })
})

test('a file that fails is rolled back whole, says its line, and keeps those before it', async () => {
  const path = write({ '0001_a.sql': 'create table a (n int);', '0002_b.sql': 'create table b (n int);\n\nselect no_such_column from a;' })
  await expect(migrate(own, silentLog, path)).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringMatching(/0002_b\.sql failed at line 3 .*no_such_column/s),
  })
  expect(await ask(own, `select to_regclass('a') is not null as a, to_regclass('b') is not null as b`)).toEqual([{ a: true, b: false }])
  write({ '0002_b.sql': 'create table b (n int);' })
  expect(await migrate(own, silentLog, path)).toEqual({ applied: ['0002_b.sql'], version: 2 })
})

test('a migration that is killed half-way leaves nothing of itself, and the next run does it', async () => {
  const path = write({ '0001_a.sql': 'create table a (n int); insert into a values (1); select pg_sleep(60);' })
  const program = run('migrate-once.ts', [urlOf(own), path])
  const sleeping = `select pid from pg_stat_activity where datname = '${own.database}' and query like '%pg_sleep%' and pid <> pg_backend_pid()`
  await until('the migration is at work', 10_000, async () => (await ask(own, sleeping)).length === 1)
  const [backend] = await ask<{ pid: number }>(own, sleeping)
  await ask(own, `select pg_terminate_backend(${backend?.pid})`)
  const failed = JSON.parse((await program).line) as { code: string }
  expect(failed.code).toBe('failed')
  await end(await program, 'SIGKILL')
  write({ '0001_a.sql': 'create table a (n int); insert into a values (1);' })
  expect(await migrate(own, silentLog, path)).toEqual({ applied: ['0001_a.sql'], version: 1 })
})

test('who finds a migration at work waits for it and then goes on', async () => {
  const path = write({ '0001_a.sql': 'create table a (n int);' })
  const holder = new pg.Client(own)
  await holder.connect()
  await holder.query('select pg_advisory_lock(7411, 0)')
  const waiting = migrate(own, silentLog, path)
  await until(
    'it waits',
    10_000,
    async () =>
      (await ask(own, `select 1 from pg_stat_activity where application_name = 'keyward migrate' and datname = '${own.database}'`)).length >
      0,
  )
  expect(await ask(own, `select to_regclass('a') is null as absent`)).toEqual([{ absent: true }])
  await holder.end()
  expect(await waiting).toEqual({ applied: ['0001_a.sql'], version: 1 })
})

test('a gap, a double number or another form of name is refused before anything is done', () => {
  for (const names of [['0002_a.sql'], ['0001_a.sql', '0001_b.sql'], ['0001_a.sql', '0003_c.sql'], ['1_a.sql'], ['0001-a.sql']]) {
    const path = join(folder.path, names.join('+'))
    mkdirSync(path)
    for (const name of names) writeFileSync(join(path, name), '')
    expect(() => readMigrations(path)).toThrow(/numbered without gaps/)
  }
})

test('no migration of ours ends its own transaction', () => {
  const ending = readMigrations(migrationsFolder).filter((one) => /^\s*(commit|rollback|begin|start transaction)\s*;/im.test(one.sql))
  expect(ending.map((one) => one.name)).toEqual([])
})
