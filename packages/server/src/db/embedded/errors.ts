/** Why the built-in PostgreSQL could not run. Switch on `code`; `message` says what is wrong and how to mend it. */
export type EmbeddedErrorCode =
  | 'in_use'
  | 'no_binaries'
  | 'no_account'
  | 'not_ours'
  | 'unreachable'
  | 'socket_path_too_long'
  | 'wrong_major_version'
  | 'disk_full'
  | 'out_of_memory'
  | 'damaged'
  | 'init_failed'
  | 'start_failed'

export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
  readonly code: EmbeddedErrorCode
  /** What the operator can do, in one sentence. Also the end of `message`. */
  readonly fix: string

  constructor(code: EmbeddedErrorCode, problem: string, fix: string) {
    super(`${problem}\n  Fix: ${fix}`)
    this.code = code
    this.fix = fix
  }
}

interface Explanation {
  readonly pattern: RegExp
  readonly code: EmbeddedErrorCode
  readonly problem: string
  readonly fix: string
}

/** PostgreSQL's own words (lc_messages is C) for what an operator can mend. The first match counts. */
const explanations: readonly Explanation[] = [
  {
    pattern: /No space left on device|Disk quota exceeded/,
    code: 'disk_full',
    problem: 'The built-in PostgreSQL has no room left on its disk.',
    fix: 'free some space, or move the data folder to a larger disk (KEYWARD_DATA), and start Keyward again. Nothing that was acknowledged is lost.',
  },
  {
    pattern:
      /could not (?:map anonymous shared memory|create shared memory segment|resize shared memory segment)|out of memory|Cannot allocate memory/i,
    code: 'out_of_memory',
    problem: 'The built-in PostgreSQL did not get the memory that it needs (about 200 MB).',
    fix: 'give this machine or container more memory (also /dev/shm), or set DATABASE_URL to another PostgreSQL.',
  },
  {
    pattern: /database files are incompatible with server|was initialized by PostgreSQL version/,
    code: 'wrong_major_version',
    problem: 'The database in the data folder was written by another major version of PostgreSQL.',
    fix: 'start the Keyward release that wrote it, run `keyward backup` there, and `keyward restore` here.',
  },
  {
    pattern: /has wrong ownership|has invalid permissions|Permission denied/,
    code: 'not_ours',
    problem: 'The built-in PostgreSQL may not use its own files: they belong to another account, or their mode is wrong.',
    fix: 'start Keyward with the account that created the data folder, or give the folder to this account (chown -R).',
  },
  {
    pattern: /could not look up effective user ID/,
    code: 'no_account',
    problem: 'PostgreSQL does not run for an account without a name, and this user id is not in /etc/passwd (usual in containers).',
    fix: 'add the user id to /etc/passwd in the image, run as one that is there, or set DATABASE_URL to another PostgreSQL.',
  },
  {
    pattern: /Read-only file system/,
    code: 'not_ours',
    problem: 'The data folder is on a file system that can only be read.',
    fix: 'set KEYWARD_DATA to a folder that can be written, or DATABASE_URL to another PostgreSQL.',
  },
  {
    pattern:
      /could not locate a valid checkpoint record|invalid checkpoint record|could not read file "global\/pg_control"|incorrect checksum in control file|invalid page in block/,
    code: 'damaged',
    problem: 'The database files are damaged (a failing disk, or files that were changed or copied while the server ran).',
    fix: 'put the data folder aside and run `keyward restore` with the latest backup.',
  },
]

/**
 * Turns the end of a server that would not start into an error that says what to do.
 * `lines` are the server's last words; they come from PostgreSQL about its own files and hold no data of users.
 */
export function explain(
  lines: readonly string[],
  otherwise: { code: EmbeddedErrorCode; problem: string; fix: string },
): EmbeddedPostgresError {
  const text = lines.join('\n')
  const known = explanations.find((one) => one.pattern.test(text)) ?? otherwise
  const words = lines.length > 0 ? `\n  PostgreSQL said: ${lines.slice(-wordsMax).join(' / ')}` : ''
  return new EmbeddedPostgresError(known.code, known.problem + words, known.fix)
}

/** Lines of PostgreSQL's own that an error quotes: enough for a cause and its detail. */
const wordsMax = 4

/** The system's refusals of Keyward's own files, in the same words as the server's. Any other error comes back as it is. */
export function explainOwn(error: unknown, folder: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known = explanations.find((one) => one.pattern.test(systemWords[code] ?? ''))
  return known ? new EmbeddedPostgresError(known.code, `${known.problem} (${code} below ${folder})`, known.fix) : error
}

/** errno names in the words of strerror(3), which PostgreSQL uses. */
const systemWords: Readonly<Record<string, string>> = {
  ENOSPC: 'No space left on device',
  EDQUOT: 'Disk quota exceeded',
  EACCES: 'Permission denied',
  EPERM: 'Permission denied',
  EROFS: 'Read-only file system',
  ENOMEM: 'Cannot allocate memory',
}
