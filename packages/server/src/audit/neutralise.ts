import { redact } from '../observe/redact.ts'

/** Ids and closed words are under 64 characters; what callers choose (models, correlation ids) may be longer. */
const wordCharsMax = 200
const textCharsMax = 500
const detailsCharsMax = 4_096
const detailsDepthMax = 4
const detailsEntriesMax = 50

/** Control characters, invisible formatting, marks that reorder text, line and paragraph separators, lone surrogates. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu
/** Most values: nothing in them can be unsafe or look like a secret. */
const plain = /^[A-Za-z0-9_.:/ -]{0,63}$/
const replacement = '�'

/** Text that a person may see: without what would reorder, hide or break it, masked where it looks like a secret, and bounded. */
export function safeText(text: string, charsMax: number = textCharsMax): string {
  if (plain.test(text) && !/(?:kw[a-z]_|sk-|eyJ)/.test(text)) return text
  const bounded = text.length > charsMax * 4 ? text.slice(0, charsMax * 4) : text
  const clean = redact(bounded.replace(unsafe, replacement))
  return clean.length > charsMax ? `${clean.slice(0, charsMax - 1).toWellFormed()}…` : clean
}

/** A word or id: as `safeText`, shorter. Undefined and null stay absent. */
export function safeWord(text: string | null | undefined): string | undefined {
  return text === undefined || text === null ? undefined : safeText(text, wordCharsMax)
}

/** Details as they are kept: plain JSON of bounded depth and size, every text in it safe. What is too large is named, not kept. */
export function safeDetails(details: Readonly<Record<string, unknown>> | undefined): unknown {
  if (details === undefined) return undefined
  const kept = safeValue(details, 0)
  const chars = JSON.stringify(kept).length
  return chars <= detailsCharsMax ? kept : { omitted: `details of ${chars} characters` }
}

function safeValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return safeText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'boolean' || value === null) return value
  if (value instanceof Date) return value.toISOString()
  if (typeof value !== 'object' || depth >= detailsDepthMax) return value === undefined ? null : '[omitted]'
  if (Array.isArray(value)) return value.slice(0, detailsEntriesMax).map((one) => safeValue(one, depth + 1))
  // A class instance may hold anything (a Secret prints itself as such, an error its stack): only plain objects are looked into.
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return '[omitted]'
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .slice(0, detailsEntriesMax)
      .map(([key, one]) => [safeText(key, 64), safeValue(one, depth + 1)]),
  )
}
