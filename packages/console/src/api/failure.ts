import type { FieldError } from '@keyward/contract/errors'
import { KeywardApiError, KeywardUnreachableError } from '@keyward/sdk/errors'

/** An error as people see it. */
export interface Failure {
  readonly code: string
  readonly title: string
  readonly fix: string
  readonly correlationId?: string | undefined
  readonly usedBy: readonly { readonly kind: string; readonly id: string; readonly name: string }[]
  readonly fields: readonly FieldError[]
}

/** Something that the page itself found, with what to do about it. */
export class LocalError extends Error {
  readonly fix: string
  readonly fields: readonly FieldError[]

  /** @param fields what is wrong with which field, by its JSON pointer */
  constructor(message: string, fix: string, fields: readonly FieldError[] = []) {
    super(message)
    this.name = 'LocalError'
    this.fix = fix
    this.fields = fields
  }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof KeywardApiError) {
    const wait = error.retryAfterSeconds === undefined ? '' : ` (${error.retryAfterSeconds} s)`
    return {
      code: error.code,
      title: error.errors.length > 0 ? 'Some fields need another value' : error.message,
      fix: error.errors.length > 0 ? 'Each says below what it expects.' : error.fix + wait,
      correlationId: error.correlationId,
      usedBy: error.usedBy,
      fields: error.errors,
    }
  }
  if (error instanceof KeywardUnreachableError)
    return {
      code: error.code,
      title: 'Keyward does not answer',
      fix: 'Check that it runs and that you can reach it, then try again.',
      usedBy: [],
      fields: [],
    }
  if (error instanceof LocalError) return { code: 'local', title: error.message, fix: error.fix, usedBy: [], fields: error.fields }
  const title = error instanceof Error ? error.message : String(error)
  return { code: 'unexpected', title: 'Something went wrong in this page', fix: `Load it again. It says: ${title}`, usedBy: [], fields: [] }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof KeywardApiError && error.code === code
}
