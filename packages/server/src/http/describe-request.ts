import type { Route } from '@keyward/contract/route'
import type { SecondOpinion } from '@keyward/contract/second-opinions'
import { sql } from 'kysely'
import type { z } from 'zod'
import type { Database } from '../db/database.ts'

/** One line of what another admin reads: enough for an address or a list of roles, too little for a certificate. */
const valueCharsMax = 400
/** Lines of one request. */
const linesMax = 120

/**
 * A request in words, for whoever decides about it: what it does, to what (with the names of what has an id), and every field that it
 * sends. A field that its schema marks as `writeOnly` is named, and its value left out.
 */
export async function describeRequest(
  db: Database,
  { route, params, query, body }: { readonly route: Route; readonly params: unknown; readonly query: unknown; readonly body: unknown },
): Promise<{ readonly summary: string; readonly details: SecondOpinion['details'] }> {
  const lines = [...linesOf(undefined, params, ''), ...linesOf(undefined, query, ''), ...linesOf(route.body, body, '')]
  const names = await namesOf(db, JSON.stringify([params, body]))
  const details = lines.slice(0, linesMax).map(({ name, value }) => ({ name, value: named(value, names) }))
  if (lines.length > linesMax) details.push({ name: '…', value: `${lines.length - linesMax} further fields` })
  return { summary: route.summary, details }
}

interface Line {
  readonly name: string
  readonly value: string
}

function linesOf(schema: z.ZodType | undefined, value: unknown, name: string): Line[] {
  if (value === undefined) return []
  if (schema !== undefined && isWriteOnly(schema)) return [{ name, value: value === null ? 'none' : '(a secret, not shown)' }]
  if (Array.isArray(value)) {
    if (value.length === 0) return [{ name, value: 'none' }]
    const element = innerOf(schema)?.element
    if (value.every((one) => typeof one !== 'object' || one === null)) return [{ name, value: cut(value.map(plain).join(', ')) }]
    return value.flatMap((one, index) => [{ name: `${name} ${index + 1}`, value: cut(linesOf(element, one, '').map(inOne).join(', ')) }])
  }
  if (typeof value === 'object' && value !== null) {
    const shape = innerOf(schema)?.shape
    return Object.entries(value).flatMap(([key, member]) => linesOf(shape?.[key], member, name === '' ? key : `${name}.${key}`))
  }
  return [{ name, value: cut(plain(value)) }]
}

function inOne({ name, value }: Line): string {
  return `${name} ${value}`
}

interface Definition {
  readonly shape?: Record<string, z.ZodType>
  readonly element?: z.ZodType
  readonly innerType?: z.ZodType
  readonly in?: z.ZodType
}

/** Through `optional`, `nullable`, `default` and the like to what they hold. */
function innerOf(schema: z.ZodType | undefined): Definition | undefined {
  let definition = schema?.def as Definition | undefined
  for (let next = definition?.innerType ?? definition?.in; next !== undefined; next = definition?.innerType ?? definition?.in)
    definition = next.def as Definition
  return definition
}

function isWriteOnly(schema: z.ZodType): boolean {
  if (schema.meta()?.writeOnly === true) return true
  const { innerType, in: first } = schema.def as Definition
  const next = innerType ?? first
  return next !== undefined && isWriteOnly(next)
}

function plain(value: unknown): string {
  if (value === null) return 'none'
  if (value === true) return 'yes'
  if (value === false) return 'no'
  return String(value)
}

function cut(text: string): string {
  return text.length <= valueCharsMax ? text : `${text.slice(0, valueCharsMax)}… (${text.length} characters)`
}

const idPattern = /\b(?:usr|own|idp|iss|wl|res|cred|grt)_[0-9a-hjkmnp-tv-z]{26}\b/g

/** What the ids in a text are called. */
async function namesOf(db: Database, text: string): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(text.match(idPattern) ?? [])]
  if (ids.length === 0) return new Map()
  const { rows } = await sql<{ id: string; name: string }>`
    select id, name from users where id = any(${ids}) union all select id, name from owners where id = any(${ids})
    union all select id, name from identity_providers where id = any(${ids}) union all select id, name from issuers where id = any(${ids})
    union all select id, name from workloads where id = any(${ids}) union all select id, name from resources where id = any(${ids})
    union all select id, name from credentials where id = any(${ids})`.execute(db)
  return new Map(rows.map(({ id, name }) => [id, name]))
}

function named(value: string, names: ReadonlyMap<string, string>): string {
  return value.replaceAll(idPattern, (id) => {
    const name = names.get(id)
    return name === undefined ? id : `${name} (${id})`
  })
}
