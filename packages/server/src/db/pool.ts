import pg from 'pg'
import type { DatabaseLog } from './log.ts'

/** How to reach a database: in parts (the built-in PostgreSQL, through its socket's folder) or as a URL (DATABASE_URL). */
export type DatabaseAddress = ConnectionParts | { readonly connectionString: string }

export interface ConnectionParts {
  /** A host name, or the absolute path of the folder with the unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

export interface PoolOptions {
  /** What pg_stat_activity shows: `keyward control`, `keyward gateway`, … */
  readonly name: string
  /** All pools of one process together stay well below the server's limit (60 built in). */
  readonly connectionsMax: number
  readonly log: DatabaseLog
  /**
   * `exact` (default): bigint columns are `bigint`, dates are text, so that no nano-dollar and no day is lost on the way.
   * `plain`: the driver's own types (bigint columns are text), for libraries that expect them, such as graphile-worker.
   */
  readonly types?: 'exact' | 'plain'
  /** A statement that runs longer is cancelled by the server. Zero: no bound. */
  readonly statementMsMax?: number
}

/** No statement of Keyward's is meant to take longer; what takes longer is a mistake that holds locks. */
const statementMsMax = 30_000
/** A socket on this machine answers in milliseconds, a far database in one second; a restart of the built-in one takes under five. */
const connectMsMax = 5_000
/** Short enough to follow a failover, long enough not to reconnect (5 ms of SCRAM) between requests. */
const idleMsMax = 60_000

/**
 * A pool of connections that survives the server's restarts: a broken connection is logged and replaced, never an uncaught error.
 * Queries that were running fail with the driver's error; the caller knows whether they can be repeated.
 */
export function createPool(address: DatabaseAddress, options: PoolOptions): pg.Pool {
  const { log } = options
  const pool = new pg.Pool({
    ...address,
    max: options.connectionsMax,
    application_name: options.name,
    connectionTimeoutMillis: connectMsMax,
    idleTimeoutMillis: idleMsMax,
    statement_timeout: options.statementMsMax ?? statementMsMax,
    keepAlive: true,
    types: options.types === 'plain' ? pg.types : exactTypes,
  })
  const lost = (error: Error) => log.warn({ pool: options.name, code: codeOf(error) }, `a database connection was lost: ${error.message}`)
  pool.on('error', lost)
  // An error on a connection that is in use comes here too; its query fails with it, so it is only kept from being uncaught.
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

const int8 = 20
const int8Array = 1016
const date = 1082

const exactTypes: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary') {
      if (oid === int8) return BigInt
      if (oid === int8Array)
        return (text: string) =>
          text === '{}'
            ? []
            : text
                .slice(1, -1)
                .split(',')
                .map((one) => (one === 'NULL' ? null : BigInt(one)))
      if (oid === date) return (text: string) => text
    }
    return pg.types.getTypeParser(oid, format as 'text')
  },
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
