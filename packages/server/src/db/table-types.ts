import type pg from 'pg'

/*
 * Generates tables.ts from the catalogs, so that the types are the schema: whoever adds a migration runs `npm run golden`.
 * A text column under a `check (column in (…))` becomes a union of those words.
 */

interface Column {
  readonly table: string
  readonly column: string
  readonly type: string
  readonly nullable: boolean
  readonly has_default: boolean
  readonly generated: boolean
  readonly check: string | null
}

const columnsQuery = `
select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
  a.atthasdef or a.attidentity <> '' as has_default, a.attgenerated <> '' or a.attidentity = 'a' as generated,
  (select pg_get_constraintdef(k.oid) from pg_constraint k
   where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum] and pg_get_constraintdef(k.oid) like 'CHECK ((% = ANY (ARRAY[%' limit 1) as check
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
where n.nspname = 'public' and c.relkind in ('r', 'p', 'v') and not c.relispartition and a.attnum > 0 and not a.attisdropped
order by c.relname collate "C", a.attnum`

/** How a column's type reads, and what it takes where that differs. */
const plainTypes: Readonly<Record<string, string>> = {
  text: 'string',
  boolean: 'boolean',
  smallint: 'number',
  integer: 'number',
  real: 'number',
  'double precision': 'number',
  bytea: 'Buffer',
  uuid: 'string',
  date: 'string',
  numeric: 'string',
  tsvector: 'string',
  bigint: 'Int8',
  'timestamp with time zone': 'Timestamp',
  jsonb: 'Json',
}

/**
 * @param client a connection to a migrated database
 * @returns the text of tables.ts
 * @throws Error for a column type that has no TypeScript type here
 */
export async function tableTypes(client: pg.Client): Promise<string> {
  const { rows } = await client.query<Column>(columnsQuery)
  const tables = Map.groupBy(rows, (row) => row.table)
  const interfaces = [...tables].map(([table, columns]) => `export interface ${interfaceName(table)} {\n${columns.map(line).join('')}}\n`)
  const index = [...tables.keys()].map((table) => `  ${table}: ${interfaceName(table)}\n`)
  return `${head}\n${interfaces.join('\n')}\n/** Every table, by its name in SQL. */\nexport interface Tables {\n${index.join('')}}\n`
}

const head = `// Generated from the migrations by \`npm run golden\`. Do not edit.

import type { ColumnType, GeneratedAlways } from 'kysely'

/** A column with a default: it may be left out of an insert. */
export type Generated<T> =
  T extends ColumnType<infer S, infer I, infer U> ? ColumnType<S, I | undefined, U> : ColumnType<T, T | undefined, T>

/** A bigint column: money in nano-dollars, counters. */
export type Int8 = ColumnType<bigint, bigint | number, bigint | number>
export type Timestamp = ColumnType<Date, Date | string, Date | string>
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }
/** A jsonb column: read as a value, written as JSON text, because the driver takes a JavaScript array for an SQL one. */
export type Json = ColumnType<JsonValue, string, string>
`

function line(column: Column): string {
  const type = `${typeOf(column)}${column.nullable ? ' | null' : ''}`
  const wrapped = column.generated ? `GeneratedAlways<${type}>` : column.has_default ? `Generated<${type}>` : type
  const text = `  ${column.column}: ${wrapped}\n`
  if (text.length <= lineCharsMax + 1) return text
  return `  ${column.column}:\n${wrapped
    .split(' | ')
    .map((word) => `    | ${word}\n`)
    .join('')}`
}

/** As in biome.json, so that the formatter leaves the file alone. */
const lineCharsMax = 140

function typeOf({ table, column, type, check }: Column): string {
  const element = type.replace(/\[\]$/, '')
  const known = plainTypes[element]
  if (!known) throw new Error(`${table}.${column} has the type ${type}: say in table-types.ts what it is in TypeScript`)
  const words = check && known === 'string' ? [...check.matchAll(/'((?:[^']|'')*)'::text/g)].map((match) => `'${match[1]}'`) : []
  const named = words.length > 0 ? words.join(' | ') : known
  if (element === type) return named
  return words.length > 0 ? `(${named})[]` : `${named}[]`
}

function interfaceName(table: string): string {
  return `${table
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Table`
}
