import { useRef, useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { clearSecret, readSecret, SecretField } from '../../components/form/secret-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { say } from '../../components/toast.tsx'

/** A further secret value for the same credential. */
export function VersionForm({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const secret = useRef<HTMLInputElement>(null)
  const [keyId, setKeyId] = useState('')
  const add = useAct((text: string) =>
    api.credentials.addVersion(id, { secret: text, ...(keyId.trim() === '' ? {} : { provider_key_id: keyId.trim() }) }),
  )
  return (
    <Form
      label="Store a new secret"
      failure={add.failure}
      onSubmit={async () => {
        const done = await add.run(readSecret(secret))
        if (!done) return
        clearSecret(secret)
        say('The new secret is current.')
        onClose()
      }}
    >
      <div className="grid gap-4">
        <SecretField label="New secret" pointer="/secret" hint="Encrypted at once. Nobody can read it back." input={secret} />
        <TextField label="The provider's id of the key" optional pointer="/provider_key_id" value={keyId} onChange={setKeyId} />
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={add.pending}>
          Store it
        </Button>
      </DialogActions>
    </Form>
  )
}
