import type { HeldRole } from '@keyward/contract/people'
import { Reference } from '../../components/reference.tsx'
import { word } from '../../format/words.ts'

/** Roles in a line: "Operator for Platform in staging". */
export function RolesText({ roles }: { readonly roles: readonly HeldRole[] }) {
  return (
    <span>
      {roles.map((binding, at) => (
        <span key={`${binding.role} ${binding.team} ${binding.environment} ${binding.source}`}>
          {at > 0 && ', '}
          {word(binding.role)}
          {binding.team !== undefined && (
            <>
              {' '}
              for <Reference id={binding.team} />
            </>
          )}
          {binding.environment !== undefined && ` in ${binding.environment}`}
          {binding.source !== undefined && ' by group'}
        </span>
      ))}
    </span>
  )
}
