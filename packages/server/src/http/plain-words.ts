import { type FieldError, KeywardError } from '@keyward/contract/errors'
import type { z } from 'zod'
import { jsonPointerToken } from './strict-json.ts'

/** Where the checked value stood in the request; decides how a field is named. */
export type Place = 'body' | 'query'

const errorsMax = 50

/**
 * Parses with a schema of the contract.
 * @throws KeywardError `invalid-request` with an entry a field, each in words that say what to send
 */
export function parseRequest<T extends z.ZodType>(schema: T, value: unknown, place: Place): z.output<T> {
  const result = schema.safeParse(value, { error: wordsOf })
  if (result.success) return result.data
  const errors = result.error.issues.flatMap((issue) => fieldErrors(issue, [], place)).slice(0, errorsMax)
  throw new KeywardError('invalid-request', undefined, { errors })
}

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

function fieldErrors(issue: Issue, above: Path, place: Place): FieldError[] {
  const path = [...above, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: fieldName([...path, key], place), message: 'is not a field of this request: remove it' }))
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    return closest(issue.errors).flatMap((inner) => fieldErrors(inner, path, place))
  }
  if (issue.code === 'invalid_key')
    return [{ field: fieldName(path, place), message: `has a name that ${issue.issues[0]?.message ?? 'is not allowed'}` }]
  return [{ field: fieldName(path, place), message: issue.message }]
}

/** Of several alternatives, the one that the value came nearest to: its errors lie deepest, and are fewest. */
function closest(alternatives: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (issues: readonly Issue[]) => Math.max(0, ...issues.map((issue) => issue.path.length))
  const strange = (issues: readonly Issue[]) => issues.filter((issue) => issue.code === 'unrecognized_keys').length
  const [first = []] = [...alternatives].sort((a, b) => strange(a) - strange(b) || depth(b) - depth(a) || a.length - b.length)
  return first
}

function fieldName(path: Path, place: Place): string {
  const tokens = path.map((part) => jsonPointerToken(String(part)))
  return place === 'body' ? `/${tokens.join('/')}` : `query.${tokens.join('.')}`
}

/** Texts for what the contract's schemas say no word of their own about. */
function wordsOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${withArticle(issue.expected)}`
    case 'invalid_value':
      return issue.input === undefined && issue.values.length > 1
        ? `is required: one of ${issue.values.map(String).join(', ')}`
        : `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`
    case 'too_small':
      return issue.origin === 'string'
        ? `must have at least ${issue.minimum} characters`
        : issue.origin === 'array'
          ? `must have at least ${issue.minimum} entries`
          : `must be at least ${issue.minimum}`
    case 'too_big':
      return issue.origin === 'string'
        ? `must have at most ${issue.maximum} characters`
        : issue.origin === 'array'
          ? `must have at most ${issue.maximum} entries`
          : `must be at most ${issue.maximum}`
    case 'invalid_format':
      return formats[issue.format] ?? 'does not have the right form'
    case 'invalid_union':
      return issue.discriminator === undefined ? 'fits none of the allowed forms' : `needs a known \`${issue.discriminator}\``
    default:
      return undefined
  }
}

const formats: Readonly<Record<string, string>> = {
  url: 'must be an address such as https://api.example.com',
  email: 'must be an e-mail address',
  datetime: 'must be a time such as 2026-01-31T12:00:00Z',
}

function withArticle(type: string): string {
  if (type === 'int') return 'a whole number'
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}
