import { StateBadge } from '../../components/badge.tsx'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { IfMay } from '../../components/inventory/if-may.tsx'
import { ListPage } from '../../components/inventory/list-page.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { duration } from '../../format/time.ts'
import { word } from '../../format/words.ts'
import { GrantForm } from './grant-form.tsx'
import { GrantLink } from './grant-link.tsx'
import { ScopeText } from './scope-text.tsx'

export default function GrantsPage() {
  const create = (
    <IfMay needs="grant:create">
      <CreateButton
        needs="grant:create"
        text="Add a grant"
        description="Lets one workload use one resource: what it may do there, how much, and for how long a token lives."
        wide
      >
        {(close) => <GrantForm onClose={close} />}
      </CreateButton>
    </IfMay>
  )
  return (
    <ListPage
      list="grants"
      title="Grants"
      lead="Who may do what, where, under which limits. What no grant allows is refused."
      filters={[{ key: 'state', label: 'State', choices: ['active', 'revoked'].map((value) => ({ value, text: word(value) })) }]}
      actions={create}
      keyOf={(grant) => grant.id}
      columns={[
        { title: 'Grant', cell: (grant) => <GrantLink grant={grant} show="both" /> },
        { title: 'May', cell: (grant) => <ScopeText scope={grant.scope} /> },
        { title: 'Tenant', cell: (grant) => (grant.tenant === null ? '' : <Reference id={grant.tenant} />), wideOnly: true },
        { title: 'Tokens live', cell: (grant) => duration(grant.ttl_seconds), tight: true, wideOnly: true },
        { title: 'Ends', cell: (grant) => <Moment at={grant.expires_at} none="no date" />, tight: true, wideOnly: true },
        { title: 'Last used', cell: (grant) => <Moment at={grant.last_used_at} />, tight: true },
        { title: 'State', cell: (grant) => <StateBadge state={grant.state} />, tight: true },
      ]}
      empty={
        <Empty title="No grant yet" action={create}>
          A grant is what an agent gets instead of a key.
        </Empty>
      }
    />
  )
}
