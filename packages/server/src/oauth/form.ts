import { boundedBody } from '../web/bounded-body.ts'
import { OAuthError } from './oauth-error.ts'
import { hasRepeatedMember } from './strict-jws.ts'

const formBytesMax = 65_536
/** Parameters that may come more than once (RFC 8707 section 2, RFC 8693 section 2.1). */
const repeatable = new Set(['resource', 'audience'])

/**
 * Reads the body of an OAuth request: a form, no parameter twice, one without a value counts as absent (RFC 6749 section 3.2).
 * Unknown parameters stay in and are ignored by whoever does not ask for them.
 */
export async function readForm(request: Request): Promise<Form> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') throw new OAuthError('invalid_request', 'send application/x-www-form-urlencoded')
  const text = await boundedText(request)
  requireUtf8(text)
  return parseForm(new URLSearchParams(text))
}

/** The same from parameters that were read already, such as a query. @throws OAuthError `invalid_request` where one comes twice */
export function parseForm(parameters: URLSearchParams): Form {
  const values = new Map<string, string[]>()
  for (const [name, value] of parameters) {
    if (value === '') continue
    requireText(name, value)
    const known = values.get(name)
    if (known === undefined) values.set(name, [value])
    else if (repeatable.has(name)) known.push(value)
    else throw new OAuthError('invalid_request', `the parameter ${printable(name)} comes twice`)
  }
  return new Form(values)
}

/**
 * The same from a JSON object, as some vendors' SDKs send it to their own token endpoints: members that are text (or numbers) are its
 * parameters, lists of text come several times, anything else is refused.
 */
export async function readJsonForm(request: Request): Promise<Form> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type === 'application/x-www-form-urlencoded') return await readForm(request)
  if (type !== 'application/json') throw new OAuthError('invalid_request', 'send application/json')
  const text = await boundedText(request)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new OAuthError('invalid_request', 'the body is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new OAuthError('invalid_request', 'the body must be a JSON object')
  if (hasRepeatedMember(text)) throw new OAuthError('invalid_request', 'the body repeats a member name')
  const values = new Map<string, string[]>()
  for (const [name, member] of Object.entries(value)) {
    const list: unknown[] = Array.isArray(member) ? member : [member]
    if (list.length > 1 && !repeatable.has(name)) throw new OAuthError('invalid_request', `the parameter ${printable(name)} comes twice`)
    const texts = list.filter((one) => one !== null && one !== '').map((one) => (typeof one === 'number' ? String(one) : one))
    if (!texts.every((one) => typeof one === 'string'))
      throw new OAuthError('invalid_request', `the parameter ${printable(name)} must be text`)
    for (const one of texts) requireText(name, one)
    if (texts.length > 0) values.set(name, texts)
  }
  return new Form(values)
}

export class Form {
  readonly #values: ReadonlyMap<string, readonly string[]>

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values
  }

  one(name: string): string | undefined {
    return this.#values.get(name)?.[0]
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }

  /** The same, with one more value of a parameter that may repeat. */
  with(name: string, value: string): Form {
    return new Form(new Map([...this.#values, [name, [...this.all(name), value]]]))
  }

  /** The value of a parameter that has to be there. */
  needed(name: string): string {
    const value = this.one(name)
    if (value === undefined) throw new OAuthError('invalid_request', `the parameter ${name} is missing`)
    return value
  }
}

export async function boundedText(request: Request): Promise<string> {
  const bytes = await boundedBody(request.body, formBytesMax).catch((error: unknown) => {
    throw new OAuthError('invalid_request', 'the body broke off', { cause: error })
  })
  if (bytes === undefined) throw new OAuthError('invalid_request', 'the body is larger than 64 KiB')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new OAuthError('invalid_request', 'the body is not UTF-8')
  }
}

/** RFC 6749, appendix A: no parameter holds a NUL; the database has none in a text, and others' requests wait in the same statement. */
function requireText(name: string, value: string): void {
  if (value.includes('\0') || !value.isWellFormed())
    throw new OAuthError('invalid_request', `the parameter ${printable(name)} holds what is no text`)
}

/** What is escaped has to be UTF-8 as well: a parser that puts U+FFFD in its place makes one value of many. */
function requireUtf8(form: string): void {
  try {
    decodeURIComponent(form.replace(/%(?![0-9a-fA-F]{2})/g, '%25'))
  } catch {
    throw new OAuthError('invalid_request', 'the body escapes bytes that are not UTF-8')
  }
}

function printable(name: string): string {
  return name.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?').slice(0, 64)
}
