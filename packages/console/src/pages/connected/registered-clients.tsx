import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { StateBadge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog, DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextAreaField, TextField } from '../../components/form/text-field.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { PagedTable } from '../../components/inventory/paged-table.tsx'
import { Empty, Panel } from '../../components/page.tsx'
import { say } from '../../components/toast.tsx'

/** Apps that an administrator registered. Most bring a document of their own and need none of this. */
export function RegisteredClients() {
  return (
    <Panel
      title="Registered apps"
      note="For apps that have no address of their own. Editors that publish a document about themselves need none of this."
      flush
      actions={
        <CreateButton needs="oauth_client:create" text="Register an app">
          {(close) => <ClientForm onClose={close} />}
        </CreateButton>
      }
    >
      <PagedTable
        bare
        list="oauthClients"
        filters={{}}
        label="Registered apps"
        keyOf={(client) => client.id}
        columns={[
          {
            title: 'Name',
            cell: (client) => (
              <>
                <span className="font-semibold">{client.name}</span>
                <code className="block text-xs break-all text-soft select-all">{client.client_id}</code>
              </>
            ),
          },
          {
            title: 'Takes its answer at',
            cell: (client) => <code className="text-xs break-all">{client.redirect_uris.join(' ')}</code>,
          },
          { title: 'State', cell: (client) => <StateBadge state={client.state} />, tight: true },
          {
            title: 'Revoke',
            act: true,
            right: true,
            cell: (client) => client.state === 'active' && <RevokeClient id={client.id} name={client.name} />,
          },
        ]}
        empty={<Empty title="No app is registered">That is fine for editors that publish a document about themselves.</Empty>}
      />
    </Panel>
  )
}

function ClientForm({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [uris, setUris] = useState('')
  const create = useAct(() => api.oauthClients.create({ name, redirect_uris: uris.split(/\s+/).filter((uri) => uri !== '') }))
  return (
    <Form
      label="Register an app"
      failure={create.failure}
      onSubmit={async () => {
        if (!(await create.run())) return
        say(`${name} is registered. Give it its client id.`)
        onClose()
      }}
    >
      <div className="grid gap-4">
        <TextField label="Name" pointer="/name" hint="People see it when they are asked." value={name} onChange={setName} autoFocus />
        <TextAreaField
          label="Where it takes its answer"
          pointer="/redirect_uris"
          hint="One address a line, exactly as the app sends it. The port of http://127.0.0.1 may be any."
          mono
          placeholder="http://127.0.0.1/callback"
          value={uris}
          onChange={setUris}
        />
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={create.pending}>
          Register it
        </Button>
      </DialogActions>
    </Form>
  )
}

function RevokeClient({ id, name }: { readonly id: string; readonly name: string }) {
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const revoke = useAct(() => api.oauthClients.revoke(id, { reason }))
  return (
    <>
      <ActButton needs="oauth_client:revoke" small look="plain" aria-label={`Revoke ${name}`} onClick={() => setOpen(true)}>
        Revoke
      </ActButton>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title={`Revoke ${name}?`}
        description="Everybody who connected it is disconnected at once. It cannot be undone."
      >
        <Form
          label={`Revoke ${name}`}
          failure={revoke.failure}
          onSubmit={async () => {
            if (!(await revoke.run())) return
            say(`${name} is revoked.`)
            setOpen(false)
          }}
        >
          <TextField
            label="Why"
            pointer="/reason"
            hint="Stands in the audit log."
            minLength={3}
            maxLength={500}
            value={reason}
            onChange={setReason}
            autoFocus
          />
          <DialogActions>
            <Button onClick={() => setOpen(false)}>Keep it</Button>
            <Button type="submit" look="danger" pending={revoke.pending}>
              Revoke now
            </Button>
          </DialogActions>
        </Form>
      </Dialog>
    </>
  )
}
