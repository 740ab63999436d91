/** What a gateway address names. `path` and `query` are the caller's bytes: what is authorised is what is sent. */
export interface Target {
  readonly name: string
  /** Begins with `/`. */
  readonly path: string
  /** Begins with `?`, or is empty. */
  readonly query: string
}

const shape = /^\/g\/([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(\/[^?#]*)?(\?[^#]*)?$/
const pathCharacters = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*$/
const queryCharacters = /^[\x21\x22\x24-\x5b\x5d-\x7e]*$/
/** Encoded slashes, backslashes, dots, percent signs, semicolons and control characters: each is read differently by some server. */
const ambiguous = /%(?:2[eEfF5]|3[bB]|5[cC]|[01][0-9A-Fa-f]|7[fF])/
const dotSegment = /\/\.{1,2}(?:;[^/]*)?(?:\/|$)/
const targetCharsMax = 8_192

/**
 * Reads the request target of a call. Undefined where it is no gateway address or could mean another path to the next server (absolute
 * form, `..`, `%2f`, `//`, backslash, `..;`, control characters): such a thing is refused, never repaired.
 */
export function parseTarget(requestTarget: string): Target | undefined {
  if (requestTarget.length > targetCharsMax) return undefined
  const match = shape.exec(requestTarget)
  if (match === null) return undefined
  const [, name = '', path = '/', query = ''] = match
  if (!pathCharacters.test(path) || path.includes('//') || ambiguous.test(path) || dotSegment.test(path) || !isEncodedUtf8(path))
    return undefined
  if (!queryCharacters.test(query)) return undefined
  return { name, path, query }
}

/** False for overlong forms and other bytes that are no UTF-8: `%c0%ae` is a dot to a decoder that does not check. */
function isEncodedUtf8(path: string): boolean {
  if (!path.includes('%')) return true
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
