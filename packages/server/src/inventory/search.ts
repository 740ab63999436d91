import { type Expression, type Kysely, type SqlBool, sql } from 'kysely'
import type { Tables } from '../db/tables.ts'

const wordsMax = 8

/** How many rows may have the words before a list is walked in its order instead: then they are so dense that a page is soon full. */
const fewMax = 2_000

/**
 * The condition that a row has every word of `q`, or words that begin so. Words are what PostgreSQL's parser makes of the text with the
 * `simple` configuration, the same as in the `search` columns.
 */
export function matches(table: string, q: string): Expression<SqlBool> {
  const words = wordsOf(q)
  return words === undefined ? sql<SqlBool>`true` : sql<SqlBool>`${sql.ref(`${table}.search`)} @@ to_tsquery('simple', ${words})`
}

/** The same for credentials, of which there may be a million: what few have is found first, by the index of words alone. */
export async function matchesCredentials(db: Kysely<Tables>, q: string): Promise<Expression<SqlBool>> {
  const words = wordsOf(q)
  if (words === undefined) return sql<SqlBool>`true`
  const { rows } = await sql<{ id: string }>`select credentials_with_words(${words}, ${fewMax + 1}) as id`.execute(db)
  return rows.length > fewMax ? matches('credentials', q) : sql<SqlBool>`credentials.id = any (${rows.map((row) => row.id)}::text[])`
}

function wordsOf(q: string): string | undefined {
  const words = q.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word))
  if (words.length === 0) return undefined
  return words
    .slice(0, wordsMax)
    .map((word) => `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}':*`)
    .join(' & ')
}
