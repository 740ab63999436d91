import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'

interface DismissFormProps {
  readonly id: string
  readonly onCancel: () => void
  readonly onDone: () => void
}

/** Why nothing has to be done about a detection, and until when. */
export function DismissForm({ id, onCancel, onDone }: DismissFormProps) {
  const [reason, setReason] = useState('')
  const [until, setUntil] = useState('')
  const dismiss = useAct(() => api.detections.dismiss(id, { reason, ...(until === '' ? {} : { until: `${until}T00:00:00Z` }) }))
  return (
    <section className="rounded-md border border-line p-3.5">
      <Form
        label="Dismiss this detection"
        failure={dismiss.failure}
        onSubmit={async () => {
          if (await dismiss.run()) onDone()
        }}
      >
        <div className="grid gap-4">
          <TextField
            label="Why nothing has to be done"
            pointer="/reason"
            hint="Stands in the audit log."
            minLength={3}
            maxLength={500}
            value={reason}
            onChange={setReason}
            autoFocus
          />
          <TextField
            label="Look at it again on"
            pointer="/until"
            type="date"
            optional
            hint="Empty: never."
            value={until}
            onChange={setUntil}
          />
        </div>
        <DialogActions>
          <Button onClick={onCancel}>Cancel</Button>
          <Button type="submit" look="primary" pending={dismiss.pending}>
            Dismiss
          </Button>
        </DialogActions>
      </Form>
    </section>
  )
}
