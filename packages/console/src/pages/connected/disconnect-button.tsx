import type { Consent } from '@keyward/contract/consents'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { Dialog, DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { say } from '../../components/toast.tsx'

/** Ends what an app may do for a person, at once. Another's takes a reason, which stands in the audit log. */
export function DisconnectButton({ consent, whose }: { readonly consent: Consent; readonly whose: 'mine' | 'all' }) {
  const [open, setOpen] = useState(false)
  const [reason, setReason] = useState('')
  const end = useAct(() => (whose === 'mine' ? api.myConsents.revoke(consent.id, {}) : api.consents.revoke(consent.id, { reason })))
  const button = {
    small: true,
    look: 'plain',
    'aria-label': `Disconnect ${consent.client_name} from ${consent.workload_name}`,
    onClick: () => setOpen(true),
  } as const
  return (
    <>
      {whose === 'mine' ? (
        <Button {...button}>Disconnect</Button>
      ) : (
        <ActButton needs="consent:revoke" {...button}>
          Disconnect
        </ActButton>
      )}
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title={`Disconnect ${consent.client_name}?`}
        description={`At once: it can’t act as ${consent.workload_name} for ${consent.user_name} any more. Connecting it again takes a new yes.`}
      >
        <Form
          label={`Disconnect ${consent.client_name}`}
          failure={end.failure}
          onSubmit={async () => {
            if (!(await end.run())) return
            say(`${consent.client_name} is disconnected.`)
            setOpen(false)
          }}
        >
          {whose === 'all' && (
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
          )}
          <DialogActions>
            <Button onClick={() => setOpen(false)}>Keep it</Button>
            <Button type="submit" look="danger" pending={end.pending}>
              Disconnect now
            </Button>
          </DialogActions>
        </Form>
      </Dialog>
    </>
  )
}
