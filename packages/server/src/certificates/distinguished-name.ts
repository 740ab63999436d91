import { type BaseBlock, Constructed, fromBER, ObjectIdentifier } from 'asn1js'
import type { Certificate } from './certificate.ts'

/** Attribute types that have a name in RFC 4514 section 3, and some that tools write besides. */
const types: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  SN: '2.5.4.4',
  SERIALNUMBER: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  STREET: '2.5.4.9',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  T: '2.5.4.12',
  GN: '2.5.4.42',
  UID: '0.9.2342.19200300.100.1.1',
  DC: '0.9.2342.19200300.100.1.25',
  EMAILADDRESS: '1.2.840.113549.1.9.1',
}

/** A name as a list of sets of `type=value`, the most general first, as a certificate has it. */
type DistinguishedName = readonly ReadonlySet<string>[]

/**
 * Reads an RFC 4514 string such as `CN=agent,OU=prod,O=Acme`.
 * @returns undefined where it is none. Values as `#hex` are not taken: nobody can read what they pin
 */
export function parseDistinguishedName(text: string): DistinguishedName | undefined {
  const names: Set<string>[] = []
  for (const part of splitAt(text, ',')) {
    const set = new Set<string>()
    for (const pair of splitAt(part, '+')) {
      const at = pair.indexOf('=')
      const name = pair.slice(0, Math.max(at, 0)).trim().toUpperCase()
      const type = /^\d+(?:\.\d+)+$/.test(name) ? name : types[name]
      const value = at < 0 ? undefined : unescaped(pair.slice(at + 1))
      if (type === undefined || value === undefined || value === '' || set.has(`${type}=${value}`)) return undefined
      set.add(`${type}=${value}`)
    }
    names.unshift(set)
  }
  return names
}

/** True where the whole subject is that name: every part, in that order, to the letter. */
export function hasSubject(certificate: Certificate, text: string): boolean {
  const wanted = parseDistinguishedName(text)
  const subject = subjectOf(certificate)
  if (wanted === undefined || subject === undefined || wanted.length === 0 || wanted.length !== subject.length) return false
  return wanted.every((set, at) => {
    const other = subject[at]
    return other !== undefined && other.size === set.size && [...set].every((one) => other.has(one))
  })
}

function subjectOf({ asn1 }: Certificate): DistinguishedName | undefined {
  const { result } = fromBER(asn1.subject.valueBeforeDecode)
  if (!(result instanceof Constructed)) return undefined
  const names: Set<string>[] = []
  for (const set of result.valueBlock.value) {
    if (!(set instanceof Constructed)) return undefined
    const pairs = new Set<string>()
    for (const pair of set.valueBlock.value) {
      const [type, value] = pair instanceof Constructed ? pair.valueBlock.value : []
      const text = textOf(value)
      if (!(type instanceof ObjectIdentifier) || text === undefined) return undefined
      pairs.add(`${type.getValue()}=${text}`)
    }
    names.push(pairs)
  }
  return names
}

/** A value of one of the string types; with a control character in it, none that could be meant. */
function textOf(value: BaseBlock | undefined): string | undefined {
  const text: unknown = (value?.valueBlock as { value?: unknown } | undefined)?.value
  return typeof text === 'string' && !/\p{Cc}/u.test(text) ? text : undefined
}

function splitAt(text: string, separator: ',' | '+'): string[] {
  const parts: string[] = []
  let from = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at += 1
    else if (text[at] === separator) {
      parts.push(text.slice(from, at))
      from = at + 1
    }
  }
  return [...parts, text.slice(from)]
}

function unescaped(text: string): string | undefined {
  const trimmed = text.replace(/^ +/, '').replace(/(?<!\\) +$/, '')
  if (trimmed.startsWith('#')) return undefined
  const bytes: number[] = []
  for (let at = 0; at < trimmed.length; at++) {
    const char = trimmed[at] ?? ''
    if (char !== '\\') {
      if (/["<>;\p{Cc}]/u.test(char)) return undefined
      const code = trimmed.codePointAt(at) ?? 0
      bytes.push(...Buffer.from(String.fromCodePoint(code)))
      if (code > 0xffff) at += 1
      continue
    }
    const hex = /^[0-9A-Fa-f]{2}/.exec(trimmed.slice(at + 1))?.[0]
    const next = trimmed[at + 1]
    if (hex !== undefined) bytes.push(Number.parseInt(hex, 16))
    else if (next !== undefined && ' "#+,;<=>\\'.includes(next)) bytes.push(next.charCodeAt(0))
    else return undefined
    at += hex === undefined ? 1 : 2
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes))
  } catch {
    return undefined
  }
}
