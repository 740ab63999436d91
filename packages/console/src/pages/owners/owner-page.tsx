import type { Owner, OwnerUpdate } from '@keyward/contract/owners'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { StateBadge } from '../../components/badge.tsx'
import { Id } from '../../components/copy.tsx'
import { Detail } from '../../components/detail.tsx'
import { PickField } from '../../components/form/pick-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { DeleteButton } from '../../components/inventory/delete-button.tsx'
import { EditDialog } from '../../components/inventory/edit-dialog.tsx'
import { PagedTable } from '../../components/inventory/paged-table.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty, Facts, PageFrame, Panel } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { word } from '../../format/words.ts'

const back = { to: '/owners', text: 'Owners & teams' }

export default function OwnerPage() {
  return (
    <Detail of="owners" what="Owner" back={back}>
      {(owner) => <Shown owner={owner} />}
    </Detail>
  )
}

function Shown({ owner }: { readonly owner: Owner }) {
  const [editing, setEditing] = useState(false)
  return (
    <PageFrame
      title={owner.name}
      back={back}
      lead={`${word(owner.kind)}, reached at ${owner.contact}`}
      actions={
        <>
          <ActButton needs="owner:update" onClick={() => setEditing(true)}>
            Edit
          </ActButton>
          <DeleteButton
            needs="owner:delete"
            name={owner.name}
            consequence="An owner who owns something can't be deleted: hand that over first."
            act={() => api.owners.delete(owner.id, { revision: owner.revision })}
            then="/owners"
          />
        </>
      }
    >
      <div className="grid gap-5 lg:grid-cols-[3fr_2fr]">
        <div className="grid min-w-0 content-start gap-5">
          {(['credentials', 'workloads'] as const).map((list) => (
            <Panel key={list} title={word(list)} flush>
              <PagedTable
                bare
                list={list}
                filters={{ owner: owner.id }}
                label={`${word(list)} of ${owner.name}`}
                keyOf={(item) => item.id}
                columns={[
                  { title: 'Name', cell: (item) => <Reference id={item.id} /> },
                  { title: 'Environment', cell: (item) => item.environment },
                  { title: 'Last used', cell: (item) => <Moment at={item.last_used_at} />, tight: true },
                  { title: 'State', cell: (item) => <StateBadge state={item.state} />, tight: true },
                ]}
                empty={<Empty title={`Owns no ${list}`} />}
              />
            </Panel>
          ))}
          {owner.kind === 'team' && (
            <Panel title="People in this team" flush>
              <PagedTable
                bare
                list="owners"
                filters={{ team: owner.id }}
                label="People in this team"
                keyOf={(person) => person.id}
                columns={[
                  { title: 'Name', cell: (person) => <Reference id={person.id} /> },
                  { title: 'Contact', cell: (person) => person.contact },
                ]}
                empty={<Empty title="Nobody is in it" />}
              />
            </Panel>
          )}
        </div>
        <Panel title="What is known" className="self-start">
          <Facts
            items={[
              ['Id', <Id key="id" id={owner.id} />],
              ['Kind', word(owner.kind)],
              ['Contact', owner.contact],
              ['Backup', <Reference key="backup" id={owner.backup} none="nobody" />],
              owner.team !== null && ['Team', <Reference key="team" id={owner.team} />],
              ['Added', <Moment key="added" at={owner.created_at} />],
              ['Changed', <Moment key="changed" at={owner.updated_at} />],
            ]}
          />
        </Panel>
      </div>
      {editing && (
        <EditDialog
          item={owner}
          title={`Edit ${owner.name}`}
          onClose={() => setEditing(false)}
          valuesOf={(item) => ({ name: item.name, contact: item.contact, backup: item.backup ?? undefined, team: item.team ?? undefined })}
          bodyOf={(values) => ({ name: values.name, contact: values.contact, backup: values.backup ?? null, team: values.team ?? null })}
          save={(changes, revision) => api.owners.update(owner.id, changes as OwnerUpdate, { revision })}
          reload={() => api.owners.show(owner.id)}
        >
          {(values, set) => (
            <>
              <TextField label="Name" pointer="/name" value={values.name} onChange={set('name')} />
              <TextField label="Contact" pointer="/contact" value={values.contact} onChange={set('contact')} />
              <PickField label="Backup" optional pointer="/backup" from="owners" value={values.backup} onChange={set('backup')} />
              {owner.kind === 'person' && (
                <PickField label="Team" optional pointer="/team" from="teams" value={values.team} onChange={set('team')} />
              )}
            </>
          )}
        </EditDialog>
      )}
    </PageFrame>
  )
}
