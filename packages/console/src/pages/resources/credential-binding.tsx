import { useQuery } from '@tanstack/react-query'
import { firstOf } from '../../api/queries.ts'
import { CheckField } from '../../components/form/check-field.tsx'
import { PickField } from '../../components/form/pick-field.tsx'

/** Either one credential for all, or one for each environment. */
export interface Bindings {
  readonly one: string | undefined
  readonly each: Readonly<Record<string, string>> | undefined
}

export function bindingOf(value: Bindings): { credential: string } | { credentials: Record<string, string> } {
  return value.each === undefined ? { credential: value.one ?? '' } : { credentials: { ...value.each } }
}

export function CredentialBinding({ value, onChange }: { readonly value: Bindings; readonly onChange: (value: Bindings) => void }) {
  const environments = useQuery(firstOf('environments', { limit: 200 })).data?.items ?? []
  const each = value.each
  return (
    <div className="grid gap-3">
      {each === undefined ? (
        <PickField
          label="Credential"
          pointer="/credential"
          from="credentials"
          filters={{ state: 'active' }}
          hint="The key that the gateway puts into calls."
          value={value.one}
          onChange={(one) => onChange({ one, each: undefined })}
        />
      ) : (
        <div className="grid gap-3 sm:grid-cols-2">
          {environments.map(({ name }) => (
            <PickField
              key={name}
              label={`Credential for ${name}`}
              optional
              pointer={`/credentials/${name}`}
              from="credentials"
              filters={{ state: 'active', environment: name }}
              value={each[name]}
              onChange={(id) => {
                const { [name]: _, ...rest } = each
                onChange({ one: undefined, each: id === undefined ? rest : { ...rest, [name]: id } })
              }}
            />
          ))}
        </div>
      )}
      <CheckField
        label="A credential for each environment"
        hint="The environment of the workload chooses, so that tests never spend from the production key."
        checked={each !== undefined}
        onChange={(checked) => onChange(checked ? { one: undefined, each: {} } : { one: undefined, each: undefined })}
      />
    </div>
  )
}
