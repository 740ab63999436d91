import type { Credential } from '@keyward/contract/credentials'
import { useRef, useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { classes } from '../../components/classes.ts'
import { EnvironmentField } from '../../components/form/environment-field.tsx'
import { Form } from '../../components/form/form.tsx'
import { PickField } from '../../components/form/pick-field.tsx'
import { clearSecret, readSecret, SecretField } from '../../components/form/secret-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { type ProviderPreset, presets } from '../credentials/presets.ts'

interface KeyStepProps {
  /** An owner that exists; without one, one is made here. */
  readonly owner: string | undefined
  readonly onDone: (credential: Credential, upstream: string) => void
}

/** Stores a key, with the one who answers for it. */
export function KeyStep({ owner: known, onDone }: KeyStepProps) {
  const [preset, setPreset] = useState<ProviderPreset | undefined>(presets[0])
  const { values, set, replace } = useFields({
    name: 'OpenAI key',
    provider: 'openai',
    upstream: 'https://api.openai.com',
    owner: known,
    ownerName: '',
    contact: '',
    environment: 'production',
  })
  const secret = useRef<HTMLInputElement>(null)
  const madeOwner = useRef<string>(undefined)
  const store = useAct(async (text: string) => {
    if (values.owner === undefined)
      madeOwner.current ??= (await api.owners.create({ kind: 'team', name: values.ownerName, contact: values.contact })).id
    const origin = URL.parse(values.upstream)?.origin
    const own = preset?.upstream === values.upstream.replace(/\/$/, '')
    return await api.credentials.create({
      name: values.name,
      kind: 'api_key',
      provider: values.provider,
      purpose: preset?.id === 'other' ? 'data' : 'model',
      authority: ['consume', 'spend'],
      environment: values.environment,
      owner: values.owner ?? madeOwner.current ?? '',
      ...(own || origin === undefined ? {} : { allowed_origins: [origin] }),
      secret: text,
    })
  })
  return (
    <Form
      label="Store a key"
      failure={store.failure}
      onSubmit={async () => {
        const done = await store.run(readSecret(secret))
        if (!done) return
        clearSecret(secret)
        onDone(done.answer, values.upstream)
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <fieldset className="sm:col-span-2">
          <legend className="mb-1.5 text-sm font-medium">Provider</legend>
          <div className="grid gap-2 sm:grid-cols-3">
            {presets.map((one) => (
              <label
                key={one.id}
                className={classes(
                  'flex cursor-pointer items-center gap-2.5 rounded-md border px-3.5 py-2.5 has-focus-visible:outline-2 has-focus-visible:outline-accent',
                  preset?.id === one.id ? 'border-accent bg-accent-tint font-medium' : 'border-line-strong hover:border-ink',
                )}
              >
                <input
                  type="radio"
                  name="provider"
                  className="accent-accent"
                  checked={preset?.id === one.id}
                  onChange={() => {
                    setPreset(one)
                    replace({
                      ...values,
                      provider: one.provider,
                      upstream: one.upstream,
                      name: one.provider === '' ? '' : `${one.text} key`,
                    })
                  }}
                />
                {one.text}
              </label>
            ))}
          </div>
        </fieldset>
        {preset?.id === 'other' && (
          <TextField label="Its short name" pointer="/provider" placeholder="github" value={values.provider} onChange={set('provider')} />
        )}
        <TextField label="Name of the key" pointer="/name" value={values.name} onChange={set('name')} />
        <TextField
          label="Address of the provider"
          type="url"
          pointer="/allowed_origins"
          hint="The key is sent there and nowhere else."
          placeholder="https://api.example.com"
          value={values.upstream}
          onChange={set('upstream')}
        />
        <div className="sm:col-span-2">
          <SecretField
            label="The key"
            pointer="/secret"
            {...(preset?.keyLooksLike ? { placeholder: preset.keyLooksLike } : {})}
            hint="Goes into the vault, encrypted. It is not shown again: not here, not over the API, not in a log."
            input={secret}
          />
        </div>
        {known === undefined ? (
          <>
            <TextField
              label="Who answers for it"
              pointer="/name"
              hint="A team. Every credential has an owner."
              placeholder="Platform team"
              value={values.ownerName}
              onChange={set('ownerName')}
            />
            <TextField
              label="Where to reach them"
              pointer="/contact"
              placeholder="platform@example.com"
              value={values.contact}
              onChange={set('contact')}
            />
          </>
        ) : (
          <PickField label="Owner" pointer="/owner" from="owners" hint="Who answers for it." value={values.owner} onChange={set('owner')} />
        )}
        <EnvironmentField value={values.environment} onChange={set('environment')} />
      </div>
      <Button type="submit" look="primary" pending={store.pending} className="mt-5">
        Store the key
      </Button>
    </Form>
  )
}
