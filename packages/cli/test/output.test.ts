import fc from 'fast-check'
import { expect, test } from 'vitest'
import { secretAmong } from '../src/input/secret-argument.ts'
import { csvLine } from '../src/output/csv.ts'
import { safeLine } from '../src/output/safe.ts'
import { type TableColumn, tableLines } from '../src/output/table.ts'
import { cut, widthOf } from '../src/output/width.ts'

const heads: TableColumn[] = [
  { title: 'ID', fit: 'whole' },
  { title: 'NAME', fit: 'cut' },
  { title: 'AMOUNT', fit: 'whole', align: 'right' },
  { title: 'NOTE', fit: 'cut' },
]
const anything = fc.string({ unit: 'grapheme', maxLength: 60 })

test('no line of a table is wider than the terminal, and every row begins with its whole id', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.stringMatching(/^[a-z0-9]{20}$/), anything, fc.nat().map(String), anything), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 20, max: 160 }),
      (rows, columns) => {
        const { heading, lines } = tableLines(heads, rows, columns)
        for (const line of [heading, ...lines]) expect(widthOf(line)).toBeLessThanOrEqual(columns)
        for (const [at, line] of lines.entries()) expect(line.startsWith(rows[at]?.[0] ?? '?')).toBe(true)
      },
    ),
  )
})

test('without a terminal nothing is cut', () => {
  const note = 'x'.repeat(5_000)
  expect(tableLines(heads, [['id', 'name', '1', note]], Number.POSITIVE_INFINITY).lines[0]).toContain(note)
})

test('a text that is cut says so, and is never wider than asked', () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 1, max: 40 }), (text, columns) => {
      const short = cut(text, columns)
      expect(widthOf(short)).toBeLessThanOrEqual(columns)
      if (short !== text) expect(short.endsWith('…')).toBe(true)
    }),
  )
})

test('nothing that steers a terminal or reorders text gets through', () => {
  expect(safeLine('a\u001b[2Jb\u202ec\u0007d\r\ne')).toBe('a\\u{1b}[2Jb\\u{202e}c\\u{7}d\\u{d} e')
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
      expect(safeLine(text)).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u)
    }),
  )
})

test('no cell of a CSV begins a formula; numbers stay numbers', () => {
  for (const evil of ['=1+1', '+cmd', '-2+3', '@SUM(A1)', '\tx', '|calc']) expect(csvLine([evil])).toMatch(/^"?'/)
  expect(csvLine([-5, '-0.25', '+3', true, null, undefined, 'a,b', 'say "x"', 'two\nlines'])).toBe(
    '-5,-0.25,+3,true,,,"a,b","say ""x""","two\nlines"\r\n',
  )
})

test('what follows -- is the program’s own and is not judged', () => {
  const secret = 'sk-FAKE-EXAMPLE-FAKE-EXAMPLE-FAKE'
  expect(secretAmong(['run', '--grant', 'grt_x', '--', 'tool', '--token', secret])).toBeUndefined()
  expect(secretAmong(['run', '--grant', secret, '--', 'tool'])?.exitCode).toBe(2)
  expect(secretAmong(['grant', 'list', '--token', 'x'])?.message).not.toContain('x looks')
})

test('ids, names and addresses are not taken for secrets', () => {
  for (const fine of [
    'cred_01m83tbr54zc7rw23dvf39aq22',
    'sk-learn pipeline',
    'https://api.openai.com',
    'gpt-4o-mini,claude-*',
    'file:/etc/keyward.key',
    '250.00',
  ])
    expect(secretAmong(['credential', 'create', '--name', fine]), fine).toBeUndefined()
})
