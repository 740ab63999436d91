import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { accountFor } from './embedded/account.ts'
import { binariesFor, installed } from './embedded/binaries.ts'
import { openCluster } from './embedded/cluster.ts'
import { explainOwn } from './embedded/errors.ts'
import { lockFolder } from './embedded/lock.ts'
import { databaseName, roleName } from './embedded/settings.ts'
import { socketFolderFor, socketPort } from './embedded/socket.ts'
import { supervise } from './embedded/supervisor.ts'
import { clearTemporary } from './embedded/temporary.ts'
import type { DatabaseLog } from './log.ts'
import type { ConnectionParts } from './pool.ts'

/*
 * The built-in PostgreSQL: a real server of our own, for installations without a DATABASE_URL.
 *
 *   <data folder>/postgres/          0700, or 0710 for the server's group where root gave the server to another account
 *     lock.N                         who has the folder open (embedded/lock.ts)
 *     password                       the role's password, for Keyward alone (0600)
 *     data/                          PostgreSQL's data folder, 0700, the server's account's
 *     socket/                        the only way in, 0700, the server's account's
 */

export interface EmbeddedOptions {
  /** Keyward's data folder (`.keyward`). */
  readonly dataFolder: string
  readonly log: DatabaseLog
  /** Where Keyward is root: the account that runs the server (KEYWARD_PG_USER). Default: `postgres`, else `nobody`. */
  readonly account?: string
  /** May Keyward's role create databases? Only tests need it. */
  readonly mayCreateDatabases?: boolean
  /** PostgreSQL settings that differ from `embedded/settings.ts`. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface EmbeddedPostgres {
  readonly connection: ConnectionParts
  /** The postmaster's pid now: it changes when the server was restarted after a crash. */
  readonly pid: number
  /** Called each time the server is up again after it ended unasked; `downMs` is how long it was away. */
  onRestart(listener: (downMs: number) => void): void
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. Resolves when the process has ended. */
  stop(): Promise<void>
}

/**
 * Starts the built-in PostgreSQL, makes its database on the first start, and keeps it running until `stop()` or the end of this process.
 *
 * @throws EmbeddedPostgresError with what to do about it: in_use, no_binaries, no_account, unreachable, disk_full, …
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { log } = options
  const home = join(options.dataFolder, 'postgres')
  const places = installed()
  const started = performance.now()
  const undo: (() => void)[] = []
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 })
    let onLost = () => {}
    const lock = await lockFolder(home, log, () => onLost())
    undo.push(() => lock.release())
    const account = accountFor(join(home, 'data'), options.account)
    if (account.drop) chownSync(home, 0, account.gid)
    chmodSync(home, account.drop ? 0o710 : 0o700)
    clearTemporary(home)
    const binaries = binariesFor(account, home, log, places)
    undo.push(() => binaries.dispose())
    const cluster = await openCluster(home, binaries, account, options.mayCreateDatabases ?? false, log)
    const socket = socketFolderFor(home, cluster.folder, account)
    undo.push(() => socket.dispose())
    const server = await supervise({ binaries, cluster, socketForServer: socket.forServer, account, settings: options.settings ?? {}, log })
    log.info(
      { folder: cluster.folder, pid: server.pid, uid: account.uid, took_ms: Math.round(performance.now() - started) },
      'the built-in PostgreSQL is up',
    )
    onLost = () => {
      log.error({ folder: home }, 'another Keyward has taken the data folder while this one was paused: the database is stopped here')
      server.abandon()
    }
    return {
      connection: { host: socket.path, port: socketPort, user: roleName, password: cluster.password, database: databaseName },
      get pid() {
        return server.pid
      },
      onRestart: (listener) => server.onRestart(listener),
      async stop() {
        await server.stop()
        for (const step of undo.splice(0).reverse()) step()
      },
    }
  } catch (error) {
    for (const step of undo.reverse()) step()
    throw explainOwn(error, home)
  }
}
