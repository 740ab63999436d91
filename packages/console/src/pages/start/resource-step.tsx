import type { Credential } from '@keyward/contract/credentials'
import type { Resource } from '@keyward/contract/resources'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { CheckField } from '../../components/form/check-field.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { presetOf } from '../credentials/presets.ts'
import { looksPrivate } from '../resources/private-address.ts'

interface ResourceStepProps {
  readonly credential: Credential
  readonly upstream: string | undefined
  readonly onDone: (resource: Resource) => void
}

/** Puts the key behind an address of the gateway. */
export function ResourceStep({ credential, upstream, onDone }: ResourceStepProps) {
  const preset = presetOf(credential.provider)
  const { values, set } = useFields({
    name: credential.provider.replaceAll('_', '-'),
    upstream: upstream ?? credential.allowed_origins[0] ?? preset?.upstream ?? '',
    allowPrivate: looksPrivate(upstream ?? credential.allowed_origins[0] ?? ''),
  })
  const create = useAct(() =>
    api.resources.create({
      name: values.name,
      kind: preset ? 'llm' : 'http',
      upstream: values.upstream,
      ...(preset ? { provider: preset.provider } : {}),
      credential: credential.id,
      ...(values.allowPrivate ? { allow_private: true } : {}),
    }),
  )
  return (
    <Form
      label="Put it behind a resource"
      failure={create.failure}
      onSubmit={async () => {
        const done = await create.run()
        if (done) onDone(done.answer)
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Name of the resource"
          pointer="/name"
          hint={`Agents will call ${window.location.origin}/g/${values.name}`}
          value={values.name}
          onChange={set('name')}
        />
        <TextField
          label="Upstream"
          type="url"
          pointer="/upstream"
          hint="What follows the name is appended to it."
          value={values.upstream}
          onChange={set('upstream')}
        />
        {(looksPrivate(values.upstream) || values.allowPrivate) && (
          <div className="sm:col-span-2">
            <CheckField
              label="Its address is private, and that is meant"
              pointer="/allow_private"
              hint="Needs an admin who signed in just now."
              checked={values.allowPrivate}
              onChange={set('allowPrivate')}
            />
          </div>
        )}
      </div>
      <Button type="submit" look="primary" pending={create.pending} className="mt-5">
        Put it behind the gateway
      </Button>
    </Form>
  )
}
