import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbedded } from '../../packages/server/src/db/embedded.ts'
import { silentLog } from '../../packages/server/src/db/log.ts'
import { migrate } from '../../packages/server/src/db/migrate.ts'
import type { ConnectionParts } from '../../packages/server/src/db/pool.ts'

export interface TestServer {
  readonly connection: ConnectionParts
  /** Ends the server and removes its files. */
  stop(): Promise<void>
}

/** The migrated database that test databases are cloned from. Nobody connects to it. */
export const templateName = 'keyward_template'
const prefix = 'keyward-test-postgres-'

/**
 * A PostgreSQL of its own in a temporary folder, with the migrated template. What a killed run left behind is removed first:
 * the folder's name holds the pid of the run.
 */
export async function startTestServer(): Promise<TestServer> {
  removeAbandoned()
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
  const server = await startEmbedded({ dataFolder: folder, log: silentLog, mayCreateDatabases: true, settings: { max_connections: '200' } })
  const stop = async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await makeTemplate(server.connection)
  } catch (error) {
    await stop()
    throw error
  }
  return { connection: server.connection, stop }
}

async function makeTemplate(connection: ConnectionParts): Promise<void> {
  const client = new pg.Client(connection)
  await client.connect()
  await client.query(`create database ${templateName}`)
  await client.end()
  await migrate({ ...connection, database: templateName }, silentLog)
}

function removeAbandoned(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1])
    if (!Number.isNaN(pid) && !isAlive(pid)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
