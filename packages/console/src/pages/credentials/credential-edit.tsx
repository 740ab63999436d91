import type { Credential, CredentialUpdate } from '@keyward/contract/credentials'
import { authorities } from '@keyward/contract/words'
import { api } from '../../api/client.ts'
import { CheckList } from '../../components/form/check-field.tsx'
import { ListField } from '../../components/form/list-field.tsx'
import { PickField } from '../../components/form/pick-field.tsx'
import { TextAreaField, TextField } from '../../components/form/text-field.tsx'
import { EditDialog } from '../../components/inventory/edit-dialog.tsx'
import { fromLocal, toLocal } from '../../format/time.ts'
import { authorityMeaning } from '../../format/words.ts'

const valuesOf = (credential: Credential) => ({
  name: credential.name,
  owner: credential.owner as string | undefined,
  backup: credential.backup_owner ?? undefined,
  authority: credential.authority as readonly Credential['authority'][number][],
  origins: credential.allowed_origins as readonly string[],
  expires: credential.expires_at === null ? '' : toLocal(credential.expires_at),
  description: credential.description ?? '',
})

export function CredentialEdit({ credential, onClose }: { readonly credential: Credential; readonly onClose: () => void }) {
  return (
    <EditDialog
      item={credential}
      title={`Edit ${credential.name}`}
      wide
      onClose={onClose}
      valuesOf={valuesOf}
      bodyOf={(values) => ({
        name: values.name,
        owner: values.owner,
        backup_owner: values.backup ?? null,
        authority: values.authority,
        allowed_origins: values.origins,
        expires_at: values.expires === '' ? null : fromLocal(values.expires),
        description: values.description.trim() === '' ? null : values.description,
      })}
      save={(changes, revision) => api.credentials.update(credential.id, changes as CredentialUpdate, { revision })}
      reload={() => api.credentials.show(credential.id)}
    >
      {(values, set) => (
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField label="Name" pointer="/name" value={values.name} onChange={set('name')} />
          <TextField
            label="Expires"
            optional
            type="datetime-local"
            pointer="/expires_at"
            value={values.expires}
            onChange={set('expires')}
          />
          <PickField label="Owner" pointer="/owner" from="owners" value={values.owner} onChange={set('owner')} />
          <PickField label="Backup" optional pointer="/backup_owner" from="owners" value={values.backup} onChange={set('backup')} />
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
            hint="An address that is not the provider's own needs an admin who signed in just now."
            values={values.origins}
            onChange={set('origins')}
          />
          <div className="sm:col-span-2">
            <TextAreaField label="Description" optional pointer="/description" value={values.description} onChange={set('description')} />
          </div>
        </div>
      )}
    </EditDialog>
  )
}
