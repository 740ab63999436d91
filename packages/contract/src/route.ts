import type { z } from 'zod'
import type { ErrorCode } from './errors.ts'
import type { Permission } from './permissions.ts'

export type HttpVerb = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
/** `public`: nobody is signed in yet. `signed-in`: anyone who is, about themselves. Else a permission of the matrix. */
export type Access = Permission | 'public' | 'signed-in'
/** `gives`: answers with an ETag. `needs`: wants If-Match, and gives the new ETag. */
export type EtagUse = 'gives' | 'needs' | 'none'

/**
 * One operation of the control API. The table of all of them (`routes.ts`) is what the server implements, the SDK and CLI call,
 * the OpenAPI document describes and the authorization test walks.
 */
export interface Route<
  Params extends z.ZodObject | undefined = z.ZodObject | undefined,
  Query extends z.ZodObject | undefined = z.ZodObject | undefined,
  Body extends z.ZodType | undefined = z.ZodType | undefined,
  Answer extends z.ZodType | undefined = z.ZodType | undefined,
  A extends Access = Access,
  E extends EtagUse = EtagUse,
> {
  readonly id: string
  readonly method: HttpVerb
  /** Below the origin, with `{name}` for parameters. */
  readonly path: string
  readonly summary: string
  readonly access: A
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly status: 200 | 201 | 204
  readonly answer: Answer
  /** Takes an `Idempotency-Key` header. */
  readonly idempotent: boolean
  readonly etag: E
  /** Needs an authentication of the last 10 minutes. */
  readonly fresh: boolean
  readonly errors: readonly ErrorCode[]
}

interface RouteInput<P, Q, B, A, X extends Access, E extends EtagUse> {
  id: string
  method: HttpVerb
  path: string
  summary: string
  access: X
  params?: P
  query?: Q
  body?: B
  status?: 200 | 201 | 204
  answer?: A
  idempotent?: boolean
  etag?: E
  fresh?: boolean
  errors?: readonly ErrorCode[]
}

export function defineRoute<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  A extends z.ZodType | undefined = undefined,
  const X extends Access = Access,
  const E extends EtagUse = 'none',
>(input: RouteInput<P, Q, B, A, X, E>): Route<P, Q, B, A, X, E> {
  const implied: ErrorCode[] = input.access === 'public' ? [] : ['unauthenticated', 'forbidden', 'csrf-refused']
  if (input.params) implied.push('not-found')
  if (input.query || input.body || input.params) implied.push('invalid-request')
  if (input.body) implied.push('invalid-json', 'body-too-large', 'unsupported-media-type')
  if (input.idempotent) implied.push('idempotency-conflict')
  if (input.etag === 'needs') implied.push('precondition-failed', 'precondition-required')
  if (input.fresh) implied.push('fresh-auth-required')
  const mayTurnOutDangerous = input.access !== 'signed-in' && input.errors?.includes('fresh-auth-required') === true
  if (mayTurnOutDangerous || needsSecondOpinion({ ...input, fresh: input.fresh ?? false })) implied.push('second-opinion-required')
  return {
    id: input.id,
    method: input.method,
    path: input.path,
    summary: input.summary,
    access: input.access,
    params: input.params as P,
    query: input.query as Q,
    body: input.body as B,
    status: input.status ?? (input.answer === undefined ? 204 : 200),
    answer: input.answer as A,
    idempotent: input.idempotent ?? false,
    etag: input.etag ?? ('none' as E),
    fresh: input.fresh ?? false,
    errors: [...new Set([...implied, ...(input.errors ?? []), 'internal' as const, 'temporarily-unavailable' as const])],
  }
}

/** Permissions whose acts decide who may do what, also where a route of theirs asks for no fresh authentication. */
const gated: readonly Access[] = ['issuer:create', 'issuer:update', 'issuer:delete', 'user:create', 'user:update']

/**
 * True for an act that needs another admin's yes where the installation asks for that: what needs a fresh authentication, and what decides
 * who may do what. Left out: people's own accounts, decisions themselves, and revoking, which waits for nobody.
 */
export function needsSecondOpinion({ access, fresh, method }: Pick<Route, 'access' | 'fresh' | 'method'>): boolean {
  if (access === 'public' || access === 'signed-in' || access === 'second_opinion:decide' || access.endsWith(':revoke')) return false
  return method !== 'GET' && (fresh || gated.includes(access))
}

type InputOf<T> = T extends z.ZodType ? z.input<T> : undefined
type OutputOf<T> = T extends z.ZodType ? z.output<T> : undefined

/** What a caller passes to a route. */
export type RouteParams<R extends Route> = InputOf<R['params']>
export type RouteQuery<R extends Route> = InputOf<R['query']>
export type RouteBody<R extends Route> = InputOf<R['body']>
/** What it answers. */
export type RouteAnswer<R extends Route> = OutputOf<R['answer']>
/** What a handler gets: parsed and defaulted. */
export type ParsedParams<R extends Route> = OutputOf<R['params']>
export type ParsedQuery<R extends Route> = OutputOf<R['query']>
export type ParsedBody<R extends Route> = OutputOf<R['body']>
