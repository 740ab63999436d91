import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One numbered SQL file. Append-only: once a release holds it, it is never edited, and what it did is undone by a later one. */
export interface Migration {
  readonly number: number
  /** The file's name: `0001_init.sql`. */
  readonly name: string
  readonly sql: string
  /** SHA-256 of the text with unix line ends, in hex. */
  readonly checksum: string
}

export const migrationsFolder = join(import.meta.dirname, 'migrations')

/**
 * The migrations of a folder in order.
 *
 * @throws Error where a name has another form, a number is missing or taken twice
 */
export function readMigrations(folder: string = migrationsFolder): Migration[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  return names.map((name, index) => {
    const number = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1])
    if (number !== index + 1)
      throw new Error(`migrations are numbered without gaps, as 0001_name.sql: found ${name} where number ${index + 1} is due`)
    const sql = readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n')
    return { number, name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
  })
}
