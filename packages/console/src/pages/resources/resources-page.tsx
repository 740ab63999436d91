import { servedResourceKinds } from '@keyward/contract/resources'
import { Link } from '@tanstack/react-router'
import { Badge } from '../../components/badge.tsx'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { ListPage } from '../../components/inventory/list-page.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { word } from '../../format/words.ts'
import { ResourceForm } from './resource-form.tsx'

export default function ResourcesPage() {
  const create = (
    <CreateButton
      needs="resource:create"
      text="Add a resource"
      description="An upstream behind the gateway: agents call Keyward's address, and Keyward puts the key in."
      wide
    >
      {(close) => <ResourceForm onClose={close} />}
    </CreateButton>
  )
  return (
    <ListPage
      list="resources"
      title="Resources"
      lead="Upstreams behind the gateway. Each is bound to a credential that agents never see."
      searchLabel="Search by name or upstream"
      filters={[{ key: 'kind', label: 'Kind', choices: servedResourceKinds.map((value) => ({ value, text: word(value) })) }]}
      actions={create}
      keyOf={(resource) => resource.id}
      columns={[
        {
          title: 'Name',
          cell: (resource) => (
            <>
              <Link to="/resources/$id" params={{ id: resource.id }} className="font-semibold text-ink no-underline hover:underline">
                {resource.name}
              </Link>
              {resource.allow_private && (
                <>
                  {' '}
                  <Badge tone="brass" title="Its upstream may be at a private address">
                    private
                  </Badge>
                </>
              )}
            </>
          ),
        },
        { title: 'Kind', cell: (resource) => word(resource.kind), tight: true },
        { title: 'Upstream', cell: (resource) => <code className="text-xs">{resource.upstream}</code> },
        { title: 'Agents call', cell: (resource) => <code className="text-xs">{resource.address}</code>, wideOnly: true },
        {
          title: 'Credential',
          cell: (resource) =>
            resource.credential === null ? (
              `${Object.keys(resource.credentials ?? {}).length} by environment`
            ) : (
              <Reference id={resource.credential} />
            ),
        },
        { title: 'Added', cell: (resource) => <Moment at={resource.created_at} />, tight: true, wideOnly: true },
      ]}
      empty={
        <Empty title="No resource yet" action={create}>
          Put a provider behind the gateway: agents then need a grant instead of a key.
        </Empty>
      }
    />
  )
}
