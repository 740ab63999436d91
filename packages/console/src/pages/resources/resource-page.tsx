import type { Resource } from '@keyward/contract/resources'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { StateBadge } from '../../components/badge.tsx'
import { Id } from '../../components/copy.tsx'
import { Detail } from '../../components/detail.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { DeleteButton } from '../../components/inventory/delete-button.tsx'
import { PagedTable } from '../../components/inventory/paged-table.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty, Facts, PageFrame, Panel } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { word } from '../../format/words.ts'
import { RecentActs } from '../audit/recent-acts.tsx'
import { GrantLink } from '../grants/grant-link.tsx'
import { ScopeText } from '../grants/scope-text.tsx'
import { Snippets } from '../start/snippets.tsx'
import { injectionText } from './injection-fields.tsx'
import { ResourceEdit } from './resource-edit.tsx'

const back = { to: '/resources', text: 'Resources' }

export default function ResourcePage() {
  return (
    <Detail of="resources" what="Resource" back={back}>
      {(resource) => <Shown resource={resource} />}
    </Detail>
  )
}

function Shown({ resource }: { readonly resource: Resource }) {
  const [editing, setEditing] = useState(false)
  return (
    <PageFrame
      title={resource.name}
      back={back}
      lead={
        <>
          {word(resource.kind)}, in front of <code>{resource.upstream}</code>
        </>
      }
      actions={
        <>
          <ActButton needs="resource:update" onClick={() => setEditing(true)}>
            Edit
          </ActButton>
          <DeleteButton
            needs="resource:delete"
            name={resource.name}
            consequence="Its address stops answering. A resource with grants can't be deleted."
            act={() => api.resources.delete(resource.id, { revision: resource.revision })}
            then="/resources"
          />
        </>
      }
    >
      <div className="grid gap-5 lg:grid-cols-[3fr_2fr]">
        <div className="grid min-w-0 content-start gap-5">
          <Panel title="Grants" note="Who may use it." flush>
            <PagedTable
              bare
              list="grants"
              filters={{ resource: resource.id }}
              label="Grants for this resource"
              keyOf={(grant) => grant.id}
              columns={[
                { title: 'Workload', cell: (grant) => <GrantLink grant={grant} show="workload" /> },
                { title: 'May', cell: (grant) => <ScopeText scope={grant.scope} /> },
                { title: 'Last used', cell: (grant) => <Moment at={grant.last_used_at} />, tight: true },
                { title: 'State', cell: (grant) => <StateBadge state={grant.state} />, tight: true },
              ]}
              empty={<Empty title="Nobody may use it yet">Give a workload a grant for it.</Empty>}
            />
          </Panel>
          <Panel title="How agents call it" note="No line of code changes: a base URL, and a token in place of the key.">
            <Snippets resource={resource} token={undefined} grant={undefined} model={undefined} />
          </Panel>
          <RecentActs filters={{ resource: resource.id }} />
        </div>
        <Panel title="What is known of it" className="self-start">
          <Facts
            items={[
              ['Id', <Id key="id" id={resource.id} />],
              ['Agents call', <Id key="address" id={resource.address} />],
              ['Upstream', <code key="upstream">{resource.upstream}</code>],
              resource.provider !== null && ['Speaks like', resource.provider],
              resource.credential !== null && ['Credential', <Reference key="credential" id={resource.credential} />],
              ...Object.entries(resource.credentials ?? {}).map(
                ([environment, id]) => [`Credential (${environment})`, <Reference key={environment} id={id} />] as const,
              ),
              ['The key is sent', injectionText(resource.injection)],
              ['Private address', resource.allow_private ? 'allowed' : 'refused'],
              ['Limits', limitsText(resource.limits)],
              ['Added', <Moment key="added" at={resource.created_at} />],
              ['Changed', <Moment key="changed" at={resource.updated_at} />],
              resource.description !== null && ['Description', resource.description],
            ]}
          />
        </Panel>
      </div>
      {editing && <ResourceEdit resource={resource} onClose={() => setEditing(false)} />}
    </PageFrame>
  )
}

function limitsText(limits: Resource['limits']): string {
  const parts = Object.entries(limits).map(([key, value]) => `${key.replaceAll('_', ' ')} ${value}`)
  return parts.length === 0 ? 'Keyward’s own' : parts.join(', ')
}
