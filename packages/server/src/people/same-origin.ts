import { KeywardError } from '@keyward/contract/errors'
import type { Caller } from './people.ts'

/**
 * Refuses what a browser sends on behalf of another site or another port of this host (which `SameSite` cookies let through). Browsers
 * name where a request comes from in `Sec-Fetch-Site` (Fetch Metadata), and in `Origin` for everything but plain navigation.
 *
 * With `cookies`, a request that changes something has to say so one way or the other. Without (signing in), a program that is no browser
 * may say nothing.
 * @throws KeywardError `csrf-refused`
 */
export function requireSameOrigin(origin: string, caller: Caller, options: { cookies: boolean }): void {
  const site = caller.headers.get('sec-fetch-site')
  const from = caller.headers.get('origin')
  if (site !== null && site !== 'same-origin' && site !== 'none') throw new KeywardError('csrf-refused')
  if (from !== null && !isOwn(origin, from, caller.headers.get('host'))) throw new KeywardError('csrf-refused')
  const changes = caller.method !== 'GET' && caller.method !== 'HEAD'
  if (options.cookies && changes && site === null && from === null) throw new KeywardError('csrf-refused')
}

/** The installation's own origin, or the one that this request was sent to (the door has checked `Host` against its list). */
function isOwn(origin: string, from: string, host: string | null): boolean {
  if (from === origin) return true
  const url = URL.parse(from)
  return url !== null && host !== null && url.host === host && url.protocol === new URL(origin).protocol
}
