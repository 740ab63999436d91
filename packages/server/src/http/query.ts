import { KeywardError } from '@keyward/contract/errors'
import type { z } from 'zod'
import { parseRequest } from './plain-words.ts'
import { checkText } from './strict-json.ts'

const strict = new WeakMap<z.ZodObject, z.ZodObject>()

/**
 * The query of an address. A name that the route does not know is refused: a mistyped filter must not widen a list.
 * @throws KeywardError `invalid-request`
 */
export function readQuery(schema: z.ZodObject | undefined, address: string): unknown {
  const { searchParams } = new URL(address)
  const values: Record<string, string> = Object.create(null)
  for (const [name, value] of searchParams) {
    if (name in values) throw refused(name, 'stands twice: send it once')
    values[name] = value
  }
  if (!schema) {
    const [unknown] = Object.keys(values)
    if (unknown !== undefined) throw refused(unknown, 'is not a parameter of this address: remove it')
    return undefined
  }
  for (const [name, value] of Object.entries(values)) {
    if (value.includes('\0') || !value.isWellFormed()) checkText(value, `query.${name.slice(0, 60)}`)
  }
  let closed = strict.get(schema)
  if (!closed) {
    closed = schema.strict()
    strict.set(schema, closed)
  }
  return parseRequest(closed, { ...values }, 'query')
}

function refused(name: string, message: string): KeywardError {
  return new KeywardError('invalid-request', undefined, {
    errors: [{ field: `query.${name.toWellFormed().replaceAll('\0', '').slice(0, 60)}`, message }],
  })
}
