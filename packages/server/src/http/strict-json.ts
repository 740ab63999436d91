import { KeywardError } from '@keyward/contract/errors'
import { limits } from '@keyward/contract/limits'

/**
 * Reads JSON more strictly than `JSON.parse` (RFC 8259, section 4 leaves repeated members open; two parsers that pick different ones are a
 * way around a check): refuses repeated members, nesting deeper than `limits.jsonDepthMax`, and text that PostgreSQL or UTF-8 cannot hold
 * (U+0000, lone surrogates).
 * @throws KeywardError `invalid-json`, or `invalid-request` naming the member
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new KeywardError('invalid-json', 'The body is not UTF-8')
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new KeywardError('invalid-json', `The body is not JSON${position(error)}`)
  }
  checkStructure(text)
  checkText(value, '')
  return value
}

/** One pass over the tokens of valid JSON (on anything else the expression could take quadratic time): depth and repeated members. */
function checkStructure(text: string): void {
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]:]/gs
  const open: (Set<string> | undefined)[] = []
  let previous = ''
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [found] = match
    if (found === '{' || found === '[') {
      if (open.length >= limits.jsonDepthMax)
        throw new KeywardError('invalid-json', `The body is nested deeper than ${limits.jsonDepthMax}`)
      open.push(found === '{' ? new Set() : undefined)
    } else if (found === '}' || found === ']') open.pop()
    else if (found === ':') {
      const members = open.at(-1)
      if (!members) continue
      const name = unquote(previous)
      if (members.has(name)) throw new KeywardError('invalid-json', `The member ${quote(name)} stands twice in one object`)
      members.add(name)
    }
    previous = found
  }
}

/** Refuses text that cannot be stored as it is. `pointer` is a JSON pointer (RFC 6901). */
export function checkText(value: unknown, pointer: string): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed()) {
      throw new KeywardError('invalid-request', undefined, {
        errors: [
          {
            field: pointer === '' ? '/' : pointer,
            message: 'contains a character that is not text (U+0000 or half a surrogate pair): remove it',
          },
        ],
      })
    }
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      checkText(item, `${pointer}/${index}`)
    })
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      checkText(name, `${pointer}/${jsonPointerToken(name)}`)
      checkText(item, `${pointer}/${jsonPointerToken(name)}`)
    }
  }
}

/** A member's name as a part of a JSON pointer; made well-formed and short, because it is the caller's text. */
export function jsonPointerToken(name: string): string {
  return name.toWellFormed().replaceAll('\0', '\ufffd').slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')
}

function unquote(token: string): string {
  if (!token.includes('\\')) return token
  try {
    return JSON.stringify(JSON.parse(token))
  } catch {
    return token
  }
}

function quote(name: string): string {
  return name.length > 80 ? `${name.slice(0, 80).toWellFormed()}…` : name.toWellFormed()
}

/** V8 names the place, but it also quotes the text, which may hold a secret: only the number is passed on. */
function position(error: unknown): string {
  const at = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined
  return at === undefined ? '' : ` (at character ${at})`
}
