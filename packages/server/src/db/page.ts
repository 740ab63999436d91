import { createHash } from 'node:crypto'
import { KeywardError } from '@keyward/contract/errors'
import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely'

/*
 * Lists are read newest first and continued after the last row that was seen (keyset), never by an offset: page 1,000 costs what page 1
 * costs, and a row that is added meanwhile neither repeats nor hides another. The position is exact to the microsecond, which JavaScript's
 * Date is not: it travels as a number of microseconds that PostgreSQL computed.
 */

/** The row that a page ends at: its time in microseconds since the epoch, and what orders rows of the same microsecond. */
export interface PagePosition {
  readonly micros: bigint
  readonly id: string
}

/** What a list was asked for: its filters (of which the cursor holds a digest), where it goes on, and how many rows it may have. */
export interface PageRequest {
  readonly after: PagePosition | undefined
  readonly limit: number
  readonly filters: string
}

interface ListQuery {
  readonly cursor?: string | undefined
  readonly limit: number
}

/**
 * Reads the part of a query that is about paging.
 * @param list name of the list: a cursor of one is refused by every other
 * @throws KeywardError `invalid-cursor` where it is not one of ours, or was given with other filters
 */
export function readPage(list: string, query: ListQuery): PageRequest {
  const { cursor, limit, ...filters } = query
  const digest = digestOf(list, filters)
  return { after: cursor === undefined ? undefined : decode(cursor, digest), limit, filters: digest }
}

/** The column by which `finishPage` knows where a row stands: select it as `position`. */
export function positionOf(at: string): RawBuilder<bigint> {
  return sql<bigint>`(extract(epoch from ${sql.ref(at)}) * 1000000)::bigint`
}

/** The condition that a row comes after the cursor, in descending order of (at, id); true on the first page. */
export function afterCursor(page: PageRequest, at: string, id: string): Expression<SqlBool> {
  if (!page.after) return sql<SqlBool>`true`
  return sql<SqlBool>`(${sql.ref(at)}, ${sql.ref(id)}) < (${timestampOf(page.after.micros)}::timestamptz, ${page.after.id})`
}

/**
 * The page of a query that asked for one row more than the limit (`rowsToAsk`).
 * @param show makes the item of a row
 */
export function finishPage<Row extends { readonly position: bigint; readonly id: string }, Item>(
  page: PageRequest,
  rows: readonly Row[],
  show: (row: Row) => Item,
): { items: Item[]; next_cursor: string | null } {
  const kept = rows.slice(0, page.limit)
  const last = kept.at(-1)
  return {
    items: kept.map(show),
    next_cursor: last !== undefined && rows.length > page.limit ? encode({ micros: last.position, id: last.id }, page.filters) : null,
  }
}

/** One more than is shown tells whether there is a next page. */
export function rowsToAsk(page: PageRequest): number {
  return page.limit + 1
}

const version = 1
const digestBytes = 8
const idPattern = /^[A-Za-z0-9_.-]{1,100}$/

function encode(position: PagePosition, digest: string): string {
  return Buffer.from(`${version}:${digest}:${position.micros}:${position.id}`).toString('base64url')
}

function decode(cursor: string, digest: string): PagePosition {
  const [of, filters, micros = '', id = '', ...more] = Buffer.from(cursor, 'base64url').toString('latin1').split(':')
  const isOurs = of === String(version) && more.length === 0 && /^\d{1,17}$/.test(micros) && idPattern.test(id)
  if (!isOurs || Buffer.from(cursor, 'base64url').toString('base64url') !== cursor) throw new KeywardError('invalid-cursor')
  if (filters !== digest) throw new KeywardError('invalid-cursor', 'The cursor belongs to a list with other filters')
  return { micros: BigInt(micros), id }
}

function digestOf(list: string, filters: object): string {
  const canonical = Object.entries(filters)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([list, canonical]))
    .digest()
    .subarray(0, digestBytes)
    .toString('hex')
}

/** RFC 3339 with all six decimals. */
function timestampOf(micros: bigint): string {
  const seconds = new Date(Number(micros / 1_000_000n) * 1_000).toISOString().slice(0, -5)
  return `${seconds}.${(micros % 1_000_000n).toString().padStart(6, '0')}Z`
}
