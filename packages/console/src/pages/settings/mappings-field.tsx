import type { GroupMapping } from '@keyward/contract/identity-providers'
import { roles } from '@keyward/contract/words'
import { useQuery } from '@tanstack/react-query'
import { Plus, X } from 'lucide-react'
import { firstOf } from '../../api/queries.ts'
import { Button } from '../../components/button.tsx'
import { useFieldError } from '../../components/form/form.tsx'
import { word } from '../../format/words.ts'

interface MappingsFieldProps {
  readonly value: readonly GroupMapping[]
  readonly onChange: (value: readonly GroupMapping[]) => void
}

/** Which group gives which role, over everything, one team, one environment, or both. */
export function MappingsField({ value, onChange }: MappingsFieldProps) {
  const teams = useQuery(firstOf('teams', { limit: 200 })).data?.items ?? []
  const environments = useQuery(firstOf('environments', { limit: 200 })).data?.items ?? []
  const error = useFieldError('/mappings')
  const change = (at: number, more: Partial<GroupMapping>) =>
    onChange(value.map((one, index) => (index === at ? withoutEmpty({ ...one, ...more }) : one)))
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1 text-sm font-medium">Groups and their roles</legend>
      <p className="text-xs text-soft">Compared exactly, letter by letter. Whoever is in no mapped group has no role by this provider.</p>
      {value.map((mapping, at) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: a mapping has no name but its place
          key={at}
          className="grid grid-cols-[1fr_auto] gap-2 max-sm:border-b max-sm:border-line max-sm:pb-3 sm:grid-cols-[1.2fr_0.85fr_1fr_1.3fr_auto]"
        >
          <input
            aria-label={`Group ${at + 1}`}
            placeholder="name or id of the group"
            required
            spellCheck={false}
            className="control"
            value={mapping.group}
            onChange={(event) => change(at, { group: event.target.value })}
          />
          <select
            aria-label={`Role of group ${at + 1}`}
            className="control max-sm:order-2 max-sm:col-span-2"
            value={mapping.role}
            onChange={(event) => change(at, { role: event.target.value as GroupMapping['role'] })}
          >
            {roles.map((role) => (
              <option key={role} value={role}>
                {word(role)}
              </option>
            ))}
          </select>
          <select
            aria-label={`Team of group ${at + 1}`}
            className="control max-sm:order-2 max-sm:col-span-2"
            value={mapping.team ?? ''}
            onChange={(event) => change(at, { team: event.target.value })}
          >
            <option value="">every team</option>
            {teams.map(({ id, name }) => (
              <option key={id} value={id}>
                team {name}
              </option>
            ))}
          </select>
          <select
            aria-label={`Environment of group ${at + 1}`}
            className="control max-sm:order-2 max-sm:col-span-2"
            value={mapping.environment ?? ''}
            onChange={(event) => change(at, { environment: event.target.value })}
          >
            <option value="">every environment</option>
            {environments.map(({ name }) => (
              <option key={name} value={name}>
                in {name}
              </option>
            ))}
          </select>
          <Button look="plain" aria-label={`Remove group ${at + 1}`} onClick={() => onChange(value.filter((_, index) => index !== at))}>
            <X size={15} aria-hidden="true" />
          </Button>
        </div>
      ))}
      <div>
        <Button small icon={<Plus size={14} aria-hidden="true" />} onClick={() => onChange([...value, { group: '', role: 'viewer' }])}>
          Another group
        </Button>
      </div>
      {error !== undefined && <p className="text-sm text-danger">{error}</p>}
    </fieldset>
  )
}

function withoutEmpty({ group, role, team, environment }: GroupMapping): GroupMapping {
  return { group, role, ...(team ? { team } : {}), ...(environment ? { environment } : {}) }
}
