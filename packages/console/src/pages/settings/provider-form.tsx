import type { IdentityProvider } from '@keyward/contract/identity-providers'
import { useRef } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { clearSecret, readSecret, SecretField } from '../../components/form/secret-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { ProviderFields, type ProviderValues, type SetProviderValue } from './provider-fields.tsx'

interface ProviderFormProps {
  readonly onDone: (provider: IdentityProvider) => void
  readonly onClose: () => void
}

const initial: ProviderValues & { issuer: string; client_id: string } = {
  name: '',
  issuer: '',
  client_id: '',
  scopes: ['openid', 'email', 'profile'],
  groups_claim: 'groups',
  mappings: [{ group: '', role: 'viewer' }],
  create_users: true,
  allow_private: false,
}

export function ProviderForm({ onDone, onClose }: ProviderFormProps) {
  const { values, set } = useFields(initial)
  const secret = useRef<HTMLInputElement>(null)
  const create = useAct((client_secret: string) =>
    api.identityProviders.create({
      ...values,
      scopes: [...values.scopes],
      mappings: [...values.mappings],
      ...(client_secret === '' ? {} : { client_secret }),
    }),
  )
  return (
    <Form
      label="Add an identity provider"
      failure={create.failure}
      onSubmit={async () => {
        const done = await create.run(readSecret(secret))
        if (!done) return
        clearSecret(secret)
        onDone(done.answer)
      }}
    >
      <div className="grid gap-4">
        <TextField label="Name" hint="The sign-in page says: Continue with …" pointer="/name" value={values.name} onChange={set('name')} />
        <TextField
          label="Issuer"
          hint="Exactly as the provider names itself."
          pointer="/issuer"
          type="url"
          placeholder="https://login.example.com"
          value={values.issuer}
          onChange={set('issuer')}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField label="Client id" pointer="/client_id" value={values.client_id} onChange={set('client_id')} />
          <SecretField
            label="Client secret"
            optional
            hint="Stored sealed, and never shown again."
            pointer="/client_secret"
            input={secret}
          />
        </div>
        <ProviderFields values={values} set={set as SetProviderValue} />
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={create.pending}>
          Add it
        </Button>
      </DialogActions>
    </Form>
  )
}
