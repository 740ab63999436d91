import { readFileSync } from 'node:fs'
import { wrongUsage } from '../failure.ts'
import { readStdin } from '../input/stdin.ts'
import type { Field } from './definition.ts'

type Body = Record<string, unknown>

export interface BodyOptions {
  readonly body?: string
  readonly clear?: string
  readonly [flag: string]: unknown
}

/** The name under which commander keeps a flag: `backup-owner` → `backupOwner`. */
export function optionName(flag: string): string {
  return flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

export function pathOf(field: Field): string {
  return field.path ?? field.flag.replaceAll('-', '_')
}

/**
 * The body that flags describe, on top of `--body` (a file with a JSON object, or `-`). `current` is what a nested object looks like now, so
 * that changing one of its members leaves the others.
 * @throws Failure (usage) naming what is wrong or missing
 */
export async function bodyFrom(fields: readonly Field[], options: BodyOptions, current: Body = {}): Promise<Body> {
  const body: Body = options.body === undefined ? {} : await readBody(options.body)
  for (const field of fields) {
    const given = options[optionName(field.flag)]
    if (given === undefined) continue
    put(body, pathOf(field), valueGiven(field, given), current)
  }
  for (const flag of clearList(options.clear)) {
    const field = fields.find((one) => one.flag === flag)
    if (field?.clears !== true) {
      const can = fields.flatMap((one) => (one.clears ? [one.flag] : []))
      throw wrongUsage(
        `--clear: "${flag}" can't be emptied`,
        can.length === 0 ? 'Nothing here can be emptied.' : `These can: ${can.join(', ')}`,
      )
    }
    put(body, pathOf(field), null, current)
  }
  return body
}

/** @throws Failure (usage) that lists all required flags that are missing */
export function requireFields(fields: readonly Field[], body: Body): void {
  const missing = fields.filter((field) => field.required && at(body, pathOf(field)) === undefined)
  if (missing.length === 0) return
  const flags = missing.map((field) => `--${field.flag} ${field.value === undefined ? '' : `<${field.value}>`}`.trim())
  throw wrongUsage(`Missing: ${flags.join(', ')}`, 'See --help for what each takes.')
}

function valueGiven(field: Field, given: unknown): unknown {
  const flag = `--${field.flag}`
  if (field.value === undefined) return given === true ? (field.sets ?? true) : given
  if (field.repeats) return (given as string[]).map((one) => field.parse(one, flag))
  return field.parse(String(given), flag)
}

function put(body: Body, path: string, value: unknown, current: Body): void {
  const [head = '', ...rest] = path.split('.')
  const [member] = rest
  if (member === undefined) {
    body[head] = value
    return
  }
  const there = body[head] ?? current[head]
  const object = typeof there === 'object' && there !== null ? { ...there } : {}
  body[head] = { ...object, [member]: value }
}

function at(body: Body, path: string): unknown {
  let value: unknown = body
  for (const part of path.split('.')) value = typeof value === 'object' && value !== null ? (value as Body)[part] : undefined
  return value
}

function clearList(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(',').map((one) => one.trim().replace(/^--/, ''))
}

async function readBody(from: string): Promise<Body> {
  let text: string
  try {
    text = from === '-' ? await readStdin() : readFileSync(from, 'utf8')
  } catch (error) {
    throw wrongUsage(`--body: ${from} can't be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Body
  } catch {
    // Told below, without the text.
  }
  throw wrongUsage(`--body: ${from === '-' ? 'standard input' : from} is not one JSON object`)
}
