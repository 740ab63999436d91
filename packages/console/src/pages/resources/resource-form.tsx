import { servedResourceKinds } from '@keyward/contract/resources'
import { useNavigate } from '@tanstack/react-router'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { CheckField } from '../../components/form/check-field.tsx'
import { Form } from '../../components/form/form.tsx'
import { SelectField } from '../../components/form/select-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { say } from '../../components/toast.tsx'
import { word } from '../../format/words.ts'
import { presets } from '../credentials/presets.ts'
import { type Bindings, bindingOf, CredentialBinding } from './credential-binding.tsx'
import { InjectionFields, type InjectionValues, injectionOf } from './injection-fields.tsx'
import { looksPrivate } from './private-address.ts'

const initial = {
  name: '',
  kind: 'llm' as (typeof servedResourceKinds)[number],
  provider: 'openai',
  upstream: 'https://api.openai.com',
  binding: { one: undefined, each: undefined } as Bindings,
  injection: { style: 'default', header: '', username: '' } as InjectionValues,
  allowPrivate: false,
  description: '',
}

/** Puts an upstream behind the gateway. */
export function ResourceForm({ onClose }: { readonly onClose: () => void }) {
  const { values, set, replace } = useFields(initial)
  const navigate = useNavigate()
  const create = useAct(() => {
    const injection = injectionOf(values.injection)
    return api.resources.create({
      name: values.name,
      kind: values.kind,
      upstream: values.upstream,
      ...(values.kind === 'llm' ? { provider: values.provider } : {}),
      ...bindingOf(values.binding),
      ...(injection === undefined ? {} : { injection }),
      ...(values.allowPrivate ? { allow_private: true } : {}),
      ...(values.description.trim() === '' ? {} : { description: values.description }),
    })
  })
  return (
    <Form
      label="Add a resource"
      failure={create.failure}
      onSubmit={async () => {
        const done = await create.run()
        if (!done) return
        onClose()
        say('The resource is behind the gateway.')
        void navigate({ to: '/resources/$id', params: { id: done.answer.id } })
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label="Kind"
          pointer="/kind"
          value={values.kind}
          onChange={(kind) =>
            replace({ ...values, kind, upstream: kind === 'http' && values.upstream === initial.upstream ? '' : values.upstream })
          }
          choices={servedResourceKinds.map((value) => ({ value, text: word(value) }))}
        />
        {values.kind === 'llm' ? (
          <SelectField
            label="Speaks like"
            pointer="/provider"
            hint="Whose protocol and prices."
            value={values.provider}
            onChange={(provider) =>
              replace({
                ...values,
                provider,
                upstream: presets.find((preset) => preset.provider === provider)?.upstream ?? values.upstream,
              })
            }
            choices={presets.filter((preset) => preset.provider !== '').map((preset) => ({ value: preset.provider, text: preset.text }))}
          />
        ) : (
          <div />
        )}
        <TextField
          label="Name"
          pointer="/name"
          hint="Stands in the address: /g/name/…"
          placeholder="openai"
          value={values.name}
          onChange={set('name')}
        />
        <TextField
          label="Upstream"
          pointer="/upstream"
          type="url"
          hint="What follows the name is appended to it."
          value={values.upstream}
          onChange={set('upstream')}
        />
        <div className="sm:col-span-2">
          <CredentialBinding value={values.binding} onChange={set('binding')} />
        </div>
        <InjectionFields value={values.injection} onChange={set('injection')} />
        {(looksPrivate(values.upstream) || values.allowPrivate) && (
          <div className="sm:col-span-2">
            <CheckField
              label="The upstream may be at a private or loopback address"
              pointer="/allow_private"
              hint="Needs an admin who signed in just now: otherwise any key could be sent to any machine of the network."
              checked={values.allowPrivate}
              onChange={set('allowPrivate')}
            />
          </div>
        )}
        <div className="sm:col-span-2">
          <TextField label="Description" optional pointer="/description" value={values.description} onChange={set('description')} />
        </div>
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={create.pending}>
          Add the resource
        </Button>
      </DialogActions>
    </Form>
  )
}
