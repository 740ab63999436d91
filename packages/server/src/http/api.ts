import { KeywardError } from '@keyward/contract/errors'
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
import { problemResponse } from './problem.ts'
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
    app.on(method, path.replaceAll(/\{([a-z_]+)\}/g, ':$1'), (context) => guarded(context, options, implementation))
  }
  app.all('/api/*', (context) => guarded(context, options, undefined))
  return app
}

async function guarded(context: Context, options: ApiOptions, implementation: Implementation | undefined): Promise<Response> {
  const request = factsOf(context, options)
  const caller: { principal?: Principal } = {}
  try {
    if (!options.isOwnHost(context.req.raw.headers.get('host') ?? new URL(context.req.url).host)) throw new KeywardError('misdirected')
    if (implementation) return await answerRoute(context, request, implementation, options, caller)
    const allowed = methodsAt(request.path)
    if (allowed.length === 0) throw new KeywardError('not-found', 'There is nothing at this address')
    return problemResponse(new KeywardError('method-not-allowed'), request.correlationId, { allow: allowed.join(', ') })
  } catch (error) {
    const known = error instanceof KeywardError ? error : knownDatabaseError(error)
    const log = options.log.child({ correlationId: request.correlationId, route: implementation?.route.id })
    if (known === undefined) log.error({ err: error }, 'a request failed')
    else if (known.status >= 500) log.warn({ err: known.cause ?? known }, 'a request could not be answered')
    if (known && caller.principal && implementation) await recordRefusal(known, caller.principal, request, implementation.route, options)
    return problemResponse(known ?? error, request.correlationId)
  }
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
