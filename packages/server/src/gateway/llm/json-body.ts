import { isUtf8 } from 'node:buffer'
import { limits } from '@keyward/contract/limits'
import { Refusal } from '../refusal.ts'

export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject
export interface JsonObject {
  [member: string]: JsonValue
}

/**
 * Reads a body as one JSON object, so that we and the upstream can't read different things in it: valid UTF-8, no byte order mark, bounded
 * nesting, no member twice (RFC 8259 leaves open which one counts). Throws body_invalid.
 */
export function parseJsonObject(body: Buffer): JsonObject {
  if (!isUtf8(body)) throw new Refusal('body_invalid', 'It is not UTF-8.')
  const text = body.toString('utf8')
  const members = countMembers(text)
  let value: JsonValue
  try {
    value = JSON.parse(text) as JsonValue
  } catch {
    throw new Refusal('body_invalid', 'It is not JSON.')
  }
  if (!isObject(value)) throw new Refusal('body_invalid', 'It is not a JSON object.')
  if (keysIn(value) !== members) throw new Refusal('body_invalid', 'A member is repeated.')
  return value
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const quote = 34
const backslash = 92

/** Counts the colons outside strings: as many as there are members. Throws where the nesting is too deep. Says nothing about other syntax. */
function countMembers(text: string): number {
  let members = 0
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case quote:
        i = closingQuote(text, i + 1)
        break
      case 58:
        members += 1
        break
      case 123:
      case 91:
        depth += 1
        if (depth > limits.jsonDepthMax) throw new Refusal('body_invalid', `It is nested deeper than ${limits.jsonDepthMax} levels.`)
        break
      case 125:
      case 93:
        depth -= 1
    }
  }
  return members
}

function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from)
  while (at !== -1) {
    let slashes = 0
    while (text.charCodeAt(at - 1 - slashes) === backslash && at - 1 - slashes >= from) slashes += 1
    if (slashes % 2 === 0) return at
    at = text.indexOf('"', at + 1)
  }
  return text.length
}

function keysIn(value: JsonValue): number {
  let keys = 0
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && item !== null) keys += keysIn(item)
  } else if (typeof value === 'object' && value !== null) {
    for (const key in value) {
      keys += 1
      const member = value[key]
      if (typeof member === 'object' && member !== null) keys += keysIn(member)
    }
  }
  return keys
}

/**
 * The body with a member set. A new member is spliced in behind the opening brace, so that all else stays byte for byte; only where the
 * member is there already (as null, say) the object is written anew.
 */
export function withMember(body: Buffer, parsed: JsonObject, member: string, value: JsonValue): Buffer {
  if (Object.hasOwn(parsed, member)) return Buffer.from(JSON.stringify({ ...parsed, [member]: value }))
  const brace = body.indexOf(123)
  const separator = Object.keys(parsed).length === 0 ? '' : ','
  return Buffer.concat([Buffer.from(`{${JSON.stringify(member)}:${JSON.stringify(value)}${separator}`), body.subarray(brace + 1)])
}
