import { KeywardError } from '@keyward/contract/errors'

/** What to tell a caller whose insert or update met a unique index: the field, and what is wrong with it. */
export interface NamedConflict {
  /** JSON pointer into the body. */
  readonly field: string
  readonly message: string
}

/**
 * Runs a statement, and turns the violation of a unique index that is named here into a `conflict` that names the field. The database is
 * asked, not a query before: two that come at once cannot both pass.
 */
export async function naming<T>(conflicts: Readonly<Record<string, NamedConflict>>, statement: () => Promise<T>): Promise<T> {
  try {
    return await statement()
  } catch (error) {
    const named = isUniqueViolation(error) && error.constraint !== undefined ? conflicts[error.constraint] : undefined
    if (named) throw new KeywardError('conflict', `\`${named.field.slice(1)}\` ${named.message}`, { errors: [named], cause: error })
    throw error
  }
}

function isUniqueViolation(error: unknown): error is Error & { readonly constraint?: string } {
  return error instanceof Error && 'code' in error && error.code === '23505'
}

/** @param field JSON pointer into the body */
export function invalid(field: string, message: string): KeywardError {
  return new KeywardError('invalid-request', undefined, { errors: [{ field, message }] })
}
