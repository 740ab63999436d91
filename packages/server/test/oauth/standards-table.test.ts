import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/* docs/standards.md is true as far as a program can tell: what it cites is there, and what proves a section is cited. */

const page = fileURLToPath(new URL('../../../../docs/standards.md', import.meta.url))
const text = readFileSync(page, 'utf8')
const here = dirname(fileURLToPath(import.meta.url))

/** `[name]: path` at the end of the page. */
const files = new Map(
  [...text.matchAll(/^\[([a-z0-9-]+)\]: (\S+)$/gm)].map(([, name = '', path = '']) => [name, join(dirname(page), path)]),
)
/** `[name] “test”`; a name that is not written out ends in an ellipsis. */
const cited = [...text.matchAll(/\[([a-z0-9-]+)\] “([^”]+)”/g)].map(([, file = '', name = '']) => ({ file, name }))

/** Whether a test, or a case of one, is called so: its name opens an argument or a row. */
function hasTest(source: string, name: string): boolean {
  const begins = name.endsWith('…') ? name.slice(0, -1) : name
  const escaped = begins.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`[([]\\s*(['"\`])${escaped}${name.endsWith('…') ? '' : '\\1'}`).test(source)
}

test('every test that docs/standards.md cites is in the file that it names', () => {
  expect(cited.length).toBeGreaterThan(100)
  const sources = new Map([...files].map(([name, path]) => [name, readFileSync(path, 'utf8')]))
  const missing = cited.filter(({ file, name }) => !hasTest(sources.get(file) ?? '', name))
  expect(missing).toEqual([])
})

test('every file that the page names is cited, and every file of tests for standards is named', () => {
  const used = new Set(cited.map(({ file }) => file))
  expect([...files.keys()].filter((name) => !used.has(name))).toEqual([])
  const own = readdirSync(here).filter((name) => /^standards-.*\.test\.ts$/.test(name) && name !== 'standards-table.test.ts')
  expect(own.filter((name) => !files.has(name.replace('.test.ts', '')))).toEqual([])
})

test('every row of a table has its proof', () => {
  const rows = text.split('\n').filter((line) => /^\| (?!section \||---)/.test(line))
  expect(rows.length).toBeGreaterThan(60)
  expect(rows.filter((row) => !/\[[a-z0-9-]+\] “/.test(row.split('|').at(-2) ?? ''))).toEqual([])
})
