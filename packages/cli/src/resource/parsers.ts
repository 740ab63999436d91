import { wrongUsage } from '../failure.ts'

/** Makes the value of a body field from what was typed after a flag. Throws Failure (usage) that names the flag. */
export type Parser = (text: string, flag: string) => unknown

export const text: Parser = (typed) => typed

export const list: Parser = (typed, flag) => {
  const items = typed.split(',').map((one) => one.trim())
  if (items.some((one) => one === '')) throw wrongUsage(`${flag}: a list is written a,b,c`)
  return items
}

export const integer: Parser = (typed, flag) => {
  if (!/^\d{1,15}$/.test(typed)) throw wrongUsage(`${flag}: "${typed}" is not a whole number`)
  return Number(typed)
}

/** `a=1,b=2` as an object of texts. */
export const pairs: Parser = (typed, flag) => {
  const entries = typed.split(',').map((one) => {
    const at = one.indexOf('=')
    if (at < 1) throw wrongUsage(`${flag}: pairs are written name=value,name=value`)
    return [one.slice(0, at).trim(), one.slice(at + 1).trim()] as const
  })
  return Object.fromEntries(entries)
}

export function oneOf(choices: readonly string[]): Parser {
  return (typed, flag) => {
    if (!choices.includes(typed)) throw wrongUsage(`${flag}: "${typed}" is not one of ${choices.join(', ')}`)
    return typed
  }
}

export function someOf(choices: readonly string[]): Parser {
  return (typed, flag) => {
    const items = list(typed, flag) as string[]
    for (const one of items) oneOf(choices)(one, flag)
    return items
  }
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** A time to come: RFC 3339, a date, or how long from now (`90d`, `12h`). */
export const futureTime: Parser = (typed, flag) => time(typed, flag, 1)
/** A time that has been: RFC 3339, a date, or how long ago (`24h`, `7d`). */
export const pastTime: Parser = (typed, flag) => time(typed, flag, -1)

function time(typed: string, flag: string, direction: 1 | -1): string {
  const span = /^(\d{1,6})([smhdw])$/.exec(typed)
  const date = span ? new Date(Date.now() + direction * Number(span[1]) * (unitMs[span[2] ?? ''] ?? 0)) : new Date(typed)
  const looksLikeTime = span !== null || /^\d{4}-\d\d-\d\d(?:T.*(?:Z|[+-]\d\d:\d\d))?$/.test(typed)
  if (!looksLikeTime || Number.isNaN(date.getTime()))
    throw wrongUsage(`${flag}: "${typed}" is not a time`, 'Write 2027-01-31, 2027-01-31T12:00:00Z, or a span such as 90d, 12h, 30m.')
  return date.toISOString()
}

/** `bearer`, `header:x-api-key` or `basic:USERNAME`. */
export const injection: Parser = (typed, flag) => {
  if (typed === 'bearer') return { style: 'bearer' }
  if (typed.startsWith('header:')) return { style: 'header', header: typed.slice('header:'.length).toLowerCase() }
  if (typed.startsWith('basic:')) return { style: 'basic', username: typed.slice('basic:'.length) }
  throw wrongUsage(`${flag}: "${typed}" is not one of bearer, header:NAME, basic:USERNAME`)
}

/** `admin`, or `operator:team=own_…,environment=prod`. */
export const roleBinding: Parser = (typed, flag) => {
  const at = typed.indexOf(':')
  if (at === -1) return { role: typed }
  return { role: typed.slice(0, at), ...(pairs(typed.slice(at + 1), flag) as Record<string, string>) }
}
