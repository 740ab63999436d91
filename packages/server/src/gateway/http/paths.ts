/**
 * Whether a path (as parseTarget let it through, so unambiguous) fits a pattern of a grant: `/v1/customers/*` has one segment for each star,
 * `/v1/**` everything below, and `/v1` itself. Segments are compared byte for byte.
 */
export function pathFits(path: string, pattern: string): boolean {
  if (pattern.endsWith('/**')) {
    const wanted = pattern.slice(0, -3).split('/')
    const segments = path.split('/')
    return segments.length >= wanted.length && fits(segments.slice(0, wanted.length), wanted)
  }
  return fits(path.split('/'), pattern.split('/'))
}

function fits(segments: readonly string[], wanted: readonly string[]): boolean {
  if (segments.length !== wanted.length) return false
  return wanted.every((one, i) => (one === '*' ? segments[i] !== '' : one === segments[i]))
}
