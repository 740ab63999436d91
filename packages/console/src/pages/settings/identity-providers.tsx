import type { IdentityProvider } from '@keyward/contract/identity-providers'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { StateBadge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { Code } from '../../components/code.tsx'
import { Dialog, DialogActions } from '../../components/dialog.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { DeleteButton } from '../../components/inventory/delete-button.tsx'
import { PagedTable } from '../../components/inventory/paged-table.tsx'
import { Empty, Panel } from '../../components/page.tsx'
import { ProviderEdit } from './provider-edit.tsx'
import { ProviderForm } from './provider-form.tsx'

/** The identity providers of the installation. */
export function IdentityProviders() {
  const [made, setMade] = useState<IdentityProvider>()
  const [editing, setEditing] = useState<IdentityProvider>()
  const create = (
    <CreateButton
      needs="identity_provider:create"
      text="Add a provider"
      title="Add an identity provider"
      description="Any OpenID provider: Entra, Okta, Google, Keycloak, GitLab and the like. Register Keyward there as a web application first."
      wide
    >
      {(close) => (
        <ProviderForm
          onClose={close}
          onDone={(provider) => {
            close()
            setMade(provider)
          }}
        />
      )}
    </CreateButton>
  )
  return (
    <Panel title="Identity providers" note="People sign in there; their groups give roles here." actions={create} flush>
      <PagedTable
        bare
        list="identityProviders"
        filters={{}}
        label="Identity providers"
        keyOf={(provider) => provider.id}
        columns={[
          {
            title: 'Name',
            cell: (provider) => (
              <span className="grid">
                <span className="font-semibold">{provider.name}</span>
                <span className="text-xs break-all text-soft">{provider.issuer}</span>
              </span>
            ),
          },
          { title: 'Groups', cell: (provider) => groupsText(provider) },
          { title: 'New people', cell: (provider) => (provider.create_users ? 'let in by group' : 'added by admins') },
          { title: 'Users', cell: (provider) => provider.users, right: true, tight: true },
          { title: 'State', cell: (provider) => <StateBadge state={provider.state} />, tight: true },
          {
            title: 'Acts',
            act: true,
            right: true,
            cell: (provider) => (
              <span className="flex flex-wrap justify-end gap-1">
                <ActButton
                  small
                  look="plain"
                  needs="identity_provider:update"
                  aria-label={`Edit ${provider.name}`}
                  onClick={() => setEditing(provider)}
                >
                  Edit
                </ActButton>
                <DeleteButton
                  small
                  needs="identity_provider:delete"
                  name={provider.name}
                  consequence="Sessions that it began end, and roles that its groups gave are taken away. Its users stay, without this way in."
                  act={() => api.identityProviders.delete(provider.id, { revision: provider.revision })}
                />
              </span>
            ),
          },
        ]}
        empty={<Empty title="No identity provider">People sign in with passkeys and passwords alone.</Empty>}
      />
      {editing && <ProviderEdit provider={editing} onClose={() => setEditing(undefined)} />}
      {made && (
        <Dialog open onClose={() => setMade(undefined)} title={`${made.name} is added`} description="One thing is left to do there.">
          <p className="mb-2">
            Register this redirect address at {made.name} for the client {made.client_id}:
          </p>
          <Code label="Redirect address" text={made.redirect_uri} />
          <DialogActions>
            <Button look="primary" onClick={() => setMade(undefined)}>
              Done
            </Button>
          </DialogActions>
        </Dialog>
      )}
    </Panel>
  )
}

function groupsText({ mappings }: IdentityProvider): string {
  if (mappings.length === 0) return 'none mapped'
  const [first] = mappings
  return mappings.length === 1 ? `${first?.group} → ${first?.role}` : `${first?.group} → ${first?.role}, ${mappings.length - 1} more`
}
