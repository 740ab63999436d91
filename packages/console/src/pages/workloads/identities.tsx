import type { Identity } from '@keyward/contract/identities'
import type { Workload } from '@keyward/contract/workloads'
import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { useMay } from '../../api/me.ts'
import { StateBadge } from '../../components/badge.tsx'
import { Button, buttonClasses } from '../../components/button.tsx'
import { Code } from '../../components/code.tsx'
import { Dialog, DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty, Panel } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { Table } from '../../components/table.tsx'
import { say } from '../../components/toast.tsx'
import { counted } from '../../format/numbers.ts'
import { word } from '../../format/words.ts'
import { AssuranceBadge } from '../tokens/assurance-badge.tsx'
import { IdentityWarnings, Pinned, useIssuers } from './pinned.tsx'

/** How a workload proves who it is. */
export function Identities({ workload }: { readonly workload: Workload }) {
  const [ending, setEnding] = useState<Identity>()
  const { issuers } = useIssuers()
  const mayAdd = useMay('workload:add_identity')
  const active = workload.state === 'active'
  return (
    <Panel
      title="Identities"
      note="How it proves who it is: whatever proves itself so gets tokens under its grants."
      flush
      actions={mayAdd && active && <AddIdentity workload={workload.id} />}
    >
      {workload.identities.length === 0 ? (
        <Empty title="No identity yet">
          <p>
            So it can’t get a token by itself. Best is a platform’s word (GitHub, GitLab, Kubernetes, a cloud, SPIFFE); on a machine, a key
            pair:
          </p>
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
                    {identity.name !== null && word(identity.method)}
                    {identity.issuer !== null && (
                      <>
                        {identity.name === null ? 'by ' : ' by '}
                        <Reference id={identity.issuer} />
                      </>
                    )}
                  </span>
                </>
              ),
            },
            {
              title: 'Pinned to',
              cell: (identity) => (
                <div className="min-w-0">
                  <Pinned identity={identity} preset={issuers.find((one) => one.id === identity.issuer)?.preset ?? 'generic'} />
                  {identity.grants !== null && (
                    <span className="block text-xs text-soft">{counted(identity.grants.length, 'grant')} of the workload alone</span>
                  )}
                  {identity.revoked_at === null && <IdentityWarnings identity={identity} />}
                </div>
              ),
            },
            {
              title: 'Assurance',
              cell: (identity) => <AssuranceBadge level={identity.assurance} />,
              tight: true,
            },
            { title: 'Last used', cell: (identity) => <Moment at={identity.last_used_at} />, tight: true },
            {
              title: 'Revoke',
              act: true,
              right: true,
              cell: (identity) =>
                identity.revoked_at !== null ? (
                  <StateBadge state="revoked" />
                ) : mayAdd ? (
                  <Button
                    small
                    look="plain"
                    aria-label={`Revoke identity ${identity.name ?? word(identity.method)}`}
                    onClick={() => setEnding(identity)}
                  >
                    Revoke
                  </Button>
                ) : null,
            },
          ]}
        />
      )}
      {ending && <EndIdentity workload={workload.id} identity={ending} onClose={() => setEnding(undefined)} />}
    </Panel>
  )
}

function AddIdentity({ workload }: { readonly workload: string }) {
  return (
    <Link to="/workloads/$id/identity" params={{ id: workload }} className={buttonClasses('quiet')}>
      <Plus size={16} aria-hidden="true" />
      Add an identity
    </Link>
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
      title={`Revoke ${name}?`}
      description="It can prove nothing any more. The tokens that it obtained end at once, with all that was handed on from them."
    >
      <Form
        label={`Revoke ${name}`}
        failure={end.failure}
        onSubmit={async () => {
          const done = await end.run()
          if (!done) return
          say(`${name} is revoked.`)
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
            Revoke now
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  )
}
