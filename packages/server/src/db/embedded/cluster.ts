import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { DatabaseLog } from '../log.ts'
import { type Account, canReach } from './account.ts'
import type { Binaries } from './binaries.ts'
import { EmbeddedPostgresError, explain } from './errors.ts'
import { finish, type RunAs } from './run.ts'
import { accessRules, databaseName, roleName, superuserName } from './settings.ts'

/** A PostgreSQL data folder that is ready to be served. */
export interface Cluster {
  /** Absolute, without symbolic links. */
  readonly folder: string
  /** What the server is told as its data folder; see `asSeenBy`. */
  readonly folderForServer: string
  readonly password: string
}

/**
 * Opens the data folder `home`/data, and makes it first where there is none: aside, then renamed, so that a start that was killed
 * leaves nothing half made. Where the password file was lost, a new password is set.
 *
 * @throws EmbeddedPostgresError init_failed, unreachable, disk_full, …
 */
export async function openCluster(
  home: string,
  binaries: Binaries,
  account: Account,
  mayCreateDatabases: boolean,
  log: DatabaseLog,
): Promise<Cluster> {
  const folder = join(home, 'data')
  const passwordFile = join(home, 'password')
  for (const name of readdirSync(home)) if (name.startsWith('making-')) rmSync(join(home, name), { recursive: true, force: true })
  let password = existsSync(passwordFile) ? readFileSync(passwordFile, 'utf8').trim() : ''
  const isNew = !existsSync(folder)
  if (isNew) {
    const started = performance.now()
    password = newPassword()
    await make(home, folder, passwordFile, password, binaries, account, mayCreateDatabases)
    log.info({ folder, took_ms: Math.round(performance.now() - started) }, 'made a PostgreSQL database')
  } else if (password === '') {
    password = newPassword()
    const as = { account, dataFolder: realpathSync(folder) }
    await alone(binaries, as, `alter role ${roleName} password '${password}';\n`)
    save(passwordFile, password)
    log.warn({ folder }, 'the password of the built-in PostgreSQL was missing, so a new one was set')
  }
  const real = realpathSync(folder)
  return { folder: real, folderForServer: asSeenBy(account, real), password }
}

/**
 * Root's folders (a home of mode 0700) can't be entered by the account that runs the server. A process may stay in a folder
 * that it was started in, though: Node enters it before it drops its privileges, and Linux names it /proc/self/cwd. All that
 * PostgreSQL does with its data folder is relative to that name, and nothing has to be moved or opened up.
 *
 * @throws EmbeddedPostgresError unreachable, on systems without /proc
 */
function asSeenBy(account: Account, folder: string): string {
  if (canReach(account, folder)) return folder
  if (process.platform === 'linux' && existsSync('/proc/self/cwd')) return '/proc/self/cwd'
  throw new EmbeddedPostgresError(
    'unreachable',
    `PostgreSQL can not run as root, and account ${account.uid} may not enter the folders above ${folder}.`,
    'start Keyward as an ordinary user, set KEYWARD_DATA to a folder that this account can reach, or set DATABASE_URL to another PostgreSQL.',
  )
}

async function make(
  home: string,
  folder: string,
  passwordFile: string,
  password: string,
  binaries: Binaries,
  account: Account,
  mayCreateDatabases: boolean,
) {
  const aside = mkdtempSync(join(home, 'making-'))
  if (account.drop) chownSync(aside, account.uid, account.gid)
  const as: RunAs = { account, dataFolder: realpathSync(aside) }
  const options = [
    '--username',
    superuserName,
    '--auth',
    'reject',
    '--encoding',
    'UTF8',
    '--locale-provider',
    'builtin',
    '--builtin-locale',
    'C.UTF-8',
    '--locale',
    'C',
    '--no-instructions',
  ]
  const initdb = await finish(binaries.initdb, ['-D', asSeenBy(account, as.dataFolder), ...options], as)
  if (initdb.code !== 0)
    throw explain(initdb.lines, {
      code: 'init_failed',
      problem: `initdb could not make the database (exit ${initdb.code}).`,
      fix: 'read what it said, or set DATABASE_URL to another PostgreSQL.',
    })
  overwrite(join(aside, 'pg_hba.conf'), accessRules)
  const attributes = mayCreateDatabases ? 'login createdb' : 'login'
  // One statement a line, as single-user mode reads them. pg_monitor: `doctor` and metrics read the server's statistics.
  await alone(
    binaries,
    as,
    `create role ${roleName} ${attributes} password '${password}';
grant pg_monitor to ${roleName};
alter role ${roleName} set log_min_messages = 'log';
create database ${databaseName} owner ${roleName};
`,
  )
  save(passwordFile, password)
  renameSync(aside, folder)
  syncFolder(home)
}

/** Runs statements as superuser with no server, in PostgreSQL's single-user mode: the first failure ends it. */
async function alone(binaries: Binaries, as: RunAs, statements: string): Promise<void> {
  const args = [
    '--single',
    '-D',
    asSeenBy(as.account, as.dataFolder),
    '-c',
    'exit_on_error=on',
    '-c',
    'log_min_error_statement=panic',
    superuserName,
  ]
  const { code, lines } = await finish(binaries.postgres, args, as, statements)
  if (code !== 0)
    throw explain(lines, {
      code: 'init_failed',
      problem: `PostgreSQL could not set up its role (exit ${code}).`,
      fix: 'read what it said, or set DATABASE_URL to another PostgreSQL.',
    })
}

function newPassword(): string {
  return randomBytes(24).toString('base64url')
}

/** Replaces the file's text in a folder that belongs to another account: never through a symbolic link. */
function overwrite(path: string, text: string): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW)
  writeSync(file, text)
  fsyncSync(file)
  closeSync(file)
}

function save(path: string, text: string): void {
  const aside = `${path}.new`
  rmSync(aside, { force: true })
  const file = openSync(aside, 'wx', 0o600)
  writeSync(file, `${text}\n`)
  fsyncSync(file)
  closeSync(file)
  renameSync(aside, path)
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  fsyncSync(folder)
  closeSync(folder)
}
