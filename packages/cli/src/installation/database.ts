import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '@keyward/server/config'
import { exitCodes, Failure } from '../failure.ts'

type Pool = ReturnType<typeof import('@keyward/server/db/pool')['createPool']>

/** The database of an installation, opened beside the server: for what only somebody on its machine may do. */
export interface InstallationDatabase {
  readonly pool: Pool
  /** The built-in PostgreSQL, which one process alone can have: nothing else of Keyward runs. */
  readonly embedded: boolean
  close(): Promise<void>
}

/**
 * Opens the database that `npm start` would use here. Never makes one.
 * @throws Failure where there is no installation, or Keyward has its built-in database open
 */
export async function openInstallationDatabase(config: Config): Promise<InstallationDatabase> {
  const [{ createPool }, { silentLog }] = await Promise.all([import('@keyward/server/db/pool'), import('@keyward/server/db/log')])
  const options = { name: 'keyward cli', connectionsMax: 4, log: silentLog, statementMsMax: 0 }
  if (config.databaseUrl !== undefined) {
    const pool = createPool({ connectionString: config.databaseUrl }, options)
    return refuseEmpty({ pool, embedded: false, close: () => pool.end() })
  }
  if (!existsSync(join(config.dataFolder, 'postgres', 'data')))
    throw new Failure(exitCodes.refused, `There is no installation in ${config.dataFolder}`, {
      fix: 'Name its data folder with KEYWARD_DATA.',
    })
  const [{ startEmbedded }, { EmbeddedPostgresError }] = await Promise.all([
    import('@keyward/server/db/embedded'),
    import('@keyward/server/db/embedded/errors'),
  ])
  try {
    const server = await startEmbedded({ dataFolder: config.dataFolder, log: silentLog })
    const pool = createPool(server.connection, options)
    const close = async () => {
      await pool.end()
      await server.stop()
    }
    return refuseEmpty({ pool, embedded: true, close })
  } catch (error) {
    if (!(error instanceof EmbeddedPostgresError)) throw error
    if (error.code === 'in_use')
      throw new Failure(exitCodes.refused, 'Keyward is running, and has its built-in database open', {
        fix: 'Stop it first; start it again afterwards.',
        cause: error,
      })
    throw new Failure(exitCodes.refused, error.message.split('\n')[0] ?? error.code, { fix: error.fix, cause: error })
  }
}

async function refuseEmpty(database: InstallationDatabase): Promise<InstallationDatabase> {
  try {
    const { rows } = await database.pool.query<{ count: string }>('select count(*)::text as count from installation')
    if (rows[0]?.count === '1') return database
    throw new Failure(exitCodes.refused, 'This database holds no installation of Keyward', { fix: 'Check DATABASE_URL and KEYWARD_DATA.' })
  } catch (error) {
    await database.close()
    if (error instanceof Failure) throw error
    const why = error instanceof Error ? error.message : String(error)
    throw new Failure(exitCodes.refused, `The database can't be read: ${why}`, {
      fix: 'Check DATABASE_URL and KEYWARD_DATA.',
      cause: error,
    })
  }
}

/** Nodes of this installation that were heard in the last ten seconds. */
export async function livingNodes(database: InstallationDatabase): Promise<string[]> {
  const { rows } = await database.pool.query<{ host: string }>(
    "select host from nodes where stopped_at is null and heard_at > clock_timestamp() - interval '10 seconds' order by host",
  )
  return rows.map((row) => row.host)
}
