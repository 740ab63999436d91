/**
 * Where to go after signing in: a path of the console, with its query, and nothing else, whatever was asked for. Not the sign-in pages
 * themselves, and nothing that is no page.
 */
export function ownPath(origin: string, asked: string | undefined): string {
  // Browsers read a backslash as a slash, and leave out tabs and line breaks.
  if (asked === undefined || !/^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(asked)) return '/'
  const url = URL.parse(asked, origin)
  if (url === null || url.origin !== new URL(origin).origin || url.pathname.startsWith('//')) return '/'
  if (/^\/(?:sign-in|api|g|oauth2|hooks|\.well-known)(?:\/|$)/.test(url.pathname)) return '/'
  return url.pathname + url.search
}
