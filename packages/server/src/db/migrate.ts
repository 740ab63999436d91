import { setTimeout as sleep } from 'node:timers/promises'
import { Logger, type LogLevel, runMigrations } from 'graphile-worker'
import pg from 'pg'
import type { DatabaseLog } from './log.ts'
import { type Migration, migrationsFolder, readMigrations } from './migration-files.ts'
import { createPool, type DatabaseAddress } from './pool.ts'

export type MigrationErrorCode = 'changed' | 'newer' | 'failed' | 'too_old_server'

/** Why the database's schema could not be brought to this release. `message` ends with what to do. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
  readonly code: MigrationErrorCode

  constructor(code: MigrationErrorCode, problem: string, fix: string, options?: ErrorOptions) {
    super(`${problem}\n  Fix: ${fix}`, options)
    this.code = code
  }
}

export interface MigrationOutcome {
  /** Names of the files that this call applied, in order. Empty where the schema was current. */
  readonly applied: string[]
  /** The number of the newest migration in the database. */
  readonly version: number
}

/** Advisory lock of everything that changes the schema. The first number is Keyward's in all its advisory locks. */
const lockKey = [7411, 0] as const
const lockPollMs = 50
/** How often a start says that it waits for another one's migration. */
const lockPatienceMs = 5_000
/** server_version_num: the oldest PostgreSQL whose SQL Keyward uses (MERGE … RETURNING aside, 16 has all of it). */
const serverVersionMin = 160_000

/**
 * Brings the schema to this release: Keyward's numbered files, each in a transaction of its own, then graphile-worker's migrations.
 * Under an advisory lock, so that any number of processes may start at once: one works, the others wait and find it done.
 * A killed run leaves whole migrations behind, never half of one.
 *
 * @throws MigrationError where an applied file was changed, the database is newer than this release, or a statement failed
 */
export async function migrate(address: DatabaseAddress, log: DatabaseLog, folder: string = migrationsFolder): Promise<MigrationOutcome> {
  const migrations = readMigrations(folder)
  const client = new pg.Client({ ...address, application_name: 'keyward migrate' })
  client.on('error', () => {})
  await client.connect()
  try {
    await checkServer(client)
    await lock(client, log)
    const applied = await applyAll(client, migrations, log)
    await migrateJobs(address, log)
    return { applied, version: migrations.length }
  } finally {
    // Ends the session, and the lock with it.
    await client.end().catch(() => {})
  }
}

async function checkServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ number: number; text: string }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as text`,
  )
  const [version] = rows
  if (version && version.number < serverVersionMin)
    throw new MigrationError(
      'too_old_server',
      `The database is PostgreSQL ${version.text}.`,
      `use PostgreSQL ${serverVersionMin / 10_000} or newer.`,
    )
}

async function lock(client: pg.Client, log: DatabaseLog): Promise<void> {
  for (let waited = 0; ; waited += lockPollMs) {
    const { rows } = await client.query<{ locked: boolean }>('select pg_try_advisory_lock($1, $2) as locked', [...lockKey])
    if (rows[0]?.locked) return
    if (waited > 0 && waited % lockPatienceMs === 0)
      log.info({ waited_ms: waited }, 'another Keyward is migrating the database: waiting for it')
    await sleep(lockPollMs)
  }
}

async function applyAll(client: pg.Client, migrations: readonly Migration[], log: DatabaseLog): Promise<string[]> {
  await client.query(`create table if not exists keyward_migrations (
    number integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default clock_timestamp()
  )`)
  const { rows } = await client.query<{ number: number; name: string; checksum: string }>(
    'select number, name, checksum from keyward_migrations order by number',
  )
  for (const row of rows) check(row, migrations[row.number - 1])
  const due = migrations.slice(rows.length)
  for (const migration of due) await apply(client, migration, log)
  return due.map((one) => one.name)
}

function check(applied: { number: number; name: string; checksum: string }, known: Migration | undefined): void {
  if (!known)
    throw new MigrationError(
      'newer',
      `The database was written by a newer Keyward: it has migration ${applied.name}, which this release does not know.`,
      'start the newer release, or restore a backup from before the upgrade.',
    )
  if (known.checksum !== applied.checksum)
    throw new MigrationError(
      'changed',
      `Migration ${known.name} is not the one that made this database${known.name === applied.name ? ': its text has changed since' : ` (that was ${applied.name})`}.`,
      'use the release that wrote this database; whoever edits a migration has to write a new one instead.',
    )
}

async function apply(client: pg.Client, migration: Migration, log: DatabaseLog): Promise<void> {
  const started = performance.now()
  log.info({ migration: migration.name }, 'migrating the database')
  await client.query('begin')
  try {
    await client.query(migration.sql)
    await client.query('insert into keyward_migrations (number, name, checksum) values ($1, $2, $3)', [
      migration.number,
      migration.name,
      migration.checksum,
    ])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw new MigrationError(
      'failed',
      `Migration ${migration.name} failed${placeOf(error, migration)} and was rolled back: ${(error as Error).message}`,
      'nothing was changed by it; start the release from before the upgrade and report this, with the line above.',
      { cause: error },
    )
  }
  log.info({ migration: migration.name, took_ms: Math.round(performance.now() - started) }, 'migrated the database')
}

/** PostgreSQL gives the place of an error as a character count from the start of the text. */
function placeOf(error: unknown, migration: Migration): string {
  const position = error instanceof pg.DatabaseError ? Number(error.position) : Number.NaN
  return Number.isNaN(position) ? '' : ` at line ${migration.sql.slice(0, position).split('\n').length}`
}

/** The tables of the job queue, in its own schema `graphile_worker`. */
async function migrateJobs(address: DatabaseAddress, log: DatabaseLog): Promise<void> {
  const pool = createPool(address, { name: 'keyward migrate', connectionsMax: 1, log, types: 'plain', statementMsMax: 0 })
  try {
    await runMigrations({ pgPool: pool, logger: new Logger(() => (level, message) => retell(level, message, log)) })
  } finally {
    await pool.end()
  }
}

function retell(level: LogLevel, message: string, log: DatabaseLog): void {
  const fields = { from: 'graphile-worker' }
  if (level === 'error') log.error(fields, message)
  else if (level === 'warning') log.warn(fields, message)
  else log.debug(fields, message)
}
