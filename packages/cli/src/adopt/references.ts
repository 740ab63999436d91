import type { Resource } from '@keyward/contract/resources'
import type { Found } from './found.ts'
import { addressVariable, type Lending, variableOf } from './lending.ts'
import type { ReferenceOf } from './plan.ts'

/** A secret in the vault, and how the gateway lends it; without that no place of it is touched. */
export interface Lent {
  readonly found: Found
  readonly credential: string
  readonly lending: Lending | undefined
}

/** How a program is started from now on. */
export function startOf(grants: readonly string[]): string {
  return `keyward run ${grants.length === 0 ? '--grant GRANT' : grants.map((grant) => `--grant ${grant}`).join(' ')} -- COMMAND`
}

/** What stands in a secret's place. An SDK's own variable can serve one secret: of a second one only the key of the run is named. */
export function referencesTo(lent: readonly Lent[], grants: readonly string[]): ReferenceOf {
  const taken = new Set<string>()
  const references = new Map<string, ReturnType<ReferenceOf>>()
  for (const { found, credential, lending } of lent) {
    const { fingerprint } = found.detection
    if (lending === undefined) {
      references.set(fingerprint, { byHand: 'no resource of the gateway lends it yet: programs still read it here' })
      continue
    }
    const own = variableOf(found, lending)
    references.set(fingerprint, { variable: taken.has(own) ? 'KEYWARD_RUN_KEY' : own, credential, start: startOf(grants) })
    taken.add(own)
  }
  return ({ detection }) => references.get(detection.fingerprint) ?? { byHand: 'it was not adopted' }
}

export function lendingBy({ kind, upstream, provider }: Resource): Lending {
  const lending: Lending = { kind: kind === 'llm' ? 'llm' : 'http', upstream }
  return provider === 'openai' || provider === 'anthropic' ? { ...lending, provider } : lending
}

/** The variable that a program must take its address from, where no SDK finds it by itself. */
export function addressNeeded(found: Found, resource: Resource | undefined): string | undefined {
  if (resource === undefined || variableOf(found, lendingBy(resource)) !== 'KEYWARD_RUN_KEY') return undefined
  return addressVariable(resource.name)
}
