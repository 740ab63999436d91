import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../../../../tests/support/postgres.ts'
import { type Database, databaseOn } from '../../src/db/database.ts'
import { silentLog } from '../../src/db/log.ts'
import { createPool } from '../../src/db/pool.ts'

let own: TestDatabase
let pool: ReturnType<typeof createPool>
let db: Database

beforeAll(async () => {
  own = await testDatabase()
  pool = createPool(own.connection, { name: 'test', connectionsMax: 3, log: silentLog })
  db = databaseOn(pool)
})

afterAll(async () => {
  await pool?.end()
  await own?.drop()
})

test('a nano-dollar amount beyond the exact range of a double comes back unchanged', async () => {
  const limit = 9_007_199_254_740_993n
  await db.insertInto('budgets').values({ id: 'bud_1', level: 'org', subject: 'ins_1', limit_nano: limit, time_window: 'month' }).execute()
  const row = await db
    .selectFrom('budgets')
    .select(['limit_nano', 'created_at', 'revision'])
    .where('id', '=', 'bud_1')
    .executeTakeFirstOrThrow()
  expect(row.limit_nano).toBe(limit)
  expect(row.created_at).toBeInstanceOf(Date)
  expect(row.revision).toBe(1)
})

test('an array of bigints and a date keep every digit', async () => {
  const { rows } = await sql<{
    many: (bigint | null)[]
    none: bigint[]
    day: string
  }>`select array[9007199254740993, null]::bigint[] as many, '{}'::bigint[] as none, date '2026-02-28' as day`.execute(db)
  expect(rows).toEqual([{ many: [9_007_199_254_740_993n, null], none: [], day: '2026-02-28' }])
})

test('a URL reaches the same database as its parts', async () => {
  const byUrl = createPool({ connectionString: own.url }, { name: 'test', connectionsMax: 1, log: silentLog })
  const { rows } = await byUrl.query<{ name: string }>('select current_database() as name')
  await byUrl.end()
  expect(rows).toEqual([{ name: own.connection.database }])
})

test('two test databases do not see each other', async () => {
  const other = await testDatabase()
  const otherPool = createPool(other.connection, { name: 'test', connectionsMax: 1, log: silentLog })
  await db.insertInto('settings').values({ key: 'here', value: '1' }).execute()
  const { rows } = await otherPool.query('select * from settings')
  await otherPool.end()
  await other.drop()
  expect(rows).toEqual([])
})

test('a statement that runs too long is cancelled by the server', async () => {
  const short = createPool(own.connection, { name: 'test', connectionsMax: 1, log: silentLog, statementMsMax: 50 })
  await expect(short.query('select pg_sleep(30)')).rejects.toMatchObject({ code: '57014' })
  await short.end()
})
