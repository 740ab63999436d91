import type { Match } from '../engine/match.ts'
import type { Place } from '../place.ts'

/** An export is parsed for its people up to this size. */
const exportBytesMax = 67_108_864
/** Matches of one document that are attributed; a document of nothing but keys has one author for all. */
const attributedMax = 200
/** Levels of a JSON document that are gone through for messages. */
const depthMax = 12

/**
 * Tells who said it and when, in documents that tell: chat exports of Slack, Teams and Discord, agents' transcripts, mail. A match's place is as
 * it was where the document doesn't say.
 */
export class Attribution {
  readonly #bytes: Uint8Array
  #messages: readonly Message[] | undefined
  #attributed = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  of(match: Match, place: Place): Place {
    if (place.author !== undefined || this.#bytes.length > exportBytesMax || ++this.#attributed > attributedMax) return place
    if (place.what === 'mail') return { ...place, ...fromMail(match, this.#bytes) }
    if (!/\.jsonl?$/i.test(place.path)) return place
    this.#messages ??= collectMessages(this.#bytes).map((record) => ({ record, text: JSON.stringify(record) }))
    return { ...place, ...fromMessages(match, this.#messages) }
  }
}

interface Message {
  readonly record: Record<string, unknown>
  readonly text: string
}

interface Said {
  readonly what?: string
  readonly author?: string
  readonly at?: string
}

function fromMessages(match: Match, messages: readonly Message[]): Said {
  const message = messages.find((one) => one.text.includes(match.secret.slice(0, 40)))?.record
  if (!message) return {}
  const author = authorOf(message)
  const at = timeOf(message.ts ?? message.timestamp ?? message.createdDateTime ?? message.created_at)
  return { what: 'messages', ...(author === undefined ? {} : { author }), ...(at === undefined ? {} : { at }) }
}

function collectMessages(bytes: Uint8Array): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = []
  const visit = (value: unknown, depth: number): void => {
    if (depth > depthMax || typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const one of value) visit(one, depth + 1)
      return
    }
    const record = value as Record<string, unknown>
    if (isMessage(record)) found.push(record)
    else for (const one of Object.values(record)) visit(one, depth + 1)
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  const whole = parsed(text)
  if (whole !== undefined) visit(whole, 0)
  else for (const line of text.split('\n')) if (line.startsWith('{')) visit(parsed(line), 0)
  return found
}

/** The JSON that a text is, or undefined: then there is nobody to name. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Slack: `ts` and `text`; Discord: `author` and `content` with `timestamp`; Teams: `from` and `body` with `createdDateTime`. */
function isMessage(record: Record<string, unknown>): boolean {
  const timed = record.ts !== undefined || record.timestamp !== undefined || record.createdDateTime !== undefined
  return timed && (typeof record.text === 'string' || record.content !== undefined || record.body !== undefined)
}

function authorOf(message: Record<string, unknown>): string | undefined {
  const profile = message.user_profile as { real_name?: unknown } | undefined
  const author = message.author as { name?: unknown; username?: unknown } | undefined
  const from = (message.from as { user?: { displayName?: unknown } } | undefined)?.user?.displayName
  const name = profile?.real_name ?? author?.name ?? author?.username ?? from ?? message.user ?? message.username
  return typeof name === 'string' && name !== '' ? name.slice(0, 200) : undefined
}

function timeOf(value: unknown): string | undefined {
  const seconds =
    typeof value === 'number' ? value : typeof value === 'string' && /^\d{9,11}(?:\.\d+)?$/.test(value) ? Number(value) : undefined
  const date = seconds !== undefined ? new Date(seconds * 1000) : typeof value === 'string' ? new Date(value) : undefined
  return date && !Number.isNaN(date.getTime()) ? date.toISOString() : undefined
}

/** The headers of the message in which the match stands: the last `From:` and `Date:` lines before it. */
function fromMail(match: Match, bytes: Uint8Array): Said {
  const before = `\n${Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(match.start, bytes.byteLength)).toString('latin1')}`
  const author = lastHeader(before, 'From')
  const date = lastHeader(before, 'Date')
  const at = date === undefined ? undefined : timeOf(date)
  return { ...(author === undefined ? {} : { author }), ...(at === undefined ? {} : { at }) }
}

/** Header lines are cut at this length. */
const headerCharsMax = 200

function lastHeader(text: string, name: string): string | undefined {
  const at = text.lastIndexOf(`\n${name}: `)
  if (at < 0) return undefined
  const line = text.slice(at + name.length + 3, at + name.length + 3 + headerCharsMax)
  return line.split(/[\r\n]/)[0]
}
