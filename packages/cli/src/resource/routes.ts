import type { Route } from '@keyward/contract/route'
import type { Act, ResourceDefinition } from './definition.ts'

/** The contract's route of one act. The table is loaded here and not earlier: it costs a fifth of a second. */
export async function routeOf(group: ResourceDefinition['group'], act: Act | string): Promise<Route> {
  const { routes } = await import('@keyward/contract/routes')
  const route = (routes[group] as unknown as Record<string, Route>)[act]
  if (route === undefined) throw new Error(`the contract has no ${group}.${act}`)
  return route
}
