import { readFileSync } from 'node:fs'
import { matchesGlob } from 'node:path'
import { parse } from 'yaml'
import type { Allowed, Sighting } from '../detection/detection.ts'

export class AllowFileError extends Error {
  override readonly name = 'AllowFileError'
}

interface Entry {
  readonly fingerprint?: string
  readonly detector?: string
  readonly path?: string
  readonly owner: string
  readonly reason: string
  readonly until: string
  used: boolean
}

/**
 * A file of allowances. Each names what it excuses (`fingerprint`, `detector`, `path` as a glob; all that are given must fit), who answers
 * for it (`owner`), why (`reason`) and until when (`until`, a date): a list without ends only ever grows.
 */
export class AllowFile {
  readonly #entries: readonly Entry[]
  readonly #now: Date

  constructor(path: string, now: Date) {
    this.#now = now
    const parsed = parse(readFileSync(path, 'utf8')) as { allow?: unknown } | null
    if (!Array.isArray(parsed?.allow)) throw new AllowFileError(`${path}: begin it with \`allow:\` and a list`)
    this.#entries = parsed.allow.map((one, index) => entryOf(one, `${path}, entry ${index + 1}`))
  }

  allowance(sighting: Sighting, detection: { readonly fingerprint: string; readonly detector: string }): Allowed | undefined {
    for (const entry of this.#entries) {
      if (entry.fingerprint !== undefined && entry.fingerprint !== detection.fingerprint) continue
      if (entry.detector !== undefined && !matchesGlob(detection.detector, entry.detector)) continue
      if (entry.path !== undefined && !matchesGlob(sighting.path, entry.path)) continue
      entry.used = true
      if (this.#isOver(entry)) continue
      return { by: 'file', reason: entry.reason, owner: entry.owner, until: entry.until }
    }
    return undefined
  }

  /** What the file's owners should know: allowances that have ended, and those that excuse nothing any more. */
  remarks(): string[] {
    return this.#entries.flatMap((entry) => {
      const what = entry.fingerprint ?? entry.path ?? entry.detector ?? ''
      if (this.#isOver(entry))
        return [`the allowance of ${entry.owner} for ${what} ended on ${entry.until}: renew it with a reason, or remove it`]
      return entry.used ? [] : [`the allowance of ${entry.owner} for ${what} excuses nothing: remove it`]
    })
  }

  #isOver(entry: Entry): boolean {
    return new Date(`${entry.until}T23:59:59Z`) < this.#now
  }
}

function entryOf(value: unknown, place: string): Entry {
  const entry = (value ?? {}) as Record<string, unknown>
  for (const key of ['owner', 'reason', 'until']) {
    if (entry[key] === undefined || entry[key] === '')
      throw new AllowFileError(`${place}: \`${key}\` is missing; an allowance needs an owner, a reason and an end`)
  }
  const until = entry.until instanceof Date ? entry.until.toISOString().slice(0, 10) : String(entry.until)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(until)) throw new AllowFileError(`${place}: \`until\` must be a date such as 2027-01-31`)
  const named = ['fingerprint', 'detector', 'path'].filter((key) => typeof entry[key] === 'string')
  if (named.length === 0) throw new AllowFileError(`${place}: say what it excuses: \`fingerprint\`, \`detector\` or \`path\``)
  return {
    ...Object.fromEntries(named.map((key) => [key, String(entry[key])])),
    owner: String(entry.owner),
    reason: String(entry.reason),
    until,
    used: false,
  }
}
