import type { RoleBinding } from '@keyward/contract/people'
import { Reference } from '../../components/reference.tsx'
import { word } from '../../format/words.ts'

/** Roles in a line: "Operator for Platform in staging". */
export function RolesText({ roles }: { readonly roles: readonly RoleBinding[] }) {
  return (
    <span>
      {roles.map((binding, at) => (
        <span key={`${binding.role} ${binding.team} ${binding.environment}`}>
          {at > 0 && ', '}
          {word(binding.role)}
          {binding.team !== undefined && (
            <>
              {' '}
              for <Reference id={binding.team} />
            </>
          )}
          {binding.environment !== undefined && ` in ${binding.environment}`}
        </span>
      ))}
    </span>
  )
}
