import type { Token } from '@keyward/contract/grants'
import { failureOf } from '../../api/failure.ts'
import { Badge, StateBadge } from '../../components/badge.tsx'
import { Id } from '../../components/copy.tsx'
import { Detail } from '../../components/detail.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { Moment } from '../../components/moment.tsx'
import { Facts, PageFrame, Panel } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { SkeletonLines } from '../../components/skeleton.tsx'
import { counted } from '../../format/numbers.ts'
import { assuranceMeaning, shortId, word } from '../../format/words.ts'
import { RecentActs } from '../audit/recent-acts.tsx'
import { GrantName } from '../grants/grant-name.tsx'
import { ScopeText } from '../grants/scope-text.tsx'
import { AssuranceBadge } from './assurance-badge.tsx'
import { ByIdentity } from './by-identity.tsx'
import { ClientName } from './client-name.tsx'
import { useFamily } from './lineage-query.ts'
import { LineageTree } from './lineage-tree.tsx'
import { RevokeToken } from './token-table.tsx'
import { bindingWords, gotWords, holderOf } from './token-words.tsx'

export default function TokenPage() {
  return (
    <Detail of="tokens" what="Token" back={{ to: '/grants', text: 'Grants' }}>
      {(token) => <Shown token={token} />}
    </Detail>
  )
}

function Shown({ token }: { readonly token: Token }) {
  return (
    <PageFrame
      title={`Token ${shortId(token.id)}`}
      back={{ to: `/grants/${token.grant}`, text: 'Its grant' }}
      lead={
        <span className="flex flex-wrap items-center gap-2">
          <StateBadge state={token.state} />
          <AssuranceBadge level={token.assurance} />
          <Badge tone={token.binding === null ? 'neutral' : 'accent'}>{bindingWords(token)}</Badge>
          <span>
            held by <Reference id={holderOf(token)} />
          </span>
        </span>
      }
      actions={<RevokeToken token={token} />}
    >
      <div className="grid gap-5 lg:grid-cols-[3fr_2fr]">
        <div className="grid min-w-0 content-start gap-5">
          <Lineage id={token.id} />
          <RecentActs filters={{ token: token.id }} />
        </div>
        <Panel title="What is known of it" note="Its record: the string itself is never stored." className="self-start">
          <Facts
            items={[
              ['Id', <Id key="id" id={token.id} />],
              ['Grant', <GrantName key="grant" id={token.grant} />],
              ['Resource', <Reference key="resource" id={token.resource} />],
              token.tenant !== null && ['Tenant', <Reference key="tenant" id={token.tenant} />],
              ['Workload', <Reference key="workload" id={token.workload} />],
              token.actor !== null && ['Acts', <Reference key="actor" id={token.actor} />],
              token.user !== null && ['On behalf of', <Reference key="user" id={token.user} />],
              token.client !== null && ['Client', <ClientName key="client" client={token.client} />],
              ['Got', gotWords(token)],
              token.identity !== null && ['By', <ByIdentity key="identity" token={token} bare />],
              token.minted_by !== null && ['Minted by', <Reference key="by" id={token.minted_by} />],
              ['Assurance', `${word(token.assurance)}: ${assuranceMeaning[token.assurance]}`],
              token.bound_to !== null && [
                'Bound to',
                <code key="bound" className="text-xs break-all">
                  {token.bound_to}
                </code>,
              ],
              token.scope !== null && ['Narrower', <ScopeText key="scope" scope={token.scope} />],
              ['Issued', <Moment key="issued" at={token.issued_at} />],
              ['Ends', <Moment key="ends" at={token.expires_at} />],
              token.revoked_at !== null && ['Revoked', <Moment key="revoked" at={token.revoked_at} />],
            ]}
          />
        </Panel>
      </div>
    </PageFrame>
  )
}

function Lineage({ id }: { readonly id: string }) {
  const { lineage, root, error, retry } = useFamily(id)
  return (
    <Panel title="Lineage" note="Whose authority this is, and where it went. Revoking one ends all below it, and nothing above.">
      {lineage && root ? (
        <>
          <LineageTree user={lineage.user} workload={lineage.workload} root={root} current={id} />
          {lineage.descendants_left_out > 0 && (
            <p className="mt-3 text-sm text-soft">{counted(lineage.descendants_left_out, 'more token')} below, not shown.</p>
          )}
        </>
      ) : error ? (
        <FailureNotice failure={failureOf(error)} onRetry={retry} />
      ) : (
        <SkeletonLines lines={4} />
      )}
    </Panel>
  )
}
