import type { Permission } from '@keyward/contract/permissions'
import type { Access, EtagUse, ParsedBody, ParsedParams, ParsedQuery, Route, RouteAnswer } from '@keyward/contract/route'
import type { Transaction } from 'kysely'
import type { Tables } from '../db/tables.ts'
import type { Permit } from '../people/permit.ts'
import type { Principal } from '../people/principal.ts'
import type { Revision } from '../policy/revision.ts'
import type { Act } from './act.ts'
import type { RequestFacts } from './request-facts.ts'

/**
 * Runs the act in one transaction, announces its changes at its end, and resolves when this node has heard them: what the answer says is
 * true of the next call here. For a request with an `Idempotency-Key` the key and the answer are stored in the same one, so an
 * idempotent route has to return its answer from here. Whatever is slow or leaves the process (sealing, fetching) belongs before it.
 */
export type Transact<Answer> = (work: (trx: Transaction<Tables>, act: Act) => Promise<Answer>) => Promise<Answer>

interface CallOf<R extends Route> {
  readonly params: ParsedParams<R>
  readonly query: ParsedQuery<R>
  readonly body: ParsedBody<R>
  readonly request: RequestFacts
  readonly transact: Transact<RouteAnswer<R>>
  /** Further headers of a successful answer, such as `Set-Cookie`. */
  readonly answerHeaders: Headers
}

/** Who calls: proven before the handler runs, in the form that the route declares. */
type CallerOf<A extends Access> = A extends Permission
  ? { readonly permit: Permit<A> }
  : A extends 'signed-in'
    ? { readonly principal: Principal }
    : unknown

type PreconditionOf<E extends EtagUse> = E extends 'needs' ? { readonly revision: Revision } : unknown

/** What a handler gets: everything parsed and checked, and proof that the caller may. */
export type Call<R extends Route> = CallOf<R> & CallerOf<R['access']> & PreconditionOf<R['etag']>

export type Handler<R extends Route> = (call: Call<R>) => Promise<RouteAnswer<R>>

/** What `answer.ts` hands to a handler; `Call` is the same with the route's own types. */
export interface RawCall {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
  readonly request: RequestFacts
  readonly transact: Transact<unknown>
  readonly answerHeaders: Headers
  readonly permit?: Permit
  readonly principal?: Principal
  readonly revision?: Revision
}

/** A route with what answers it. Only `implement` makes one, so every handler was checked against its route. */
export interface Implementation {
  readonly route: Route
  readonly answer: (call: RawCall) => Promise<unknown>
}

/**
 * Binds a handler to a route of the contract. Its type asks for what the route declares: a handler whose statements need a
 * `Permit<'credential:create'>` fits no route that does not demand that permission.
 *
 * The answer is passed through the route's schema on its way out: members that the schema does not name never leave.
 */
export function implement<R extends Route>(route: R, handler: Handler<R>): Implementation {
  return { route, answer: handler as unknown as Implementation['answer'] }
}
