import { useQuery } from '@tanstack/react-query'
import { firstOf } from '../../api/queries.ts'
import { CheckField, CheckList } from '../../components/form/check-field.tsx'
import { shortId } from '../../format/words.ts'

const listedMax = 200

interface IdentityGrantsProps {
  readonly workload: string
  readonly value: readonly string[] | undefined
  readonly onChange: (grants: readonly string[] | undefined) => void
}

/** The grants of the workload that an identity may use. */
export function IdentityGrants({ workload, value, onChange }: IdentityGrantsProps) {
  const grants = useQuery(firstOf('grants', { workload, state: 'active', limit: listedMax })).data?.items ?? []
  const resources = useQuery({ ...firstOf('resources', { limit: listedMax }), staleTime: 30_000 }).data?.items ?? []
  const nameOf = (id: string) => resources.find((resource) => resource.id === id)?.name ?? shortId(id)
  if (grants.length === 0)
    return <p className="text-sm text-soft">The workload has no grant yet; this identity may use those that it is given.</p>
  return (
    <div className="grid gap-3">
      <CheckField
        label="It may use all grants of the workload"
        hint="Those that are added later, too."
        checked={value === undefined}
        onChange={(all) => onChange(all ? undefined : [])}
      />
      {value !== undefined && (
        <div className="pl-6">
          <CheckList
            label="Only these"
            pointer="/grants"
            values={value}
            onChange={onChange}
            choices={grants.map((grant) => ({ value: grant.id, text: nameOf(grant.resource), hint: shortId(grant.id) }))}
          />
        </div>
      )}
    </div>
  )
}
