import type pg from 'pg'
import * as queries from './schema-queries.ts'

/*
 * The schema as one SQL text, from the catalogs, because the built-in PostgreSQL has no pg_dump. It is what a review reads
 * (schema.golden.sql), and it is whole: run in an empty database, it makes one that dumps to the same text.
 * Objects are in the order of their names; partitions are left out, for they come and go with the days.
 */

/**
 * @param client a connection to a migrated database, outside of a transaction
 * @param schema the one schema to dump
 * @throws Error where the schema holds a kind of object that this dump does not know
 */
export async function dumpSchema(client: pg.Client, schema = 'public'): Promise<string> {
  await client.query('begin isolation level repeatable read read only')
  try {
    // The catalogs' own functions leave out the schema of what is in the path, and write times in the session's zone.
    await client.query(`set local search_path = ${client.escapeIdentifier(schema)}`)
    await client.query(`set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres'`)
    return await dump(client, schema)
  } finally {
    await client.query('rollback')
  }
}

const head = `-- The schema that the migrations make. Written by \`npm run golden\`; do not edit.
-- Daily partitions are not part of it.

set check_function_bodies = off;
`

async function dump(client: pg.Client, schema: string): Promise<string> {
  const lines = async (query: string) => (await client.query<{ line: string }>(query, [schema])).rows.map((row) => row.line)
  const unknown = await lines(queries.unknownObjects)
  if (unknown.length > 0) throw new Error(`the schema dump does not know: ${unknown.join(', ')}. Teach schema-queries.ts.`)
  const sections = [
    await lines(queries.extensions),
    await lines(queries.types),
    await lines(queries.sequences),
    spaced(await lines(queries.functionsBeforeTables)),
    await tables(client, schema),
    spaced(await lines(queries.functionsAfterTables)),
    spaced(await lines(queries.views)),
    await lines(queries.foreignKeys),
    await lines(queries.triggers),
    await lines(queries.policies),
    await lines(queries.statistics),
    await lines(queries.privileges),
    await lines(queries.comments),
  ]
  return [head, ...sections.filter((section) => section.length > 0).map((section) => `${section.join('\n')}\n`)].join('\n')
}

/** A table, its constraints (foreign keys come after all tables), then its indexes, as one block each. */
async function tables(client: pg.Client, schema: string): Promise<string[]> {
  const { rows } = await client.query<queries.TableRow>(queries.tables, [schema])
  return spaced(
    rows.map((table) => {
      const inside = [...table.columns, ...table.constraints].map((line) => `  ${line}`).join(',\n')
      const create = `create ${table.unlogged ? 'unlogged ' : ''}table ${table.name} (\n${inside}\n)${table.partition_key ? ` partition by ${table.partition_key}` : ''}${table.options ? ` with (${table.options})` : ''};`
      return [create, ...table.indexes.map((line) => `${line};`)].join('\n')
    }),
  )
}

/** An empty line between blocks of several lines. */
function spaced(blocks: readonly string[]): string[] {
  return blocks.map((block, index) => (index < blocks.length - 1 ? `${block}\n` : block))
}
