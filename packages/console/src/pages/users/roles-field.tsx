import type { RoleBinding } from '@keyward/contract/people'
import { roles } from '@keyward/contract/words'
import { useQuery } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { firstOf } from '../../api/queries.ts'
import { Button } from '../../components/button.tsx'
import { useFieldError } from '../../components/form/form.tsx'
import { roleMeaning, word } from '../../format/words.ts'

interface RolesFieldProps {
  readonly value: readonly RoleBinding[]
  readonly onChange: (value: readonly RoleBinding[]) => void
}

/** Roles: over everything, or over one team, one environment, or both. */
export function RolesField({ value, onChange }: RolesFieldProps) {
  const teams = useQuery(firstOf('teams', { limit: 200 })).data?.items ?? []
  const environments = useQuery(firstOf('environments', { limit: 200 })).data?.items ?? []
  const error = useFieldError('/roles')
  const put = (at: number, binding: RoleBinding) => onChange(value.map((one, index) => (index === at ? binding : one)))
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1 text-sm font-medium">Roles</legend>
      {value.map((binding, at) => {
        const { team, environment, ...bare } = binding
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a role has no name but its place
          <div key={at} className="grid grid-cols-[1fr_auto] gap-2 sm:grid-cols-[1fr_1fr_1fr_auto]">
            <select
              aria-label={`Role ${at + 1}`}
              className="control col-span-2 sm:col-span-1"
              value={binding.role}
              onChange={(event) => put(at, { ...binding, role: event.target.value as RoleBinding['role'] })}
            >
              {roles.map((role) => (
                <option key={role} value={role}>
                  {word(role)}: {roleMeaning[role]}
                </option>
              ))}
            </select>
            <select
              aria-label={`Team of role ${at + 1}`}
              className="control"
              value={team ?? ''}
              onChange={(event) =>
                put(at, {
                  ...bare,
                  ...(environment === undefined ? {} : { environment }),
                  ...(event.target.value === '' ? {} : { team: event.target.value }),
                })
              }
            >
              <option value="">every team</option>
              {teams.map(({ id, name }) => (
                <option key={id} value={id}>
                  team {name}
                </option>
              ))}
            </select>
            <select
              aria-label={`Environment of role ${at + 1}`}
              className="control"
              value={environment ?? ''}
              onChange={(event) =>
                put(at, {
                  ...bare,
                  ...(team === undefined ? {} : { team }),
                  ...(event.target.value === '' ? {} : { environment: event.target.value }),
                })
              }
            >
              <option value="">every environment</option>
              {environments.map(({ name }) => (
                <option key={name} value={name}>
                  in {name}
                </option>
              ))}
            </select>
            <Button
              look="plain"
              aria-label={`Remove role ${at + 1}`}
              disabledReason={value.length === 1 ? 'A user has at least one role.' : undefined}
              onClick={() => onChange(value.filter((_, index) => index !== at))}
            >
              <X size={15} aria-hidden="true" />
            </Button>
          </div>
        )
      })}
      <div>
        <Button small icon={<Plus size={14} aria-hidden="true" />} onClick={() => onChange([...value, { role: 'viewer' }])}>
          Another role
        </Button>
      </div>
      {error !== undefined && <p className="text-sm text-danger">{error}</p>}
    </fieldset>
  )
}
