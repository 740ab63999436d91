import { isLoopbackHost } from '@keyward/contract/redirect-uri'

/**
 * Whether a client_id is the address of a client ID metadata document (draft-ietf-oauth-client-id-metadata-document, section 3): https, a path,
 * no fragment, no user name, no dot segments, written as it is meant.
 * @param options.loopback plain http on a loopback address counts too: for development and tests, where this server is such a one itself
 * @returns why not; undefined where it is one
 */
export function refusedClientAddress(id: string, options: { readonly loopback: boolean }): string | undefined {
  const url = URL.parse(id)
  if (url === null || /[^\x21-\x7e]/.test(id)) return 'it is no address'
  const local = options.loopback && url.protocol === 'http:' && isLoopbackHost(url.hostname)
  if (url.protocol !== 'https:' && !local) return 'it must begin with https://'
  if (url.username !== '' || url.password !== '') return 'it must hold no user name or password'
  if (id.includes('#')) return 'it must have no fragment'
  if (url.pathname === '/') return 'it must have a path'
  // Another spelling of the same address (dot segments, upper-case hosts, default ports) would be another client with the same document.
  if (url.href !== id) return `it must be written as ${url.href}`
  if (/%2e|%2f|%5c/i.test(url.pathname)) return 'its path must not hide dots or slashes'
  return undefined
}
