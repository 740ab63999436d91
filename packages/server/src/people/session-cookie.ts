import { isWellFormedSecret } from '@keyward/contract/secret-format'

/**
 * The cookie that holds a browser's session. Under TLS it has the `__Host-` prefix (RFC 6265bis, section 4.1.3.2): no other host, path or
 * plain connection can set or read it.
 */
export function sessionCookieName(origin: string): string {
  return isSecure(origin) ? '__Host-keyward_session' : 'keyward_session'
}

/** A `Set-Cookie` value that starts a session. */
export function startCookie(origin: string, token: string, secondsMax: number): string {
  return `${sessionCookieName(origin)}=${token}; Path=/; Max-Age=${secondsMax}; HttpOnly; SameSite=Strict${isSecure(origin) ? '; Secure' : ''}`
}

/** A `Set-Cookie` value that ends it in the browser. */
export function endCookie(origin: string): string {
  return `${sessionCookieName(origin)}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict${isSecure(origin) ? '; Secure' : ''}`
}

/**
 * The session token of a `Cookie` header, if it has exactly one of our name in the right form. Two of one name mean that somebody else set
 * one: neither is believed.
 */
export function readSessionCookie(origin: string, header: string | null): string | undefined {
  if (header === null) return undefined
  const prefix = `${sessionCookieName(origin)}=`
  const found = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix))
    .map((pair) => pair.slice(prefix.length))
  const [token] = found
  return found.length === 1 && token !== undefined && isWellFormedSecret('session', token) ? token : undefined
}

function isSecure(origin: string): boolean {
  return origin.startsWith('https:')
}
