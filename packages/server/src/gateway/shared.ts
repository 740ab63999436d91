import type { NoiseJournal } from '../audit/noise.ts'
import type { PlanCache } from './plan-cache.ts'
import type { GatewayParts, GatewaySettings } from './seams.ts'

/** What all calls of a gateway have in common. */
export interface Shared {
  readonly parts: GatewayParts
  readonly settings: GatewaySettings
  readonly plans: PlanCache
  readonly noise: NoiseJournal
  /** Running calls by grant, where the grant bounds them. */
  readonly running: Map<string, number>
  /** The call is over. */
  left(call: { readonly id: string }): void
}
