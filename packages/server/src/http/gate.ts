import type { Principal } from '../people/principal.ts'
import type { RequestFacts } from './request-facts.ts'

/** Tells who makes a request: people/ does, and is asked by `handle.ts` before any handler of a route that is not public. */
export interface Gate {
  /** @throws KeywardError `unauthenticated`, `csrf-refused` */
  authenticate(request: RequestFacts): Promise<Principal>
}
