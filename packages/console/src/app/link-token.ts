/**
 * A one-time sign-in link carries its secret in the fragment (`/#/sign-in?token=…`), which browsers send nowhere. It is taken out of the address
 * and out of the history before anything else runs, and is held in memory until it is redeemed.
 */
let held: string | undefined

export function takeLinkTokenFromAddress(): void {
  const match = /^#\/?sign-in\?(.*)$/.exec(window.location.hash)
  const token = match ? new URLSearchParams(match[1]).get('token') : null
  if (token === null || token === '') return
  held = token
  window.history.replaceState(null, '', '/sign-in')
}

/** The token, once; after that it is forgotten. */
export function spendLinkToken(): string | undefined {
  const token = held
  held = undefined
  return token
}

export function hasLinkToken(): boolean {
  return held !== undefined
}
