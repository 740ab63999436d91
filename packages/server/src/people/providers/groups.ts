import type { GroupMapping } from '@keyward/contract/identity-providers'
import { limits } from '@keyward/contract/limits'
import type { RoleBinding } from '@keyward/contract/people'

/**
 * The groups that a set of claims names: a list of texts, or one text. The claim is looked for by its whole name first (names such as
 * `https://example.com/groups` hold dots), then inside of objects, a part of the name each.
 * @returns undefined where there is no such claim
 */
export function groupsIn(claims: Readonly<Record<string, unknown>>, claim: string): string[] | undefined {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : inside(claims, claim.split('.'))
  if (value === undefined || value === null) return undefined
  const list = Array.isArray(value) ? value : [value]
  return list
    .slice(0, limits.groupsMax)
    .filter((group): group is string => typeof group === 'string' && group.length <= limits.groupCharsMax)
}

/** True where the provider says that it left the groups out because they are too many (Entra: `_claim_names`). */
export function groupsLeftOut(claims: Readonly<Record<string, unknown>>, claim: string): boolean {
  const names = claims._claim_names
  return typeof names === 'object' && names !== null && Object.hasOwn(names, claim)
}

/** The roles of those groups, each once. A group is compared exactly: no prefix, no letter case, no pattern. */
export function rolesOf(groups: readonly string[], mappings: readonly GroupMapping[]): RoleBinding[] {
  const held = new Set(groups)
  const roles = new Map<string, RoleBinding>()
  for (const { group, role, team, environment } of mappings) {
    if (!held.has(group)) continue
    roles.set(JSON.stringify([role, team, environment]), {
      role,
      ...(team === undefined ? {} : { team }),
      ...(environment === undefined ? {} : { environment }),
    })
  }
  return [...roles.values()]
}

function inside(claims: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  let value: unknown = claims
  for (const part of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string, unknown>)[part]
  }
  return value
}
