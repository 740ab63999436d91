import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Go } from '../../app/go.tsx'
import { Button } from '../../components/button.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { DeleteButton } from '../../components/inventory/delete-button.tsx'
import { ListPage } from '../../components/inventory/list-page.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty } from '../../components/page.tsx'
import { say } from '../../components/toast.tsx'

export default function EnvironmentsPage() {
  const create = (
    <CreateButton needs="environment:create" text="Add an environment">
      {(close) => <EnvironmentForm onClose={close} />}
    </CreateButton>
  )
  return (
    <ListPage
      list="environments"
      title="Environments"
      lead="Where things run. A workload uses the credentials of its own environment; roles can be held for one."
      actions={create}
      keyOf={(environment) => environment.name}
      columns={[
        {
          title: 'Name',
          cell: (environment) => (
            <Go to={`/credentials?environment=${environment.name}`} className="font-semibold text-ink no-underline hover:underline">
              {environment.name}
            </Go>
          ),
        },
        { title: 'Description', cell: (environment) => environment.description },
        { title: 'Added', cell: (environment) => <Moment at={environment.created_at} />, tight: true },
        {
          title: 'Delete',
          act: true,
          right: true,
          cell: (environment) => (
            <DeleteButton
              needs="environment:delete"
              small
              name={environment.name}
              consequence="An environment that something is in can't be deleted."
              act={() => api.environments.delete(environment.name)}
            />
          ),
        },
      ]}
      empty={<Empty title="No environment" action={create} />}
    />
  )
}

function EnvironmentForm({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [description, setDescription] = useState('')
  const create = useAct(() => api.environments.create({ name, ...(description.trim() === '' ? {} : { description }) }))
  return (
    <Form
      label="Add an environment"
      failure={create.failure}
      onSubmit={async () => {
        if (!(await create.run())) return
        say(`${name} is added.`)
        onClose()
      }}
    >
      <div className="grid gap-4">
        <TextField
          label="Name"
          pointer="/name"
          placeholder="staging"
          hint="Lower-case letters, digits and hyphens."
          value={name}
          onChange={setName}
          autoFocus
        />
        <TextField label="Description" optional pointer="/description" value={description} onChange={setDescription} />
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={create.pending}>
          Add the environment
        </Button>
      </DialogActions>
    </Form>
  )
}
