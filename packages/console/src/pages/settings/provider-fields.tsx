import type { GroupMapping } from '@keyward/contract/identity-providers'
import { CheckField } from '../../components/form/check-field.tsx'
import { ListField } from '../../components/form/list-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { MappingsField } from './mappings-field.tsx'

/** What can be changed later, too. */
export interface ProviderValues {
  readonly name: string
  readonly scopes: readonly string[]
  readonly groups_claim: string
  readonly mappings: readonly GroupMapping[]
  readonly create_users: boolean
  readonly allow_private: boolean
}

export type SetProviderValue = <Key extends keyof ProviderValues>(key: Key) => (value: ProviderValues[Key]) => void

interface ProviderFieldsProps {
  readonly values: ProviderValues
  /** The setter of a form that has these values and perhaps others. */
  readonly set: SetProviderValue
}

export function ProviderFields({ values, set }: ProviderFieldsProps) {
  return (
    <>
      <MappingsField value={values.mappings} onChange={set('mappings')} />
      <CheckField
        label="Let in whoever is in a mapped group"
        hint="They become users at their first sign-in. Otherwise an admin adds each person, who then connects this provider on their account page."
        pointer="/create_users"
        checked={values.create_users}
        onChange={set('create_users')}
      />
      <details className="text-sm" open={values.allow_private || undefined}>
        <summary className="w-fit cursor-pointer rounded-[3px] text-soft hover:text-ink">More</summary>
        <div className="mt-3 grid gap-4">
          <TextField
            label="Groups claim"
            hint="The claim with the groups: groups, roles, or inside of others with dots, such as realm_access.roles."
            pointer="/groups_claim"
            value={values.groups_claim}
            onChange={set('groups_claim')}
          />
          <ListField
            label="Scopes"
            hint="What is asked for. Some providers send groups only with a scope of their own."
            pointer="/scopes"
            values={values.scopes}
            onChange={set('scopes')}
          />
          <CheckField
            label="It is at a private address"
            hint="Allows private and loopback addresses, and there connections without TLS. For providers in your own network."
            pointer="/allow_private"
            checked={values.allow_private}
            onChange={set('allow_private')}
          />
        </div>
      </details>
    </>
  )
}
