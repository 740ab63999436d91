import { KeywardError } from '@keyward/contract/errors'
import { limits } from '@keyward/contract/limits'
import { boundedBody } from '../web/bounded-body.ts'
import { parseStrictJson } from './strict-json.ts'

/**
 * Reads the body of a request as JSON, at most `limits.apiBodyBytesMax` of it: what is longer is refused without being read to its end.
 * An empty body counts as `{}` where nothing is required of it.
 * @throws KeywardError `unsupported-media-type`, `body-too-large`, `invalid-json`, `invalid-request`
 */
export async function readJsonBody(request: Request): Promise<{ value: unknown; bytes: Uint8Array }> {
  const type = request.headers.get('content-type')
  const bytes = await readBytes(request)
  if (bytes.length === 0) return { value: {}, bytes }
  if (type === null || !isJson(type)) throw new KeywardError('unsupported-media-type')
  return { value: parseStrictJson(bytes), bytes }
}

async function readBytes(request: Request): Promise<Uint8Array> {
  const tooLarge = () => new KeywardError('body-too-large', `The limit is ${limits.apiBodyBytesMax} bytes`)
  if (Number(request.headers.get('content-length') ?? 0) > limits.apiBodyBytesMax) throw tooLarge()
  let bytes: Uint8Array | undefined
  try {
    bytes = await boundedBody(request.body, limits.apiBodyBytesMax)
  } catch (error) {
    throw new KeywardError('invalid-request', 'The body broke off', { cause: error })
  }
  if (bytes === undefined) throw tooLarge()
  return bytes
}

/** `application/json` or a structured suffix (RFC 6839); a charset other than UTF-8 is refused (RFC 8259, section 8.1). */
function isJson(contentType: string): boolean {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';')
  if (!/^\s*application\/(?:json|[a-z0-9.-]+\+json)\s*$/.test(type)) return false
  const charset = parameters.map((one) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(one)?.[1]).find((one) => one !== undefined)
  return charset === undefined || charset === 'utf-8' || charset === 'utf8'
}
