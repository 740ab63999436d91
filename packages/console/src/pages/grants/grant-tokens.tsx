import { api } from '../../api/client.ts'
import { Badge, StateBadge } from '../../components/badge.tsx'
import { PagedTable } from '../../components/inventory/paged-table.tsx'
import { RevokeButton } from '../../components/inventory/revoke-button.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty, Panel } from '../../components/page.tsx'
import { shortId, word } from '../../format/words.ts'

/** The records of the tokens under a grant. */
export function GrantTokens({ grant }: { readonly grant: string }) {
  return (
    <Panel title="Tokens" note="Their records: the strings themselves are never stored." flush>
      <PagedTable
        bare
        list="tokens"
        filters={{ grant, limit: 20 }}
        label="Tokens"
        keyOf={(token) => token.id}
        columns={[
          { title: 'Token', cell: (token) => <code className="text-xs">{shortId(token.id)}</code> },
          {
            title: 'Got',
            cell: (token) => (
              <>
                {word(token.method)} {token.bound_to !== null && <Badge tone="accent">DPoP</Badge>}
              </>
            ),
          },
          { title: 'Issued', cell: (token) => <Moment at={token.issued_at} />, tight: true },
          { title: 'Ends', cell: (token) => <Moment at={token.expires_at} />, tight: true },
          { title: 'State', cell: (token) => <StateBadge state={token.state} />, tight: true },
          {
            title: 'Revoke',
            act: true,
            right: true,
            cell: (token) => (
              <RevokeButton
                revoked={token.state !== 'live'}
                needs="token:revoke"
                small
                name={`token ${shortId(token.id)}`}
                willEnd={<p>This token and every one that was derived from it, and their open streams.</p>}
                act={(reason) => api.tokens.revoke(token.id, { reason })}
              />
            ),
          },
        ]}
        empty={<Empty title="No token was minted under it yet" />}
      />
    </Panel>
  )
}
