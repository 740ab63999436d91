import { type Expression, type SqlBool, sql } from 'kysely'

const wordsMax = 8

/**
 * The condition that a row has every word of `q`, or words that begin so. Words are what PostgreSQL's parser makes of the text with the
 * `simple` configuration, the same as in the `search` columns.
 */
export function matches(table: string, q: string): Expression<SqlBool> {
  const words = q.split(/\s+/u).filter((word) => /[\p{L}\p{N}]/u.test(word))
  if (words.length === 0) return sql<SqlBool>`true`
  const text = words
    .slice(0, wordsMax)
    .map((word) => `'${word.replaceAll('\\', '\\\\').replaceAll("'", "''")}':*`)
    .join(' & ')
  return sql<SqlBool>`${sql.ref(`${table}.search`)} @@ to_tsquery('simple', ${text})`
}
