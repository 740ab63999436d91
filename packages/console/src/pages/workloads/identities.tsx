import type { Identity } from '@keyward/contract/identities'
import type { Workload } from '@keyward/contract/workloads'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Badge, StateBadge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { Code } from '../../components/code.tsx'
import { Dialog, DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty, Panel } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { say } from '../../components/toast.tsx'
import { word } from '../../format/words.ts'
import { IdentityForm } from './identity-form.tsx'

/** How a workload proves who it is. */
export function Identities({ workload }: { readonly workload: Workload }) {
  const [ending, setEnding] = useState<Identity>()
  return (
    <Panel
      title="Identities"
      note={
        <>
          How it proves who it is: with a key pair of its own, best made by <code>keyward workload enroll</code>.
        </>
      }
      flush
      actions={
        workload.state === 'active' && (
          <CreateButton needs="workload:add_identity" look="quiet" text="Add an identity">
            {(close) => <IdentityForm workload={workload.id} onClose={close} />}
          </CreateButton>
        )
      }
    >
      {workload.identities.length === 0 ? (
        <Empty title="No identity yet">
          <p>On the machine where it runs:</p>
          <div className="mt-2 text-left">
            <Code label="Enrol this machine" text={`keyward workload enroll ${workload.id}`} />
          </div>
        </Empty>
      ) : (
        <Table
          label="Identities"
          items={workload.identities}
          keyOf={(identity) => identity.id}
          columns={[
            {
              title: 'Identity',
              cell: (identity) => (
                <>
                  {identity.name ?? word(identity.method)}
                  <span className="block text-xs text-soft">
                    {word(identity.method)} {identity.method === 'client_secret_basic' && <Badge tone="brass">discouraged</Badge>}
                  </span>
                </>
              ),
            },
            { title: 'Known by', cell: (identity) => <code className="text-xs">{identity.thumbprint ?? identity.hint}</code> },
            { title: 'Last used', cell: (identity) => <Moment at={identity.last_used_at} />, tight: true },
            {
              title: 'End',
              act: true,
              right: true,
              cell: (identity) =>
                identity.revoked_at === null ? (
                  <ActButton
                    needs="workload:add_identity"
                    small
                    look="plain"
                    aria-label={`End identity ${identity.name ?? identity.id}`}
                    onClick={() => setEnding(identity)}
                  >
                    End
                  </ActButton>
                ) : (
                  <StateBadge state="revoked" />
                ),
            },
          ]}
        />
      )}
      {ending && <EndIdentity workload={workload.id} identity={ending} onClose={() => setEnding(undefined)} />}
    </Panel>
  )
}

function EndIdentity({
  workload,
  identity,
  onClose,
}: {
  readonly workload: string
  readonly identity: Identity
  readonly onClose: () => void
}) {
  const [reason, setReason] = useState('')
  const end = useAct(() => api.workloads.revokeIdentity({ id: workload, identity: identity.id }, { reason }))
  const name = identity.name ?? word(identity.method)
  return (
    <Dialog
      open
      onClose={onClose}
      title={`End ${name}?`}
      description="It can prove nothing any more, and the tokens that it obtained end at once."
    >
      <Form
        label={`End ${name}`}
        failure={end.failure}
        onSubmit={async () => {
          const done = await end.run()
          if (!done) return
          say(`${name} is ended.`)
          onClose()
        }}
      >
        <TextField
          label="Why"
          pointer="/reason"
          hint="Stands in the audit log."
          minLength={3}
          value={reason}
          onChange={setReason}
          autoFocus
        />
        <DialogActions>
          <Button onClick={onClose}>Keep it</Button>
          <Button type="submit" look="danger" pending={end.pending}>
            End it
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  )
}
