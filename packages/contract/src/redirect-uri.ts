/**
 * Redirect addresses (RFC 6749, section 3.1.2; RFC 8252, section 7): https, http on a loopback address, or a private-use scheme that an app on
 * the person's machine has claimed.
 */
export type RedirectKind = 'web' | 'loopback' | 'app'

/** Schemes that run something, read something, or belong to the browser: no app claims them. */
const refusedSchemes = new Set(
  'about blob chrome chrome-extension content data file filesystem ftp gopher intent jar javascript ldap mailto moz-extension sms tel urn vbscript view-source ws wss'.split(
    ' ',
  ),
)

/** Why an address can be nobody's redirect address; undefined where it can. */
export function refusedRedirect(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || /[^\x21-\x7e]/.test(text)) return 'must be an absolute address in ASCII'
  if (text.includes('#')) return 'must have no fragment'
  if (url.username !== '' || url.password !== '') return 'must hold no user name or password'
  const scheme = url.protocol.slice(0, -1)
  if (scheme === 'https') return undefined
  if (scheme === 'http') return isLoopbackHost(url.hostname) ? undefined : 'must be https: plain http is for loopback addresses alone'
  return refusedSchemes.has(scheme) ? `must not use the scheme ${scheme}:` : undefined
}

/** @param text an address that `refusedRedirect` does not refuse */
export function redirectKind(text: string): RedirectKind {
  const url = new URL(text)
  if (isLoopbackHost(url.hostname) && (url.protocol === 'http:' || url.protocol === 'https:')) return 'loopback'
  return url.protocol === 'https:' ? 'web' : 'app'
}

/**
 * True where the address is the registered one, character by character; the port of an http loopback address may be any, because an app gets it
 * from its operating system (RFC 8252, section 7.3).
 */
export function isSameRedirect(registered: string, given: string): boolean {
  if (registered === given) return true
  const [one, other] = [withoutLoopbackPort(registered), withoutLoopbackPort(given)]
  return one !== undefined && one === other
}

/** True for a name or address that is the machine itself. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.(?:\d{1,3}\.){2}\d{1,3}$/.test(hostname)
}

/** `http://127.0.0.1:4711/callback` without its port, otherwise as it was written; undefined for any other address. */
function withoutLoopbackPort(text: string): string | undefined {
  const match = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?([/?].*)?$/.exec(text)
  if (match === null || Number(match[2] ?? 1) > 65_535) return undefined
  return `http://${match[1]}${match[3] ?? ''}`
}
