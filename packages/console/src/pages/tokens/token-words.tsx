import type { Token } from '@keyward/contract/grants'
import { Link } from '@tanstack/react-router'
import { Reference } from '../../components/reference.tsx'
import { shortId, word } from '../../format/words.ts'
import { ClientName } from './client-name.tsx'

/** A token, by the end of its id. */
export function TokenLink({ id }: { readonly id: string }) {
  return (
    <Link
      to="/tokens/$id"
      params={{ id }}
      title={id}
      className="font-mono text-xs whitespace-nowrap text-ink decoration-line-strong underline hover:text-accent-strong"
    >
      {shortId(id)}
    </Link>
  )
}

/** Who can use it now: the workload that it was handed on to, or the grant's own. */
export function holderOf(token: Pick<Token, 'actor' | 'workload'>): string {
  return token.actor ?? token.workload
}

/** How its holder got it. */
export function gotWords(token: Pick<Token, 'method' | 'parent' | 'depth'>): string {
  if (token.parent !== null) return token.depth > 1 ? `Handed on ${token.depth} times` : 'Handed on'
  return word(token.method)
}

/** On whose behalf it acts, if on somebody's: a person, or the workload whose grant it is. */
export function OnBehalf({ token }: { readonly token: Pick<Token, 'user' | 'actor' | 'workload' | 'client'> }) {
  const client =
    token.client === null ? null : (
      <span className="block text-xs text-soft">
        through <ClientName client={token.client} />
      </span>
    )
  if (token.user !== null)
    return (
      <>
        <Reference id={token.user} />
        {client}
      </>
    )
  if (token.actor !== null)
    return (
      <>
        <Reference id={token.workload} />
        {client}
      </>
    )
  return client ?? <span className="text-soft">itself</span>
}

/** What a thief would need beside the token. */
export function bindingWords(token: Pick<Token, 'binding'>): string {
  return token.binding === null ? 'not bound' : word(token.binding)
}
