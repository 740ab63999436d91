import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * The formats' facts as a little language, apart from the detectors' patterns, so that neither vouches for itself: literal text with
 * `{alphabet:length}`, `{alphabet:least-most}` and `{special}` in it. Everything comes from a seed; nothing here was ever issued.
 */

const digits = '0123456789'
const lower = 'abcdefghijklmnopqrstuvwxyz'
const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
export const alphabets: Readonly<Record<string, string>> = {
  d: digits,
  h: `${digits}abcdef`,
  H: `${digits}ABCDEF`,
  l: lower,
  L: upper,
  n: lower + digits,
  N: upper + digits,
  a: digits + upper + lower,
  w: `${digits}${upper}${lower}_`,
  u: `${digits}${upper}${lower}-_`,
  b: `${digits}${upper}${lower}+/`,
  B: `${upper}234567`,
  t: `${lower}234567`,
  c: 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L',
}

/** A deterministic stream of numbers (mulberry32 over a hash of the seed's text). */
export class Dice {
  #state: number
  constructor(seed: string) {
    this.#state = crc32(seed) | 0
  }
  /** An integer from 0 up to but not including `below`. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below)
  }
  pick<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T
  }
  text(alphabet: string, length: number): string {
    let out = ''
    for (let at = 0; at < length; at++) out += alphabet[this.below(alphabet.length)] ?? ''
    return out
  }
}

export type Part = { readonly literal: string } | { readonly alphabet: string; readonly least: number; readonly most: number } | { readonly special: string }

export function parseShape(shape: string): Part[] {
  const parts: Part[] = []
  let at = 0
  for (const found of shape.matchAll(/\{([a-zA-Z]):(\d+)(?:-(\d+))?\}|\{([a-z][a-z0-9-]+)\}/g)) {
    if (found.index > at) parts.push({ literal: shape.slice(at, found.index) })
    if (found[4] !== undefined) parts.push({ special: found[4] })
    else {
      const alphabet = alphabets[found[1] ?? '']
      if (alphabet === undefined) throw new Error(`unknown alphabet in ${shape}`)
      parts.push({ alphabet, least: Number(found[2]), most: Number(found[3] ?? found[2]) })
    }
    at = found.index + found[0].length
  }
  if (at < shape.length) parts.push({ literal: shape.slice(at) })
  return parts
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** `fake` puts a marker that people (and judgement) know as such into every part that has room for one. */
function special(name: string, dice: Dice, fake: boolean): string {
  const mark = fake ? 'FAKE' : ''
  switch (name) {
    case 'uuid': {
      const head = fake ? 'deadbeef' : dice.text(alphabets.h ?? '', 8)
      return `${head}-${dice.text(alphabets.h ?? '', 4)}-4${dice.text(alphabets.h ?? '', 3)}-${dice.pick(['8', '9', 'a', 'b'])}${dice.text(alphabets.h ?? '', 3)}-${dice.text(alphabets.h ?? '', 12)}`
    }
    case 'jwt': {
      const claims = { iss: `https://id.${fake ? 'example' : dice.text(lower, 8)}.com/`, sub: dice.text(alphabets.a ?? '', 12), aud: 'api', iat: 1767225600, exp: 1798761600, scope: 'read write' }
      return `${base64url({ alg: 'RS256', typ: 'JWT' })}.${base64url(claims)}.${mark}${dice.text(alphabets.u ?? '', 86 - mark.length)}`
    }
    case 'bedrock': {
      const plain = `BedrockAPIKey-${dice.text(alphabets.n ?? '', 4)}-at-${dice.text(digits, 12)}:${mark}${dice.text(alphabets.a ?? '', 40 - mark.length)}`
      return `ABSK${visiblyFake(Buffer.from(plain.padEnd(84, '=')).toString('base64'), fake)}`
    }
    case 'bedrock-url': {
      const plain = `bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIA${mark}${dice.text(alphabets.B ?? '', 16 - mark.length)}%2F20261123%2Fus-east-1%2Fbedrock%2Faws4_request&X-Amz-Date=20261123T080000Z&X-Amz-Expires=43200&X-Amz-SignedHeaders=host&X-Amz-Signature=${dice.text(alphabets.h ?? '', 64)}&Version=1`
      return `bedrock-api-key-${visiblyFake(Buffer.from(plain).toString('base64'), fake)}`
    }
    case 'sentry-claims':
      return Buffer.from(JSON.stringify({ iat: 1764314937.241064, url: 'https://sentry.io', region_url: 'https://de.sentry.io', org: fake ? 'example' : dice.text(lower, 9) })).toString('base64')
    case 'op-claims':
      return visiblyFake(Buffer.from(JSON.stringify({ email: `${dice.text(lower, 8)}@1passwordserviceaccounts.com`, muk: { alg: 'A256GCM', k: `${mark}${dice.text(alphabets.u ?? '', 43 - mark.length)}` }, secretKey: `A3-${dice.text(alphabets.N ?? '', 6)}`, srpX: dice.text(alphabets.h ?? '', 64) })).toString('base64'), fake)
    case 'aws-id': {
      // Base 32 of 80 bits: the first is set, 40 hold the account number (12 digits at most), the rest is a serial.
      const account = BigInt(dice.text('123456789', 1) + dice.text(digits, 11))
      let bits = (1n << 79n) | (account << 39n) | (BigInt(dice.below(0x40000000)) << 9n) | BigInt(dice.below(512))
      let out = ''
      for (let at = 0; at < 16; at++, bits >>= 5n) out = (alphabets.B ?? '')[Number(bits & 31n)] + out
      return fake ? `${out.slice(0, -4)}FAKE` : out
    }
    case 'der': {
      // The outer SEQUENCE of a PKCS#8 key whose length comes out, with random bytes for what it wraps.
      const inner = Buffer.concat([Buffer.from('0201', 'hex'), fakeBytes(fake), Buffer.from(dice.text(alphabets.h ?? '', 2 * (1212 - fakeBytes(fake).length)), 'hex')])
      const body = Buffer.concat([Buffer.from('30820' + '4be', 'hex'), inner]).toString('base64')
      return (body.match(/.{1,64}/g) ?? []).join('\n')
    }
    case 'openssh': {
      const body = Buffer.concat([Buffer.from('openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none', 'latin1'), Buffer.from('0000', 'hex'), fakeBytes(fake), Buffer.from(dice.text(alphabets.h ?? '', 600), 'hex')]).toString('base64')
      return (body.match(/.{1,70}/g) ?? []).join('\n')
    }
    case 'pgp': {
      const body = Buffer.concat([Buffer.from('9501d8040000', 'hex'), fakeBytes(fake), Buffer.from(dice.text(alphabets.h ?? '', 900), 'hex')]).toString('base64')
      return `${(body.match(/.{1,64}/g) ?? []).join('\n')}\n=${dice.text(alphabets.a ?? '', 4)}`
    }
    case 'user-password-base64':
      return Buffer.from(`svc-${dice.text(lower, 6)}:${fake ? 'FAKE-EXAMPLE-' : ''}${dice.text(alphabets.a ?? '', 20)}`).toString('base64')
    case 'snowflake':
      return Buffer.from(`${dice.pick(['1', '9', '8'])}${dice.text(digits, 17)}`).toString('base64url')
    default:
      throw new Error(`unknown special ${name}`)
  }
}

/** Bytes that read FAKEFAKEFAKE in base64, if wanted. */
function fakeBytes(fake: boolean): Buffer {
  return fake ? Buffer.from('FAKEFAKEFAKE', 'base64') : Buffer.alloc(0)
}

/** The same base64 with a mark that can be read in it. */
function visiblyFake(encoded: string, fake: boolean): string {
  return fake ? `${encoded.slice(0, -24)}FAKEFAKEFAKE${encoded.slice(-12)}` : encoded
}

/** What a checksummed format puts into its last characters. Written apart from `src/checks`, so that each can find the other wrong. */
const seals: Readonly<Record<string, (unsealed: string) => string>> = {
  'github-classic': (t) => t.slice(0, -6) + base62(crc32(t.slice(t.indexOf('_') + 1, -6))),
  keyward: (t) => t.slice(0, -6) + base62(crc32(t.slice(0, -6))),
  'github-fine-grained': (t) => t.slice(0, -16) + base32(createHash('sha256').update(t.slice(0, -16)).digest()).slice(0, 8) + t.slice(-8),
  'gitlab-routable': (t) => t.slice(0, -7) + crc32(t.slice(0, -7)).toString(36).padStart(7, '0'),
  'grafana-service-account': (t) => {
    const key = t.slice(0, -9)
    const sum = Buffer.alloc(4)
    sum.writeUInt32LE(crc32(key))
    return `${key}_${sum.toString('hex')}`
  },
}

function base62(value: number): string {
  let out = ''
  for (let rest = value, at = 0; at < 6; at++, rest = Math.floor(rest / 62)) out = (alphabets.a ?? '')[rest % 62] + out
  return out
}

function base32(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? []).map((five) => (alphabets.B ?? '')[Number.parseInt(five, 2)]).join('')
}

const digitMark = '00000000'
const marks = ['FAKE', 'fake', 'deadbeef', digitMark]
/** Shorter parts stay as they are: there is no room for a mark in them. */
const markedLengthMin = 6

/**
 * A secret of this shape. `fake`: with a marker such as FAKE in it, for what is committed; else random through and through, for what is
 * made while a test runs.
 */
export function makeSecret(shape: string, seed: string, options: { fake?: boolean; seal?: string | undefined } = {}): string {
  const dice = new Dice(`${shape}\n${seed}`)
  const fake = options.fake === true
  const parts = parseShape(shape)
  const markOf = (alphabet: string): string | undefined => marks.find((text) => [...text].every((c) => alphabet.includes(c)))
  const lettered = parts.some((part) => 'alphabet' in part && part.least >= markedLengthMin && markOf(part.alphabet) !== digitMark && markOf(part.alphabet) !== undefined)
  let out = ''
  for (const part of parts) {
    if ('literal' in part) out += part.literal
    else if ('special' in part) out += special(part.special, dice, fake)
    else {
      const length = part.least + dice.below(part.most - part.least + 1)
      const wanted = fake && length >= markedLengthMin ? markOf(part.alphabet) : undefined
      const mark = wanted === undefined || wanted.length > length || (wanted === digitMark && lettered) ? '' : wanted
      out += mark + dice.text(part.alphabet, length - mark.length)
    }
  }
  const seal = options.seal === undefined ? undefined : seals[options.seal]
  return seal === undefined ? out : seal(out)
}
