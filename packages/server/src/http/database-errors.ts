import { KeywardError } from '@keyward/contract/errors'

/**
 * What a caller may know of an error of the database that no statement foresaw. Names of tables and values stay in the log (`cause`).
 * @returns undefined where it is a mistake of ours
 */
export function knownDatabaseError(error: unknown): KeywardError | undefined {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  if (code === undefined) {
    // pg-pool has no code for a pool that is full or ended.
    const isPool =
      error instanceof Error && /timeout exceeded when trying to connect|Connection terminated|Cannot use a pool after/.test(error.message)
    return isPool ? new KeywardError('temporarily-unavailable', undefined, { cause: error }) : undefined
  }
  if (temporary.some((prefix) => code.startsWith(prefix))) return new KeywardError('temporarily-unavailable', undefined, { cause: error })
  if (code === '23505') return new KeywardError('conflict', 'Somebody made the same thing at the same time', { cause: error })
  if (code === '23503')
    return new KeywardError('conflict', 'Something that this refers to was just changed by somebody else', { cause: error })
  return undefined
}

/**
 * SQLSTATE classes (PostgreSQL appendix A): 08 connection, 40 rollback (deadlock, serialization), 53 out of something, 55P03 lock timeout,
 * 57 operator (shutdown, cancelled statement), 25006 read-only standby; and the socket errors of Node.
 */
const temporary = ['08', '40', '53', '55P03', '57', '25006', 'ECONN', 'EPIPE', 'ETIMEDOUT', 'ENOENT', 'EHOSTUNREACH', 'ENOTFOUND'] as const
