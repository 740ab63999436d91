import { KeywardError } from '@keyward/contract/errors'
import { openApiDocument } from '@keyward/contract/openapi'
import type { Route } from '@keyward/contract/route'
import { allRoutes } from '@keyward/contract/routes'
import { type Context, Hono } from 'hono'
import { newId } from '../observe/ids.ts'
import type { Principal } from '../people/principal.ts'
import { actorOf } from './act.ts'
import { actionOf } from './action.ts'
import { answerRoute } from './answer.ts'
import type { ApiOptions } from './api-options.ts'
import { knownDatabaseError } from './database-errors.ts'
import type { Implementation } from './handle.ts'
import { apiHeaders, problemResponse } from './problem.ts'
import type { RequestFacts } from './request-facts.ts'

/**
 * The control API: every route of the contract, and nothing else under `/api/`.
 * @throws Error where a route has no handler, or two
 */
export function createApi(implementations: readonly Implementation[], options: ApiOptions): Hono {
  checkComplete(implementations)
  return createPartialApi(implementations, options)
}

/** The same without the check that nothing is missing. */
export function createPartialApi(implementations: readonly Implementation[], options: ApiOptions): Hono {
  const app = new Hono()
  for (const implementation of implementations) {
    const { method, path } = implementation.route
    app.on(method, path.replaceAll(/\{([a-z_]+)\}/g, ':$1'), (context) =>
      guarded(context, options, implementation.route, (request, caller) => answerRoute(context, request, implementation, options, caller)),
    )
  }
  const document = JSON.stringify(openApiDocument())
  app.get('/api/openapi.json', (context) => guarded(context, options, undefined, () => openApiAnswer(document)))
  app.all('/api/*', (context) => guarded(context, options, undefined, nothingHere))
  return app
}

type Answer = (request: RequestFacts, caller: { principal?: Principal }) => Response | Promise<Response>

/** Whatever happens inside becomes an answer that says no more than its reader may know. */
async function guarded(context: Context, options: ApiOptions, route: Route | undefined, answer: Answer): Promise<Response> {
  const request = factsOf(context, options)
  const caller: { principal?: Principal } = {}
  try {
    if (!options.isOwnHost(context.req.raw.headers.get('host') ?? new URL(context.req.url).host)) throw new KeywardError('misdirected')
    return await answer(request, caller)
  } catch (error) {
    const known = error instanceof KeywardError ? error : knownDatabaseError(error)
    const log = options.log.child({ correlationId: request.correlationId, route: route?.id })
    if (known === undefined) log.error({ err: error }, 'a request failed')
    else if (known.status >= 500) log.warn({ err: known.cause ?? known }, 'a request could not be answered')
    if (known && caller.principal && route) await recordRefusal(known, caller.principal, request, route, options)
    return problemResponse(known ?? error, request.correlationId)
  }
}

function nothingHere(request: RequestFacts): Response {
  const allowed = methodsAt(request.path)
  if (allowed.length === 0) throw new KeywardError('not-found', 'There is nothing at this address')
  return problemResponse(new KeywardError('method-not-allowed'), request.correlationId, { allow: allowed.join(', ') })
}

function openApiAnswer(document: string): Response {
  return new Response(document, { headers: { ...apiHeaders, 'cache-control': 'no-cache', 'content-type': 'application/openapi+json' } })
}

function factsOf(context: Context, options: ApiOptions): RequestFacts {
  const { raw } = context.req
  return {
    method: raw.method,
    path: context.req.path,
    headers: raw.headers,
    ip: options.clientAddress(context),
    userAgent: raw.headers.get('user-agent')?.toWellFormed().slice(0, 400),
    correlationId: newId('request'),
    receivedAtMs: options.clock.monotonicMs(),
  }
}

/** A known person who was refused an act is on record; a record that cannot be made does not turn a refusal into anything else. */
async function recordRefusal(error: KeywardError, principal: Principal, request: RequestFacts, route: Route, options: ApiOptions) {
  if (error.code !== 'forbidden' && error.code !== 'fresh-auth-required') return
  try {
    await options.audit.record({ action: actionOf(route), decision: 'refused', code: error.code, ...actorOf(request, principal) })
  } catch (cause) {
    options.log.error({ err: cause, correlationId: request.correlationId }, 'a refusal could not be recorded')
  }
}

/** The methods that some route takes at a path. HEAD goes where GET goes. */
function methodsAt(path: string): string[] {
  const methods = new Set<string>()
  for (const { method, pattern } of patterns) {
    if (!pattern.test(path)) continue
    methods.add(method)
    if (method === 'GET') methods.add('HEAD')
  }
  return [...methods].sort()
}

const patterns = allRoutes().map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[a-z_]+\}/g, '[^/]+')}$`),
}))

function checkComplete(implementations: readonly Implementation[]): void {
  const seen = new Set<string>()
  for (const { route } of implementations) {
    if (seen.has(route.id)) throw new Error(`two handlers for ${route.id}`)
    seen.add(route.id)
  }
  const missing = allRoutes().filter((route) => !seen.has(route.id))
  if (missing.length > 0) throw new Error(`no handler for ${missing.map((route) => route.id).join(', ')}`)
}
