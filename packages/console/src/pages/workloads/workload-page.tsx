import type { Workload, WorkloadUpdate } from '@keyward/contract/workloads'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { Go } from '../../app/go.tsx'
import { StateBadge } from '../../components/badge.tsx'
import { Id } from '../../components/copy.tsx'
import { Detail } from '../../components/detail.tsx'
import { PickField } from '../../components/form/pick-field.tsx'
import { TextAreaField, TextField } from '../../components/form/text-field.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { DeleteButton } from '../../components/inventory/delete-button.tsx'
import { EditDialog } from '../../components/inventory/edit-dialog.tsx'
import { IfMay } from '../../components/inventory/if-may.tsx'
import { PagedTable } from '../../components/inventory/paged-table.tsx'
import { RevokeButton } from '../../components/inventory/revoke-button.tsx'
import { WillEndAccess } from '../../components/inventory/will-end.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty, Facts, PageFrame, Panel } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { word } from '../../format/words.ts'
import { RecentActs } from '../audit/recent-acts.tsx'
import { GrantForm } from '../grants/grant-form.tsx'
import { GrantLink } from '../grants/grant-link.tsx'
import { ScopeText } from '../grants/scope-text.tsx'
import { AssuranceBadge } from '../tokens/assurance-badge.tsx'
import { Identities } from './identities.tsx'
import { WorkloadTokens } from './workload-tokens.tsx'

const back = { to: '/workloads', text: 'Workloads' }

export default function WorkloadPage() {
  return (
    <Detail of="workloads" what="Workload" back={back}>
      {(workload) => <Shown workload={workload} />}
    </Detail>
  )
}

function Shown({ workload }: { readonly workload: Workload }) {
  const [editing, setEditing] = useState(false)
  const revoked = workload.state === 'revoked'
  return (
    <PageFrame
      title={workload.name}
      back={back}
      lead={
        <span className="flex flex-wrap items-center gap-2">
          <StateBadge state={workload.state} /> {word(workload.type)} in {workload.environment} ·{' '}
          <Go to={`/calls?workload=${workload.id}`}>its calls</Go>
        </span>
      }
      actions={
        <>
          <IfMay needs="workload:update">
            <ActButton
              needs="workload:update"
              disabledReason={revoked ? 'It is revoked: that is final.' : undefined}
              onClick={() => setEditing(true)}
            >
              Edit
            </ActButton>
          </IfMay>
          <IfMay needs="workload:delete">
            <DeleteButton
              needs="workload:delete"
              name={workload.name}
              consequence="A workload with grants can't be deleted. Its history stays in the audit log."
              act={() => api.workloads.delete(workload.id, { revision: workload.revision })}
              then="/workloads"
            />
          </IfMay>
          <IfMay needs="workload:revoke">
            <RevokeButton
              revoked={revoked}
              needs="workload:revoke"
              name={workload.name}
              willEnd={<WillEndAccess filters={{ workload: workload.id }} self="the workload and its identities" />}
              act={(reason) => api.workloads.revoke(workload.id, { reason })}
            />
          </IfMay>
        </>
      }
    >
      <div className="grid gap-5 lg:grid-cols-[3fr_2fr]">
        <div className="grid min-w-0 content-start gap-5">
          <Panel
            title="Grants"
            note="What it may use."
            flush
            actions={
              !revoked && (
                <IfMay needs="grant:create">
                  <CreateButton needs="grant:create" look="quiet" text="Grant a resource" wide>
                    {(close) => <GrantForm workload={workload.id} onClose={close} />}
                  </CreateButton>
                </IfMay>
              )
            }
          >
            <PagedTable
              bare
              list="grants"
              filters={{ workload: workload.id }}
              label="Grants of this workload"
              keyOf={(grant) => grant.id}
              columns={[
                { title: 'Resource', cell: (grant) => <GrantLink grant={grant} show="resource" /> },
                { title: 'May', cell: (grant) => <ScopeText scope={grant.scope} /> },
                { title: 'Last used', cell: (grant) => <Moment at={grant.last_used_at} />, tight: true },
                { title: 'State', cell: (grant) => <StateBadge state={grant.state} />, tight: true },
              ]}
              empty={<Empty title="It may do nothing yet">Default is deny: grant it a resource.</Empty>}
            />
          </Panel>
        </div>
        <Panel title="What is known of it" className="self-start">
          <Facts
            items={[
              ['Id', <Id key="id" id={workload.id} />],
              ['Owner', <Reference key="owner" id={workload.owner} />],
              ['Backup', <Reference key="backup" id={workload.backup_owner} none="nobody" />],
              ['Environment', workload.environment],
              [
                'Assurance',
                workload.assurance === null ? 'none: no identity' : <AssuranceBadge key="assurance" level={workload.assurance} />,
              ],
              ['Last used', <Moment key="used" at={workload.last_used_at} />],
              ['Added', <Moment key="added" at={workload.created_at} />],
              ['Changed', <Moment key="changed" at={workload.updated_at} />],
              workload.revoked_at !== null && ['Revoked', <Moment key="revoked" at={workload.revoked_at} />],
              workload.description !== null && ['Description', workload.description],
            ]}
          />
        </Panel>
      </div>
      <div className="mt-5 grid gap-5">
        <Identities workload={workload} />
        <WorkloadTokens workload={workload.id} />
        <RecentActs filters={{ workload: workload.id }} />
      </div>
      {editing && <WorkloadEdit workload={workload} onClose={() => setEditing(false)} />}
    </PageFrame>
  )
}

function WorkloadEdit({ workload, onClose }: { readonly workload: Workload; readonly onClose: () => void }) {
  return (
    <EditDialog
      item={workload}
      title={`Edit ${workload.name}`}
      onClose={onClose}
      valuesOf={(item) => ({
        name: item.name,
        owner: item.owner as string | undefined,
        backup: item.backup_owner ?? undefined,
        description: item.description ?? '',
      })}
      bodyOf={(values) => ({
        name: values.name,
        owner: values.owner,
        backup_owner: values.backup ?? null,
        description: values.description.trim() === '' ? null : values.description,
      })}
      save={(changes, revision) => api.workloads.update(workload.id, changes as WorkloadUpdate, { revision })}
      reload={() => api.workloads.show(workload.id)}
    >
      {(values, set) => (
        <>
          <TextField label="Name" pointer="/name" value={values.name} onChange={set('name')} />
          <PickField label="Owner" pointer="/owner" from="owners" value={values.owner} onChange={set('owner')} />
          <PickField label="Backup" optional pointer="/backup_owner" from="owners" value={values.backup} onChange={set('backup')} />
          <TextAreaField label="Description" optional pointer="/description" value={values.description} onChange={set('description')} />
        </>
      )}
    </EditDialog>
  )
}
