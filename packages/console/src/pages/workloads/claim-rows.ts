import type { ClaimCondition, ClaimConditions } from '@keyward/contract/identities'

/** How a claim is compared: exactly, with one of several, by its beginning, or as a list that has it. */
export type How = 'is' | 'one_of' | 'prefix' | 'contains'

/** A condition as it is being written. */
export interface ClaimRow {
  readonly id: string
  readonly name: string
  readonly how: How
  /** Of `one_of`, the values between commas. */
  readonly value: string
}

export function newRow(name = '', value = '', how: How = 'is'): ClaimRow {
  return { id: crypto.randomUUID(), name, how, value }
}

const isWhole = (row: ClaimRow) => row.name.trim() !== '' && row.value.trim() !== ''

/** What is written whole, as the API takes it. Issuers differ in whether ids are numbers, so Keyward compares what reads the same. */
export function claimsOf(rows: readonly ClaimRow[]): ClaimConditions {
  return Object.fromEntries(rows.filter(isWhole).map((row) => [row.name.trim(), conditionOf(row)]))
}

function conditionOf({ how, value }: ClaimRow): ClaimCondition {
  const text = value.trim()
  if (how === 'prefix') return { prefix: text }
  if (how === 'contains') return { contains: text }
  if (how === 'is') return text
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
}

/** Names that stand there twice: only one of them could count. */
export function doubledNames(rows: readonly ClaimRow[]): readonly string[] {
  const names = rows.filter(isWhole).map((row) => row.name.trim())
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))]
}

/** What a claim is to be, exactly; empty where nothing is asked, undefined where it is asked for in another way. */
export function textOf(rows: readonly ClaimRow[], name: string): string | undefined {
  const row = rows.find((one) => one.name.trim() === name)
  if (row === undefined) return ''
  return row.how === 'is' ? row.value : undefined
}

/** The rows with a claim asked for exactly, or no more where the text is empty. */
export function withText(rows: readonly ClaimRow[], name: string, text: string): readonly ClaimRow[] {
  const rest = rows.filter((row) => row.name.trim() !== name)
  if (text === '') return rest
  const there = rows.find((row) => row.name.trim() === name)
  if (there === undefined) return [...rest, newRow(name, text)]
  return rows.map((row) => (row === there ? { ...row, how: 'is' as const, value: text } : row))
}

/** A condition in words: `"main"`, `one of "a", "b"`, `begins with "x"`. */
export function conditionWords(condition: ClaimCondition): string {
  if (Array.isArray(condition)) return condition.length === 1 ? String(condition[0]) : `one of ${condition.join(', ')}`
  if (typeof condition !== 'object') return String(condition)
  return 'prefix' in condition ? `begins with ${condition.prefix}` : `has ${condition.contains}`
}
