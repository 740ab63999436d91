import type { IdentityProvider, IdentityProviderUpdate } from '@keyward/contract/identity-providers'
import { useRef } from 'react'
import { api } from '../../api/client.ts'
import { Code } from '../../components/code.tsx'
import { CheckField } from '../../components/form/check-field.tsx'
import { clearSecret, readSecret, SecretField } from '../../components/form/secret-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { EditDialog } from '../../components/inventory/edit-dialog.tsx'
import { ProviderFields, type ProviderValues, type SetProviderValue } from './provider-fields.tsx'

interface EditValues extends ProviderValues {
  readonly active: boolean
  /** Only whether one was typed: the secret itself stays in its field. */
  readonly newSecret: boolean
}

export function ProviderEdit({ provider, onClose }: { readonly provider: IdentityProvider; readonly onClose: () => void }) {
  const secret = useRef<HTMLInputElement>(null)
  return (
    <EditDialog<IdentityProvider, EditValues>
      item={provider}
      wide
      title={`Edit ${provider.name}`}
      valuesOf={({ name, scopes, groups_claim, mappings, create_users, allow_private, state }) => ({
        ...{ name, scopes, groups_claim, mappings, create_users, allow_private },
        active: state === 'active',
        newSecret: false,
      })}
      bodyOf={({ active, newSecret, ...rest }) => ({ ...rest, state: active ? 'active' : 'disabled', ...(newSecret ? { newSecret } : {}) })}
      save={async ({ newSecret, ...changes }, revision) => {
        const client_secret = readSecret(secret)
        const body = { ...changes, ...(newSecret && client_secret !== '' ? { client_secret } : {}) } as IdentityProviderUpdate
        await api.identityProviders.update(provider.id, body, { revision })
        clearSecret(secret)
      }}
      reload={() => api.identityProviders.show(provider.id)}
      onClose={onClose}
    >
      {(values, set) => (
        <>
          <TextField label="Name" pointer="/name" value={values.name} onChange={set('name')} />
          <div>
            <p className="mb-1 text-sm font-medium">Redirect address</p>
            <Code label="Redirect address" text={provider.redirect_uri} />
            <p className="mt-1 text-xs text-soft">
              Registered at {provider.issuer} for the client {provider.client_id}. Neither of these can change: add another provider for
              others.
            </p>
          </div>
          <CheckField
            label="Replace the client secret"
            hint={provider.has_client_secret ? 'There is one; it is never shown.' : 'There is none: this is a public client.'}
            checked={values.newSecret}
            onChange={set('newSecret')}
          />
          {values.newSecret && <SecretField label="New client secret" pointer="/client_secret" input={secret} />}
          <ProviderFields values={values} set={set as SetProviderValue} />
          <CheckField
            label="People can sign in with it"
            hint="Without, the sessions that it began end now, and the roles that its groups gave are taken away until the next sign-in."
            checked={values.active}
            onChange={set('active')}
          />
        </>
      )}
    </EditDialog>
  )
}
