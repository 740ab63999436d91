import { ownPath } from './destination.ts'

/*
 * Where somebody was going when they were asked to sign in, for whom a one-time link signs in: the link is another address in the same tab.
 * It is kept for that tab alone and for as long as such a link is good. It may hold a client's request, which is no secret.
 */

const name = 'keyward-onward'
const keptMsMax = 10 * 60_000

export function keepOnward(to: string): void {
  try {
    sessionStorage.setItem(name, JSON.stringify({ to, at: Date.now() }))
  } catch {
    // No storage: the link leads to the first page.
  }
}

/** Once; `/` where nothing was kept. */
export function takeOnward(): string {
  try {
    const kept = JSON.parse(sessionStorage.getItem(name) ?? 'null') as { to?: unknown; at?: unknown } | null
    sessionStorage.removeItem(name)
    return typeof kept?.at === 'number' && Date.now() - kept.at < keptMsMax ? ownPath(kept.to) : '/'
  } catch {
    return '/'
  }
}
