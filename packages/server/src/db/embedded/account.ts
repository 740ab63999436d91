import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { EmbeddedPostgresError } from './errors.ts'

/** The account that the PostgreSQL server runs as. `drop` says that Keyward is root and gives it away. */
export interface Account {
  readonly uid: number
  readonly gid: number
  readonly drop: boolean
}

/** Accounts that systems have for this, tried in this order: PostgreSQL's own, macOS's own, the one that owns nothing. */
const accountNames = ['postgres', '_postgres', 'nobody'] as const

/**
 * PostgreSQL refuses to run as root, so root gives it to another account: the one that already owns the database,
 * else the one named (KEYWARD_PG_USER), else the first of `postgres` and `nobody` that exists. An ordinary user keeps its own.
 *
 * @param dataFolder PostgreSQL's data folder, which may not exist yet
 * @throws EmbeddedPostgresError no_account, not_ours
 */
export function accountFor(dataFolder: string, named: string | undefined): Account {
  const owner = ownerOf(dataFolder)
  const uid = process.getuid?.() ?? 0
  const gid = process.getgid?.() ?? 0
  if (uid !== 0) {
    if (owner && owner.uid !== uid)
      throw new EmbeddedPostgresError(
        'not_ours',
        `The database in ${dataFolder} belongs to another account (uid ${owner.uid}).`,
        'start Keyward with the account that created it, or set KEYWARD_DATA to another folder.',
      )
    return { uid, gid, drop: false }
  }
  if (owner && owner.uid !== 0) return { ...owner, drop: true }
  const found = named ? lookUp(named) : accountNames.map(lookUp).find((one) => one !== undefined)
  if (!found || found.uid === 0)
    throw new EmbeddedPostgresError(
      'no_account',
      named
        ? `KEYWARD_PG_USER names ${JSON.stringify(named)}, which is not an ordinary account here.`
        : 'PostgreSQL refuses to run as root, and there is no account to give it to.',
      'start Keyward as an ordinary user, name an ordinary account in KEYWARD_PG_USER, or set DATABASE_URL to another PostgreSQL.',
    )
  return { ...found, drop: true }
}

/**
 * May this account pass through every folder above `path`, and through `path` itself where it is a folder?
 * By mode bits alone, for an account without supplementary groups (a server that drops privileges has none).
 */
export function canReach(account: Account, path: string): boolean {
  if (!account.drop) return true
  for (let at = path; ; at = dirname(at)) {
    const stat = statSync(at)
    const bit = stat.uid === account.uid ? 0o100 : stat.gid === account.gid ? 0o010 : 0o001
    if ((stat.mode & bit) === 0) return false
    if (at === dirname(at)) return true
  }
}

function ownerOf(path: string): { uid: number; gid: number } | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat && { uid: stat.uid, gid: stat.gid }
}

function lookUp(name: string): { uid: number; gid: number } | undefined {
  try {
    const ask = (flag: string) => Number(execFileSync('id', [flag, '--', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
    return { uid: ask('-u'), gid: ask('-g') }
  } catch {
    return undefined
  }
}
