import { randomBytes } from 'node:crypto'
import { limits } from '@keyward/contract/limits'

/*
 * The browser that left for a provider has to be the one that comes back: who lures somebody to an answer of their own (login CSRF) has the
 * state, but not the cookie. One value serves several tabs.
 */

const form = /^[\w-]{43}$/

function cookieName(origin: string): string {
  return isSecure(origin) ? '__Host-keyward_sign_in' : 'keyward_sign_in'
}

/** The value that this browser has, or a new one; and the `Set-Cookie` for it. */
export function bindBrowser(origin: string, header: string | null): { readonly value: string; readonly cookie: string } {
  const value = readBrowser(origin, header) ?? randomBytes(32).toString('base64url')
  return { value, cookie: setCookie(origin, value, limits.providerSignInMinutesMax * 60) }
}

/** The value, if there is exactly one in the right form: two of one name mean that somebody else set one. */
export function readBrowser(origin: string, header: string | null): string | undefined {
  const prefix = `${cookieName(origin)}=`
  const found = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix))
    .map((pair) => pair.slice(prefix.length))
  const [value] = found
  return found.length === 1 && value !== undefined && form.test(value) ? value : undefined
}

/** A `Set-Cookie` value that takes it away. */
export function releaseBrowser(origin: string): string {
  return setCookie(origin, '', 0)
}

function setCookie(origin: string, value: string, seconds: number): string {
  return `${cookieName(origin)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure(origin) ? '; Secure' : ''}`
}

function isSecure(origin: string): boolean {
  return origin.startsWith('https:')
}
