/** Where to go after signing in: a path of our own and nothing else, whatever the address says. */
export function ownPath(to: unknown): string {
  if (typeof to !== 'string' || !/^\/(?![/\\])/.test(to)) return '/'
  const url = URL.parse(to, window.location.origin)
  return url !== null && url.origin === window.location.origin && !/^\/sign-in(?:\/|$)/.test(url.pathname) ? url.pathname + url.search : '/'
}
