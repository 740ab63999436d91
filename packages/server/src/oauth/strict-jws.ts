import { limits } from '@keyward/contract/limits'

/** A compact JWS that was taken apart, not yet verified. */
export interface UnverifiedJws {
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
}

/** Why a JWS was refused before its signature was looked at. */
export class MalformedJws extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'MalformedJws'
  }
}

/** Headers that would let the sender choose the key or the rules (RFC 8725 sections 3.10 and 3.2; RFC 7797): never honoured, so refused. */
const refusedHeaders = ['jku', 'x5u', 'x5c', 'crit', 'b64', 'zip']

/**
 * Takes a compact JWS apart with the strictness of RFC 8725: bounded size, exactly three parts, canonical base64url, UTF-8, JSON objects
 * without repeated members, no header that chooses key or rules. `embeddedKey` allows `jwk`, which a DPoP proof needs. Throws MalformedJws.
 */
export function readStrictJws(compact: string, options: { embeddedKey?: boolean } = {}): UnverifiedJws {
  if (compact.length > limits.tokenBytesMax) throw new MalformedJws('is larger than 16 KiB')
  const parts = compact.split('.')
  const [headerPart, payloadPart, signature] = parts
  if (parts.length !== 3 || !headerPart || !payloadPart || !signature) throw new MalformedJws('is not a compact JWS with three parts')
  decode(signature)
  const header = object(headerPart)
  const payload = object(payloadPart)
  for (const name of refusedHeaders) if (name in header) throw new MalformedJws(`has the header ${name}, which is not accepted`)
  if ('jwk' in header && !options.embeddedKey) throw new MalformedJws('has the header jwk, which is not accepted')
  if (typeof header.alg !== 'string' || header.alg === 'none') throw new MalformedJws('is not signed')
  return { header, payload }
}

/** The media type in `typ`, lower case and without `application/`, or undefined (RFC 7515 section 4.1.9). */
export function typeOf(header: Readonly<Record<string, unknown>>): string | undefined {
  return typeof header.typ === 'string' ? header.typ.toLowerCase().replace(/^application\//, '') : undefined
}

function decode(part: string): Buffer {
  if (!/^[A-Za-z0-9_-]+$/.test(part)) throw new MalformedJws('is not base64url')
  const bytes = Buffer.from(part, 'base64url')
  if (bytes.toString('base64url') !== part) throw new MalformedJws('is not canonical base64url')
  return bytes
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function object(part: string): Record<string, unknown> {
  let text: string
  let value: unknown
  try {
    text = utf8.decode(decode(part))
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof MalformedJws) throw error
    throw new MalformedJws('holds a part that is not JSON in UTF-8')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new MalformedJws('holds a part that is not a JSON object')
  if (hasRepeatedMember(text)) throw new MalformedJws('repeats a member name')
  return value as Record<string, unknown>
}

/** True where an object in this (valid) JSON text names a member twice: parsers differ in which one they believe. */
export function hasRepeatedMember(text: string): boolean {
  const open: (Set<string> | undefined)[] = []
  let expectName = false
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '{') {
      open.push(new Set())
      expectName = true
    } else if (char === '[') {
      open.push(undefined)
      expectName = false
    } else if (char === '}' || char === ']') {
      open.pop()
      expectName = false
    } else if (char === ',') expectName = open.at(-1) !== undefined
    else if (char === ':') expectName = false
    else if (char === '"') {
      const start = i
      for (i++; text[i] !== '"'; i++) if (text[i] === '\\') i++
      const names = open.at(-1)
      if (expectName && names) {
        const name = JSON.parse(text.slice(start, i + 1)) as string
        if (names.has(name)) return true
        names.add(name)
      }
    }
  }
  return false
}
