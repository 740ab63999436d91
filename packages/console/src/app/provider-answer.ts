/**
 * What an identity provider sent back stands in the query: a code that works once. It is taken out of the address and out of the history before
 * anything else runs, and is held in memory until it is redeemed.
 */
let held: string | undefined

export function takeProviderAnswerFromAddress(): void {
  if (!/^\/sign-in\/callback\/[^/]+$/.test(window.location.pathname) || window.location.search === '') return
  held = window.location.search.slice(1)
  window.history.replaceState(null, '', window.location.pathname)
}

/** The answer, once; after that it is forgotten. */
export function spendProviderAnswer(): string | undefined {
  const answer = held
  held = undefined
  return answer
}
