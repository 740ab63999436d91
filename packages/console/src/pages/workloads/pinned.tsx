import type { Identity } from '@keyward/contract/identities'
import type { Issuer } from '@keyward/contract/issuers'
import { useQuery } from '@tanstack/react-query'
import { TriangleAlert } from 'lucide-react'
import { firstOf } from '../../api/queries.ts'
import { pinnedWords } from './identity-words.ts'

const issuersMax = 200

/** All issuers that are known, by their id: there are few. */
export function useIssuers(): { readonly issuers: readonly Issuer[]; readonly pending: boolean } {
  const query = useQuery({ ...firstOf('issuers', { limit: issuersMax }), staleTime: 30_000 })
  return { issuers: query.data?.items ?? [], pending: query.isPending }
}

/** What an identity is pinned to. */
export function Pinned({ identity, preset }: { readonly identity: Identity; readonly preset: Issuer['preset'] }) {
  const exact = identity.claims === null && identity.issuer === null
  const text = pinnedWords(identity, preset)
  return exact ? <code className="text-xs break-all">{text}</code> : <span>{text}</span>
}

/** What of a rule matches more than it should. */
export function IdentityWarnings({ identity }: { readonly identity: Pick<Identity, 'warnings'> }) {
  if (identity.warnings.length === 0) return null
  return (
    <ul className="mt-1 grid gap-1 text-left" aria-label="Warnings">
      {identity.warnings.map((warning) => (
        <li key={warning} className="flex items-start gap-1.5 text-xs text-brass">
          <TriangleAlert size={13} aria-hidden="true" className="mt-0.5 shrink-0" />
          <span className="min-w-0">{warning}</span>
        </li>
      ))}
    </ul>
  )
}
