import { type Authority, authorities, type CredentialKind, credentialKinds, type Purpose, purposes } from '@keyward/contract/words'
import { useNavigate } from '@tanstack/react-router'
import { useRef } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { CheckList } from '../../components/form/check-field.tsx'
import { EnvironmentField } from '../../components/form/environment-field.tsx'
import { Form } from '../../components/form/form.tsx'
import { ListField } from '../../components/form/list-field.tsx'
import { PickField } from '../../components/form/pick-field.tsx'
import { clearSecret, readSecret, SecretField } from '../../components/form/secret-field.tsx'
import { SelectField } from '../../components/form/select-field.tsx'
import { TextAreaField, TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { say } from '../../components/toast.tsx'
import { fromLocal } from '../../format/time.ts'
import { authorityMeaning, purposeMeaning, word } from '../../format/words.ts'
import { presets } from './presets.ts'

interface Values {
  name: string
  kind: CredentialKind
  provider: string
  purpose: Purpose
  authority: readonly Authority[]
  environment: string
  owner: string | undefined
  backup: string | undefined
  origins: readonly string[]
  expires: string
  description: string
}

const initial: Values = {
  name: '',
  kind: 'api_key',
  provider: 'openai',
  purpose: 'model',
  authority: ['consume', 'spend'],
  environment: 'production',
  owner: undefined,
  backup: undefined,
  origins: [],
  expires: '',
  description: '',
}

/** Takes a credential into the inventory and its secret into the vault. */
export function CredentialForm({ onClose }: { readonly onClose: () => void }) {
  const { values, set } = useFields(initial)
  const secret = useRef<HTMLInputElement>(null)
  const navigate = useNavigate()
  const create = useAct((text: string) =>
    api.credentials.create({
      name: values.name,
      kind: values.kind,
      provider: values.provider,
      purpose: values.purpose,
      authority: [...values.authority],
      environment: values.environment,
      owner: values.owner ?? '',
      ...(values.backup === undefined ? {} : { backup_owner: values.backup }),
      ...(values.description.trim() === '' ? {} : { description: values.description }),
      ...(values.origins.length === 0 ? {} : { allowed_origins: [...values.origins] }),
      ...(values.expires === '' ? {} : { expires_at: fromLocal(values.expires) }),
      ...(text === '' ? {} : { secret: text }),
    }),
  )
  return (
    <Form
      label="Add a credential"
      failure={create.failure}
      onSubmit={async () => {
        const done = await create.run(readSecret(secret))
        if (!done) return
        clearSecret(secret)
        onClose()
        say('The credential is stored.')
        void navigate({ to: '/credentials/$id', params: { id: done.answer.id } })
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label="Name" pointer="/name" placeholder="OpenAI, support" value={values.name} onChange={set('name')} autoFocus />
        <TextField
          label="Provider"
          pointer="/provider"
          hint="A short name such as openai, anthropic, github."
          list="known-providers"
          value={values.provider}
          onChange={set('provider')}
        />
        <datalist id="known-providers">
          {presets
            .filter((preset) => preset.provider !== '')
            .map((preset) => (
              <option key={preset.id} value={preset.provider} />
            ))}
        </datalist>
        <div className="sm:col-span-2">
          <SecretField
            label="Secret"
            optional
            pointer="/secret"
            hint="Encrypted at once. Nobody can read it back, here or over the API."
            input={secret}
          />
        </div>
        <PickField label="Owner" pointer="/owner" from="owners" hint="Who answers for it." value={values.owner} onChange={set('owner')} />
        <PickField label="Backup" optional pointer="/backup_owner" from="owners" value={values.backup} onChange={set('backup')} />
        <EnvironmentField value={values.environment} onChange={set('environment')} />
        <SelectField
          label="Kind"
          pointer="/kind"
          value={values.kind}
          onChange={set('kind')}
          choices={credentialKinds.map((value) => ({ value, text: word(value) }))}
        />
        <SelectField
          label="Purpose"
          pointer="/purpose"
          hint="Credentials of different purposes can't stand in for each other."
          value={values.purpose}
          onChange={set('purpose')}
          choices={purposes.map((value) => ({ value, text: `${word(value)}: ${purposeMeaning[value] ?? ''}` }))}
        />
        <CheckList
          label="It lets a machine, unattended,"
          pointer="/authority"
          values={values.authority}
          onChange={set('authority')}
          choices={authorities.map((value) => ({ value, text: value, hint: authorityMeaning[value] ?? '' }))}
        />
        <ListField
          label="May be sent to"
          optional
          pointer="/allowed_origins"
          hint="Origins such as https://api.example.com. Left empty: the provider's own."
          values={values.origins}
          onChange={set('origins')}
          placeholder="the provider's own"
        />
        <TextField label="Expires" optional type="datetime-local" pointer="/expires_at" value={values.expires} onChange={set('expires')} />
        <div className="sm:col-span-2">
          <TextAreaField label="Description" optional pointer="/description" value={values.description} onChange={set('description')} />
        </div>
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={create.pending}>
          Add the credential
        </Button>
      </DialogActions>
    </Form>
  )
}
