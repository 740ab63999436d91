import type { Token } from '@keyward/contract/grants'
import { useQuery } from '@tanstack/react-query'
import { oneOf } from '../../api/queries.ts'
import { shortId, word } from '../../format/words.ts'
import { holderOf } from './token-words.tsx'

interface ByIdentityProps {
  readonly token: Pick<Token, 'identity' | 'actor' | 'workload' | 'method'>
  /** Without the word before it. */
  readonly bare?: boolean
}

/** The identity by which the holder of a token proved itself. */
export function ByIdentity({ token, bare = false }: ByIdentityProps) {
  const holder = useQuery({ ...oneOf('workloads', holderOf(token)), staleTime: 60_000, enabled: token.identity !== null })
  if (token.identity === null) return null
  const identity = holder.data?.identities.find((one) => one.id === token.identity)
  const text = identity ? (identity.name ?? word(identity.method)) : shortId(token.identity)
  return bare ? (
    <span title={token.identity}>{text}</span>
  ) : (
    <span title={token.identity} className="block text-xs text-soft">
      by {text}
    </span>
  )
}
