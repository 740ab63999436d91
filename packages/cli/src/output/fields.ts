import { print } from './print.ts'
import { safeLine } from './safe.ts'
import { colorsFor } from './terminal.ts'
import { shown } from './values.ts'

/** One thing with all its fields, a line each; lists of things below, indented. */
export function printFields(thing: Readonly<Record<string, unknown>>): void {
  for (const line of fieldLines(thing, '')) print(line)
}

function fieldLines(thing: Readonly<Record<string, unknown>>, indent: string): string[] {
  const { bold } = colorsFor(process.stdout)
  const entries = Object.entries(thing)
  const plain = entries.filter(([, value]) => !isThings(value))
  const width = Math.max(0, ...plain.map(([name]) => name.length))
  const lines = plain.map(([name, value]) => `${indent}${bold(label(name).padEnd(width))}  ${safeLine(shown(value))}`)
  for (const [name, value] of entries) {
    if (!isThings(value)) continue
    lines.push(`${indent}${bold(label(name))}`)
    for (const [at, one] of value.entries()) {
      if (at > 0) lines.push('')
      lines.push(...fieldLines(one, `${indent}  `))
    }
  }
  return lines
}

function label(name: string): string {
  return name.replaceAll('_', ' ')
}

function isThings(value: unknown): value is Record<string, unknown>[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'object' && one !== null && 'id' in one)
}
