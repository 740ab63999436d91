import type { Permission } from '@keyward/contract/permissions'
import type { Revocation } from '@keyward/contract/records'
import { Ban } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { useAct } from '../../api/act.ts'
import { Button } from '../button.tsx'
import { Dialog, DialogActions } from '../dialog.tsx'
import { Form } from '../form/form.tsx'
import { TextField } from '../form/text-field.tsx'
import { ActButton } from './act-button.tsx'
import { RevocationResult } from './revocation-result.tsx'

interface RevokeButtonProps {
  readonly needs: Permission
  readonly name: string
  /** What it will end: asked for when the dialog opens. */
  readonly willEnd: ReactNode
  readonly act: (reason: string) => Promise<Revocation>
  /** It is revoked: no button any more, but what its revocation ended stays to be read. */
  readonly revoked: boolean
  readonly small?: boolean
}

/** Ends something for good, after saying what that ends; then shows what it ended, and how fast. */
export function RevokeButton({ needs, name, willEnd, act, revoked, small = false }: RevokeButtonProps) {
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const [result, setResult] = useState<Revocation>()
  const revoke = useAct(act)
  const close = () => {
    setOpen(false)
    setReason('')
    setResult(undefined)
    revoke.forget()
  }
  return (
    <>
      {!revoked && (
        <ActButton
          needs={needs}
          small={small}
          look={small ? 'plain' : 'danger'}
          icon={small ? undefined : <Ban size={15} aria-hidden="true" />}
          aria-label={small ? `Revoke ${name}` : undefined}
          onClick={() => setOpen(true)}
        >
          Revoke
        </ActButton>
      )}
      <Dialog
        open={open}
        onClose={close}
        title={result ? `${name} is revoked` : `Revoke ${name}?`}
        description={result ? undefined : 'At once, on every node, open streams included. It cannot be undone.'}
      >
        {result ? (
          <>
            <RevocationResult result={result} />
            <DialogActions>
              <Button look="primary" onClick={close}>
                Done
              </Button>
            </DialogActions>
          </>
        ) : (
          <Form
            label={`Revoke ${name}`}
            failure={revoke.failure}
            onSubmit={async () => {
              const done = await revoke.run(reason)
              if (done) setResult(done.answer)
            }}
          >
            <div className="grid gap-4">
              <div className="rounded-md bg-sunken px-3.5 py-3">
                <p className="label mb-1">This ends</p>
                {open && willEnd}
              </div>
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
            </div>
            <DialogActions>
              <Button onClick={close}>Keep it</Button>
              <Button type="submit" look="danger" pending={revoke.pending}>
                Revoke now
              </Button>
            </DialogActions>
          </Form>
        )}
      </Dialog>
    </>
  )
}
