/** SQLSTATE of an error that the server itself answered; undefined where the connection failed and nobody knows what happened. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^[0-9A-Z]{5}$/.test(error.code) &&
    'severity' in error
    ? error.code
    : undefined
}

/**
 * The server refused the content of a statement (data exceptions, constraints, limits of a row) and rolled it back.
 * Classes 22, 23 and 54 of PostgreSQL's appendix A. Class 57 (shutdown), 53 (disk full) and 08 are nobody's content.
 */
export function isRefusal(error: unknown): boolean {
  const state = sqlState(error)
  return state !== undefined && /^(?:22|23|54)/.test(state)
}

/** Serialization failure, deadlock, or waiting too long for a lock: rolled back, and the same again may succeed. */
export function isPassing(error: unknown): boolean {
  const state = sqlState(error)
  return state === '40001' || state === '40P01' || state === '55P03'
}
