import { createHash } from 'node:crypto'
import { KeywardError } from '@keyward/contract/errors'
import { type SelectQueryBuilder, type SqlBool, sql } from 'kysely'

/*
 * Lists are read newest first and continued after the last row that was seen (keyset), never by an offset: page 1,000 costs what page 1
 * costs, and a row that is added meanwhile neither repeats nor hides another. The position is exact to the microsecond, which JavaScript's
 * Date is not: it travels as a number of microseconds that PostgreSQL computed.
 */

/** One page of a list, as the API answers it. `next_cursor` is null on the last. */
export interface Page<Item> {
  readonly items: Item[]
  readonly next_cursor: string | null
}

interface ListQuery {
  readonly cursor?: string | undefined
  readonly limit: number
}

interface Position {
  /** Microseconds since the epoch. */
  readonly micros: bigint
  /** Orders rows of the same microsecond. */
  readonly id: string
}

/**
 * Reads one page of `rows`, newest first.
 *
 * @param rows the list with its filters, without an order; each row has its `id`
 * @param table the table (or alias) whose (`at`, `id`) orders the list; also the list's name, so that a cursor of one list is refused by others
 * @param query cursor, limit, and the filters, to which the cursor is bound
 * @param at the column of times, `created_at` where the list does not say otherwise
 * @throws KeywardError `invalid-cursor` where it is not one of ours, or was given with other filters
 */
export async function pageOf<DB, Table extends keyof DB, Row extends { readonly id: string }, Item>(
  rows: SelectQueryBuilder<DB, Table, Row>,
  table: string,
  query: ListQuery,
  show: (row: Row) => Item,
  at = 'created_at',
): Promise<Page<Item>> {
  const { cursor, limit, ...filters } = query
  const digest = digestOf(table, filters)
  const time = sql.ref(`${table}.${at}`)
  const id = sql.ref(`${table}.id`)
  let selected = rows.select(sql<bigint>`(extract(epoch from ${time}) * 1000000)::bigint`.as('page_micros'))
  if (cursor !== undefined) {
    const after = decode(cursor, digest)
    selected = selected.where(sql<SqlBool>`(${time}, ${id}) < (${timestampOf(after.micros)}::timestamptz, ${after.id})`)
  }
  // One row more than is shown tells whether there is a next page.
  const found = await selected
    .orderBy(time, 'desc')
    .orderBy(id, 'desc')
    .limit(limit + 1)
    .$castTo<Row & { readonly page_micros: bigint }>()
    .execute()
  const kept = found.slice(0, limit)
  const last = kept.at(-1)
  return {
    items: kept.map(show),
    next_cursor: last !== undefined && found.length > limit ? encode({ micros: last.page_micros, id: last.id }, digest) : null,
  }
}

/** How many days a list of a table by days looks back at first, and then. */
const recentDays = [2, 32] as const
const dayMs = 86_400_000

/** The part of the table that a reading of it may be kept to. */
export interface TimeBounds {
  readonly since: Date | undefined
  /** Nothing later is on the page. */
  readonly until: Date | undefined
}

/**
 * The same for tables in daily partitions. A query that may look at 400 days locks and plans some five thousand tables and indexes (100 ms,
 * and more locks than a server of default size has), so it is asked of the last days first, and of all only where those do not fill the page.
 *
 * @param rows the list with its filters, kept to these bounds as well; they must stand on each partitioned table that it reads
 */
export async function recentPageOf<DB, Table extends keyof DB, Row extends { readonly id: string }, Item>(
  rows: (bounds: TimeBounds) => SelectQueryBuilder<DB, Table, Row>,
  table: string,
  query: ListQuery & { readonly from?: string | undefined; readonly to?: string | undefined },
  show: (row: Row) => Item,
  at: string,
): Promise<Page<Item>> {
  const { cursor, limit: _, ...filters } = query
  // Microseconds lie within the millisecond that follows.
  const after = cursor === undefined ? undefined : Number(decode(cursor, digestOf(table, filters)).micros / 1_000n) + 1
  const to = query.to === undefined ? undefined : Date.parse(query.to) + 1
  const until = after === undefined ? to : Math.min(after, to ?? after)
  const fromMs = query.from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(query.from)
  const bound = until === undefined ? undefined : new Date(until)
  for (const days of recentDays) {
    const sinceMs = (until ?? Date.now()) - days * dayMs
    if (fromMs >= sinceMs) break
    const page = await pageOf(rows({ since: new Date(sinceMs), until: bound }), table, query, show, at)
    if (page.next_cursor !== null) return page
  }
  return await pageOf(rows({ since: query.from === undefined ? undefined : new Date(fromMs), until: bound }), table, query, show, at)
}

const version = 1
const digestBytes = 8
const idPattern = /^[A-Za-z0-9_.-]{1,100}$/

function encode(position: Position, digest: string): string {
  return Buffer.from(`${version}:${digest}:${position.micros}:${position.id}`).toString('base64url')
}

function decode(cursor: string, digest: string): Position {
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
