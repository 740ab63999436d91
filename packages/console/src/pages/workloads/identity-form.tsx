import type { IdentityCreate, PublicJwk } from '@keyward/contract/identities'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { LocalError } from '../../api/failure.ts'
import { Button } from '../../components/button.tsx'
import { ShownOnce } from '../../components/code.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { SelectField } from '../../components/form/select-field.tsx'
import { TextAreaField, TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { say } from '../../components/toast.tsx'
import { fromLocal } from '../../format/time.ts'

type Method = IdentityCreate['method']

/** Adds a way to prove who it is. A client secret is shown once, here, and gone with the dialog. */
export function IdentityForm({ workload, onClose }: { readonly workload: string; readonly onClose: () => void }) {
  const { values, set } = useFields({ method: 'private_key_jwt' as Method, name: '', jwk: '', expires: '' })
  const [secret, setSecret] = useState<string>()
  const add = useAct(async () => {
    const name = values.name.trim() === '' ? {} : { name: values.name.trim() }
    if (values.method === 'private_key_jwt')
      return await api.workloads.addIdentity(workload, { method: 'private_key_jwt', ...name, jwk: parseJwk(values.jwk) })
    const end = values.expires === '' ? {} : { expires_at: fromLocal(values.expires) }
    return await api.workloads.addIdentity(workload, { method: 'client_secret_basic', ...name, ...end })
  })
  if (secret !== undefined)
    return (
      <>
        <ShownOnce label="The client secret" secret={secret} />
        <p className="mt-3 text-sm text-soft">
          The workload is its own client id: <code>{workload}</code>. It gets tokens from <code>{window.location.origin}/oauth2/token</code>
          .
        </p>
        <DialogActions>
          <Button look="primary" onClick={onClose}>
            I have copied it
          </Button>
        </DialogActions>
      </>
    )
  return (
    <Form
      label="Add an identity"
      failure={add.failure}
      onSubmit={async () => {
        const done = await add.run()
        if (!done) return
        if (done.answer.client_secret !== undefined) return setSecret(done.answer.client_secret)
        say('The identity is added.')
        onClose()
      }}
    >
      <div className="grid gap-4">
        <SelectField
          label="It proves itself with"
          value={values.method}
          onChange={set('method')}
          choices={[
            { value: 'private_key_jwt', text: 'a key pair (recommended)' },
            { value: 'client_secret_basic', text: 'a client secret (the last resort)' },
          ]}
        />
        <TextField label="Name" optional pointer="/name" placeholder="laptop of Ada" value={values.name} onChange={set('name')} />
        {values.method === 'private_key_jwt' ? (
          <TextAreaField
            label="Public key (JWK)"
            pointer="/jwk"
            mono
            placeholder={'{"kty":"EC","crv":"P-256","x":"…","y":"…"}'}
            hint="The public half alone. `keyward workload enroll` does all of this on the machine itself, and the private half never leaves it."
            value={values.jwk}
            onChange={set('jwk')}
          />
        ) : (
          <TextField
            label="Expires"
            optional
            type="datetime-local"
            pointer="/expires_at"
            value={values.expires}
            onChange={set('expires')}
          />
        )}
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={add.pending}>
          Add the identity
        </Button>
      </DialogActions>
    </Form>
  )
}

function parseJwk(text: string): PublicJwk {
  try {
    return JSON.parse(text) as PublicJwk
  } catch {
    throw new LocalError('The public key is not JSON', 'A JWK begins with { and ends with }: paste it whole.')
  }
}
