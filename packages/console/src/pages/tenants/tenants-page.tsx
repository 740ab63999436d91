import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { StateBadge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { ListPage } from '../../components/inventory/list-page.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty } from '../../components/page.tsx'
import { say } from '../../components/toast.tsx'
import { word } from '../../format/words.ts'

export default function TenantsPage() {
  const create = (
    <CreateButton needs="tenant:create" text="Add a tenant">
      {(close) => <TenantForm onClose={close} />}
    </CreateButton>
  )
  return (
    <ListPage
      list="tenants"
      title="Tenants"
      lead="Customers inside your resources. A grant for one tenant reaches no other."
      searchLabel="Search by name"
      filters={[{ key: 'state', label: 'State', choices: ['active', 'revoked'].map((value) => ({ value, text: word(value) })) }]}
      actions={create}
      keyOf={(tenant) => tenant.id}
      columns={[
        {
          title: 'Name',
          cell: (tenant) => (
            <Link to="/tenants/$id" params={{ id: tenant.id }} className="font-semibold text-ink no-underline hover:underline">
              {tenant.name}
            </Link>
          ),
        },
        { title: 'Resources call it', cell: (tenant) => <code>{tenant.external_id}</code> },
        { title: 'Added', cell: (tenant) => <Moment at={tenant.created_at} />, tight: true },
        { title: 'State', cell: (tenant) => <StateBadge state={tenant.state} />, tight: true },
      ]}
      empty={
        <Empty title="No tenant yet" action={create}>
          Add one where an agent is to act for a single customer.
        </Empty>
      }
    />
  )
}

function TenantForm({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [external, setExternal] = useState('')
  const create = useAct(() => api.tenants.create({ name, ...(external.trim() === '' ? {} : { external_id: external }) }))
  return (
    <Form
      label="Add a tenant"
      failure={create.failure}
      onSubmit={async () => {
        if (!(await create.run())) return
        say(`${name} is added.`)
        onClose()
      }}
    >
      <div className="grid gap-4">
        <TextField label="Name" pointer="/name" value={name} onChange={setName} autoFocus />
        <TextField
          label="What the resource calls it"
          optional
          pointer="/external_id"
          hint="Left empty: the name."
          value={external}
          onChange={setExternal}
        />
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={create.pending}>
          Add the tenant
        </Button>
      </DialogActions>
    </Form>
  )
}
