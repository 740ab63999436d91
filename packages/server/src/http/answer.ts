import { KeywardError } from '@keyward/contract/errors'
import type { Route } from '@keyward/contract/route'
import type { Context } from 'hono'
import type { z } from 'zod'
import { authorise, requireFresh } from '../people/permit.ts'
import type { Principal } from '../people/principal.ts'
import { beginAct } from './act.ts'
import { isPermission } from './action.ts'
import type { ApiOptions } from './api-options.ts'
import { readJsonBody } from './body.ts'
import type { Implementation, Transact } from './handle.ts'
import {
  claimKey,
  findAnswer,
  type IdempotentRequest,
  readIdempotencyKey,
  requestDigest,
  type StoredAnswer,
  storeAnswer,
} from './idempotency.ts'
import { parseRequest } from './plain-words.ts'
import { etagOf, readIfMatch } from './precondition.ts'
import { apiHeaders, correlationHeader } from './problem.ts'
import { readQuery } from './query.ts'
import type { RequestFacts } from './request-facts.ts'
import { opinionOn, requireNothingMore, requireSecondOpinion, TurnedOutDangerous } from './second-opinion-gate.ts'
import { holdsShownOnce } from './shown-once.ts'

/**
 * One request to one route, in this order: who, may they, freshly enough, where, what, with whose second opinion; then the handler. Nothing of the request is parsed
 * for somebody who may not make it. `caller` is filled as soon as they are known, for the record of a refusal.
 */
export async function answerRoute(
  context: Context,
  request: RequestFacts,
  { route, answer }: Implementation,
  options: ApiOptions,
  caller: { principal?: Principal },
): Promise<Response> {
  const principal = route.access === 'public' ? undefined : await options.gate.authenticate(request)
  if (principal) caller.principal = principal
  const permit = principal && isPermission(route.access) ? authorise(principal, route.access) : undefined
  if (principal && route.fresh) requireFresh(principal)
  const params = route.params && readParams(route.params, context.req.param())
  const query = readQuery(route.query, context.req.url)
  const body = route.body ? await readJsonBody(context.req.raw) : undefined
  const parsedBody = route.body && parseRequest(route.body, body?.value, 'body')
  const revision = route.etag === 'needs' ? readIfMatch(request.headers.get('if-match')) : undefined

  const idempotent = route.idempotent && principal ? idempotentRequest(route, request, principal, body?.bytes, options) : undefined
  const before = idempotent && (await findAnswer(options.db, idempotent))
  if (before) return replay(route, before, request)

  const gated = principal && { route, request, principal, params, query, body: parsedBody, bytes: body?.bytes }
  let useOpinion = gated && (await requireSecondOpinion(options, gated))

  const answerHeaders = new Headers()
  let kept = false
  const transact: Transact<unknown> = async (work) => {
    try {
      return await once(work)
    } catch (error) {
      if (!(error instanceof TurnedOutDangerous) || gated === undefined) throw error
      useOpinion = await opinionOn(options, gated)
      return await once(work)
    }
  }
  const once: Transact<unknown> = async (work) => {
    let seq: bigint | undefined
    const result = await options.db.transaction().execute(async (trx) => {
      const concurrent = idempotent && (await claimKey(trx, idempotent))
      if (concurrent) throw new Replay(concurrent)
      // Once, though an act may have several steps.
      if (!kept) await useOpinion?.(trx)
      const { act, announce } = beginAct(trx, route, request, principal, options.audit)
      const made = await work(trx, act)
      if (useOpinion === undefined) await requireNothingMore(trx, permit)
      if (idempotent) await storeAnswer(trx, idempotent, storable(route, encode(route, made)))
      seq = await announce()
      return made
    })
    kept = true
    if (seq !== undefined) await heard(options.caughtUp(seq))
    return result
  }
  try {
    const result = await answer({
      params,
      query,
      body: parsedBody,
      request,
      transact,
      answerHeaders,
      ...(permit ? { permit } : {}),
      ...(principal ? { principal } : {}),
      ...(revision === undefined ? {} : { revision }),
    })
    if (idempotent && !kept) throw new Error(`${route.id} takes an Idempotency-Key, but did its work outside transact`)
    if (useOpinion && !kept) throw new Error(`${route.id} needs a second opinion, but did its work outside transact`)
    return success(route, encode(route, result), request, answerHeaders)
  } catch (error) {
    if (error instanceof Replay) return replay(route, error.stored, request)
    throw error
  }
}

/** A deaf node refuses calls anyway, so an answer does not wait for it longer than for a working one. */
const heardMsMax = 1_000

async function heard(caughtUp: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, heardMsMax)
  })
  await Promise.race([caughtUp.catch(() => undefined), late])
  clearTimeout(timer)
}

/** Leaves `transact` when another request with the same key has committed meanwhile: nothing is done, its answer is given. */
class Replay extends Error {
  readonly stored: StoredAnswer

  constructor(stored: StoredAnswer) {
    super('done before')
    this.stored = stored
  }
}

/** An id that cannot be one of ours is as unknown as one that is nobody's. */
function readParams(schema: z.ZodObject, params: Record<string, string>): unknown {
  const result = schema.safeParse(params)
  if (!result.success) throw new KeywardError('not-found')
  return result.data
}

function idempotentRequest(
  route: Route,
  request: RequestFacts,
  principal: Principal,
  body: Uint8Array | undefined,
  options: ApiOptions,
): IdempotentRequest | undefined {
  const key = readIdempotencyKey(request.headers.get('idempotency-key'))
  if (key === undefined) return undefined
  const digest = requestDigest(route.id, request.path, body ?? new Uint8Array(), options.keyedDigest)
  return { actor: principal.user.id, key, route: route.id, digest }
}

/** Through the schema: what it does not name does not leave, and what it promises is there. */
function encode(route: Route, result: unknown): unknown {
  if (!route.answer) return undefined
  const encoded = route.answer.safeParse(result)
  if (encoded.success) return encoded.data
  // Paths and rules, never values.
  const wrong = encoded.error.issues.map((issue) => `${issue.path.map(String).join('.')}: ${issue.code}`).join('; ')
  throw new Error(`${route.id} answered what its schema does not allow: ${wrong}`)
}

function storable(route: Route, answer: unknown): { status: number; answer: unknown; etag: string | undefined } {
  const once = route.answer !== undefined && holdsShownOnce(route.answer, answer)
  return { status: route.status, answer: once ? null : (answer ?? {}), etag: etagFor(route, answer) }
}

function etagFor(route: Route, answer: unknown): string | undefined {
  if (route.etag === 'none' || typeof answer !== 'object' || answer === null || !('revision' in answer)) return undefined
  return typeof answer.revision === 'number' ? etagOf(answer.revision) : undefined
}

function success(route: Route, answer: unknown, request: RequestFacts, more: Headers): Response {
  const headers = new Headers({ ...apiHeaders, [correlationHeader]: request.correlationId })
  for (const [name, value] of more) headers.append(name, value)
  const etag = etagFor(route, answer)
  if (etag) headers.set('etag', etag)
  if (route.status === 204) return new Response(null, { status: 204, headers })
  headers.set('content-type', 'application/json')
  return new Response(JSON.stringify(answer), { status: route.status, headers })
}

function replay(route: Route, stored: StoredAnswer, request: RequestFacts): Response {
  const headers = new Headers({ ...apiHeaders, [correlationHeader]: request.correlationId, 'idempotency-replayed': 'true' })
  if (stored.etag) headers.set('etag', stored.etag)
  if (stored.status === 204) return new Response(null, { status: 204, headers })
  headers.set('content-type', 'application/json')
  return new Response(JSON.stringify(encode(route, stored.answer)), { status: stored.status, headers })
}
