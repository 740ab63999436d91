import pg from 'pg'
import type { ConnectionParts } from '../../packages/server/src/db/pool.ts'
import { templateName } from './test-server.ts'

/** A migrated database that nobody else uses. */
export interface TestDatabase {
  readonly connection: ConnectionParts
  /** The same as a DATABASE_URL, for processes that a test starts. */
  readonly url: string
  /** Ends every client's connection to it (an autovacuum may be at it, which is the server's own). Its files go with the run's server: dropping it at once would cost a checkpoint (0.36 s). */
  drop(): Promise<void>
}

/** Where the run's server is, set by global-setup.ts: `ConnectionParts` as JSON. */
export const serverVariable = 'KEYWARD_TEST_POSTGRES'

let counter = 0

/** Clones the migrated template (40 ms). One for a test file is usual; take more where tests must not see each other. */
export async function testDatabase(): Promise<TestDatabase> {
  const text = process.env[serverVariable]
  if (!text) throw new Error('no test server: vitest.config.ts needs globalSetup: ./tests/support/global-setup.ts')
  const server = JSON.parse(text) as ConnectionParts
  const database = `t_${process.pid}_${++counter}`
  await asServer(server, `create database ${database} template ${templateName} strategy wal_log`)
  const connection = { ...server, database }
  return {
    connection,
    url: urlOf(connection),
    drop: () =>
      asServer(
        server,
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}' and backend_type = 'client backend'`,
      ),
  }
}

function urlOf({ host, port, user, password, database }: ConnectionParts): string {
  return `postgres://${user}:${encodeURIComponent(password)}@/${database}?host=${encodeURIComponent(host)}&port=${port}`
}

async function asServer(server: ConnectionParts, statement: string): Promise<void> {
  const client = new pg.Client(server)
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
