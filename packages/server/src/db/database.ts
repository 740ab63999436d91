import { Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import type { Tables } from './tables.ts'

/** The typed way to the database: `tables.ts` is generated from the schema that the migrations make. */
export type Database = Kysely<Tables>

/** Wraps a pool of `createPool` (exact types). Ending the pool is the business of who made it. */
export function databaseOn(pool: pg.Pool): Database {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
}
