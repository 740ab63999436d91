import type { Token } from '@keyward/contract/grants'
import type { ReactNode } from 'react'
import { api } from '../../api/client.ts'
import type { Filters } from '../../api/queries.ts'
import { StateBadge } from '../../components/badge.tsx'
import { IfMay } from '../../components/inventory/if-may.tsx'
import { PagedTable } from '../../components/inventory/paged-table.tsx'
import { RevokeButton } from '../../components/inventory/revoke-button.tsx'
import { Moment } from '../../components/moment.tsx'
import { Reference } from '../../components/reference.tsx'
import type { Column } from '../../components/table.tsx'
import { shortId } from '../../format/words.ts'
import { AssuranceBadge } from './assurance-badge.tsx'
import { ByIdentity } from './by-identity.tsx'
import { bindingWords, gotWords, holderOf, OnBehalf, TokenLink } from './token-words.tsx'
import { WillEndFamily } from './will-end-family.tsx'

interface TokenTableProps {
  readonly label: string
  readonly filters: Filters
  readonly empty: ReactNode
  /** What the list does not say by itself. */
  readonly show: readonly ('holder' | 'behalf' | 'resource')[]
}

/** Records of tokens, each with its family behind it and a way to end it. */
export function TokenTable({ label, filters, empty, show }: TokenTableProps) {
  const columns: (Column<Token> | false)[] = [
    {
      title: 'Token',
      cell: (token) => (
        <>
          <TokenLink id={token.id} />
          <span className="block text-xs text-soft">{gotWords(token)}</span>
        </>
      ),
    },
    show.includes('holder') && {
      title: 'Held by',
      cell: (token) => (
        <div className="min-w-0">
          <Reference id={holderOf(token)} />
          <ByIdentity token={token} />
        </div>
      ),
    },
    show.includes('behalf') && {
      title: 'On behalf of',
      cell: (token) => (
        <div className="min-w-0">
          <OnBehalf token={token} />
        </div>
      ),
    },
    show.includes('resource') && { title: 'Resource', cell: (token) => <Reference id={token.resource} />, wideOnly: true },
    {
      title: 'Assurance',
      cell: (token) => (
        <div>
          <AssuranceBadge level={token.assurance} />
          <span className="block text-xs text-soft">{bindingWords(token)}</span>
        </div>
      ),
      tight: true,
    },
    {
      title: 'Life',
      cell: (token) => (
        <div>
          {token.state === 'live' ? (
            <>
              ends <Moment at={token.expires_at} />
            </>
          ) : (
            <StateBadge state={token.state} />
          )}
          <span className="block text-xs text-soft">
            issued <Moment at={token.issued_at} />
          </span>
        </div>
      ),
      tight: true,
    },
    {
      title: 'Revoke',
      act: true,
      right: true,
      cell: (token) => <RevokeToken token={token} small />,
    },
  ]
  return (
    <PagedTable
      bare
      list="tokens"
      filters={filters}
      label={label}
      keyOf={(token) => token.id}
      columns={columns.filter((column) => column !== false)}
      empty={empty}
    />
  )
}

/** Ends a token and all that was handed on from it. */
export function RevokeToken({ token, small = false }: { readonly token: Token; readonly small?: boolean }) {
  return (
    <IfMay needs="token:revoke">
      <RevokeButton
        revoked={token.state !== 'live'}
        needs="token:revoke"
        small={small}
        name={`token ${shortId(token.id)}`}
        willEnd={<WillEndFamily id={token.id} />}
        act={(reason) => api.tokens.revoke(token.id, { reason })}
      />
    </IfMay>
  )
}
