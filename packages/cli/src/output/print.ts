import { type TableColumn, tableLines } from './table.ts'
import { colorsFor, terminalColumns } from './terminal.ts'

/** Results go to standard output, all else to standard error. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2))
}

/** A remark for people, beside the result. */
export function note(text: string): void {
  process.stderr.write(`${colorsFor(process.stderr).dim(text)}\n`)
}

export function warn(text: string): void {
  process.stderr.write(`${colorsFor(process.stderr).yellow('keyward: warning:')} ${text}\n`)
}

export function printTable(heads: readonly TableColumn[], rows: readonly (readonly string[])[]): void {
  const { heading, lines, leftOut } = tableLines(heads, rows, terminalColumns())
  print(colorsFor(process.stdout).bold(heading))
  for (const line of lines) print(line)
  if (leftOut.length > 0) note(`Left out for want of width: ${leftOut.join(', ').toLowerCase()}. \`--json\` has everything.`)
}
