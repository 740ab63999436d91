import { queryOptions, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty, Panel } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { say } from '../../components/toast.tsx'
import { addPasskey, passkeyObstacle } from '../sign-in/passkeys.ts'

const passkeysQuery = queryOptions({ queryKey: ['my-passkeys'], queryFn: () => api.me.listPasskeys() })

export function Passkeys() {
  const passkeys = useQuery(passkeysQuery)
  const [adding, setAdding] = useState(false)
  const [name, setName] = useState('')
  const add = useAct(() => addPasskey(name))
  const remove = useAct((id: string) => api.me.removePasskey(id))
  return (
    <Panel
      title="Passkeys"
      note="Your device confirms that it is you."
      flush
      actions={
        !adding && (
          <Button disabledReason={passkeyObstacle()} onClick={() => setAdding(true)}>
            Add a passkey
          </Button>
        )
      }
    >
      {adding && (
        <div className="border-b border-line p-4">
          <Form
            label="Add a passkey"
            failure={add.failure}
            onSubmit={async () => {
              if (!(await add.run())) return
              setAdding(false)
              setName('')
              say('The passkey is set up.')
            }}
          >
            <div className="flex flex-wrap items-end gap-2.5">
              <div className="flex-1 basis-56">
                <TextField
                  label="Name of this device"
                  optional
                  pointer="/name"
                  placeholder="Laptop"
                  value={name}
                  onChange={setName}
                  autoFocus
                />
              </div>
              <Button type="submit" look="primary" pending={add.pending}>
                Set it up
              </Button>
              <Button onClick={() => setAdding(false)}>Cancel</Button>
            </div>
          </Form>
        </div>
      )}
      {remove.failure && (
        <div className="p-4">
          <FailureNotice failure={remove.failure} />
        </div>
      )}
      {passkeys.data?.items.length === 0 ? (
        <Empty title="No passkey yet">With one you sign in by a touch, and there is no password to steal.</Empty>
      ) : (
        <Table
          label="Passkeys"
          items={passkeys.data?.items}
          keyOf={(passkey) => passkey.id}
          columns={[
            { title: 'Name', cell: (passkey) => passkey.name },
            { title: 'Added', cell: (passkey) => <Moment at={passkey.created_at} />, tight: true },
            { title: 'Last used', cell: (passkey) => <Moment at={passkey.last_used_at} />, tight: true },
            {
              title: 'Remove',
              act: true,
              right: true,
              cell: (passkey) => (
                <Button small look="plain" aria-label={`Remove passkey ${passkey.name}`} onClick={() => void remove.run(passkey.id)}>
                  Remove
                </Button>
              ),
            },
          ]}
        />
      )}
    </Panel>
  )
}
