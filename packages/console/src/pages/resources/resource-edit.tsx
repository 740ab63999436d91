import type { Resource, ResourceUpdate } from '@keyward/contract/resources'
import { api } from '../../api/client.ts'
import { CheckField } from '../../components/form/check-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { EditDialog } from '../../components/inventory/edit-dialog.tsx'
import { type Bindings, CredentialBinding } from './credential-binding.tsx'
import { InjectionFields, type InjectionValues, injectionOf } from './injection-fields.tsx'

const valuesOf = (resource: Resource) => ({
  upstream: resource.upstream,
  binding: { one: resource.credential ?? undefined, each: resource.credentials ?? undefined } as Bindings,
  injection: {
    style: resource.injection.style,
    header: resource.injection.style === 'header' ? resource.injection.header : '',
    username: resource.injection.style === 'basic' ? resource.injection.username : '',
  } as InjectionValues,
  allowPrivate: resource.allow_private,
  callSeconds: resource.limits.call_seconds?.toString() ?? '',
  limits: resource.limits,
  description: resource.description ?? '',
})

export function ResourceEdit({ resource, onClose }: { readonly resource: Resource; readonly onClose: () => void }) {
  return (
    <EditDialog
      item={resource}
      title={`Edit ${resource.name}`}
      wide
      onClose={onClose}
      valuesOf={valuesOf}
      bodyOf={(values) => {
        const { call_seconds: _, ...otherLimits } = values.limits
        return {
          upstream: values.upstream,
          ...(values.binding.each === undefined ? { credential: values.binding.one } : { credentials: values.binding.each }),
          injection: injectionOf(values.injection),
          allow_private: values.allowPrivate,
          limits: { ...otherLimits, ...(values.callSeconds === '' ? {} : { call_seconds: Number(values.callSeconds) }) },
          description: values.description.trim() === '' ? null : values.description,
        }
      }}
      save={(changes, revision) => api.resources.update(resource.id, changes as ResourceUpdate, { revision })}
      reload={() => api.resources.show(resource.id)}
    >
      {(values, set) => (
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField label="Upstream" type="url" pointer="/upstream" value={values.upstream} onChange={set('upstream')} />
          <TextField
            label="Longest call, in seconds"
            optional
            type="number"
            min={1}
            max={3600}
            pointer="/limits/call_seconds"
            value={values.callSeconds}
            onChange={set('callSeconds')}
          />
          <div className="sm:col-span-2">
            <CredentialBinding value={values.binding} onChange={set('binding')} />
          </div>
          <InjectionFields value={values.injection} onChange={set('injection')} />
          <div className="sm:col-span-2">
            <CheckField
              label="The upstream may be at a private or loopback address"
              pointer="/allow_private"
              hint="Needs an admin who signed in just now."
              checked={values.allowPrivate}
              onChange={set('allowPrivate')}
            />
          </div>
          <div className="sm:col-span-2">
            <TextField label="Description" optional pointer="/description" value={values.description} onChange={set('description')} />
          </div>
        </div>
      )}
    </EditDialog>
  )
}
