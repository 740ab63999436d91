import type { Tenant, TenantUpdate } from '@keyward/contract/owners'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { StateBadge } from '../../components/badge.tsx'
import { Id } from '../../components/copy.tsx'
import { Detail } from '../../components/detail.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { DeleteButton } from '../../components/inventory/delete-button.tsx'
import { EditDialog } from '../../components/inventory/edit-dialog.tsx'
import { PagedTable } from '../../components/inventory/paged-table.tsx'
import { RevokeButton } from '../../components/inventory/revoke-button.tsx'
import { WillEndAccess } from '../../components/inventory/will-end.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty, Facts, PageFrame, Panel } from '../../components/page.tsx'
import { RecentActs } from '../audit/recent-acts.tsx'
import { GrantLink } from '../grants/grant-link.tsx'
import { ScopeText } from '../grants/scope-text.tsx'

const back = { to: '/tenants', text: 'Tenants' }

export default function TenantPage() {
  return (
    <Detail of="tenants" what="Tenant" back={back}>
      {(tenant) => <Shown tenant={tenant} />}
    </Detail>
  )
}

function Shown({ tenant }: { readonly tenant: Tenant }) {
  const [editing, setEditing] = useState(false)
  const active = tenant.state === 'active'
  return (
    <PageFrame
      title={tenant.name}
      back={back}
      lead={<StateBadge state={tenant.state} />}
      actions={
        <>
          <ActButton
            needs="tenant:update"
            disabledReason={active ? undefined : 'It is revoked: that is final.'}
            onClick={() => setEditing(true)}
          >
            Edit
          </ActButton>
          <DeleteButton
            needs="tenant:delete"
            name={tenant.name}
            consequence="A tenant that a grant names can't be deleted."
            act={() => api.tenants.delete(tenant.id, { revision: tenant.revision })}
            then="/tenants"
          />
          <RevokeButton
            revoked={!active}
            needs="tenant:revoke"
            name={tenant.name}
            willEnd={<WillEndAccess filters={{ tenant: tenant.id }} self="all access to this tenant" />}
            act={(reason) => api.tenants.revoke(tenant.id, { reason })}
          />
        </>
      }
    >
      <div className="grid gap-5 lg:grid-cols-[3fr_2fr]">
        <div className="grid min-w-0 content-start gap-5">
          <Panel title="Grants for this tenant" flush>
            <PagedTable
              bare
              list="grants"
              filters={{ tenant: tenant.id }}
              label="Grants for this tenant"
              keyOf={(grant) => grant.id}
              columns={[
                { title: 'Grant', cell: (grant) => <GrantLink grant={grant} show="both" /> },
                { title: 'May', cell: (grant) => <ScopeText scope={grant.scope} /> },
                { title: 'State', cell: (grant) => <StateBadge state={grant.state} />, tight: true },
              ]}
              empty={<Empty title="No grant names it" />}
            />
          </Panel>
          <RecentActs filters={{ tenant: tenant.id }} />
        </div>
        <Panel title="What is known of it" className="self-start">
          <Facts
            items={[
              ['Id', <Id key="id" id={tenant.id} />],
              ['Resources call it', <code key="external">{tenant.external_id}</code>],
              ['Added', <Moment key="added" at={tenant.created_at} />],
              tenant.revoked_at !== null && ['Revoked', <Moment key="revoked" at={tenant.revoked_at} />],
            ]}
          />
        </Panel>
      </div>
      {editing && (
        <EditDialog
          item={tenant}
          title={`Edit ${tenant.name}`}
          onClose={() => setEditing(false)}
          valuesOf={(item) => ({ name: item.name, external: item.external_id })}
          bodyOf={(values) => ({ name: values.name, external_id: values.external })}
          save={(changes, revision) => api.tenants.update(tenant.id, changes as TenantUpdate, { revision })}
          reload={() => api.tenants.show(tenant.id)}
        >
          {(values, set) => (
            <>
              <TextField label="Name" pointer="/name" value={values.name} onChange={set('name')} />
              <TextField label="What the resource calls it" pointer="/external_id" value={values.external} onChange={set('external')} />
            </>
          )}
        </EditDialog>
      )}
    </PageFrame>
  )
}
