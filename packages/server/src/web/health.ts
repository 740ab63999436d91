import { type Context, Hono } from 'hono'
import type { Metrics } from '../observe/metrics.ts'

interface Deps {
  readonly metrics: Metrics
  /** Why this node can't serve, in words; empty where it can. */
  problems(): Promise<readonly string[]>
  /** True for a caller on this machine that no proxy stands before. */
  isLocal(context: Context): boolean
}

/**
 * `/healthz`: the process answers. `/readyz`: it can serve (database, change feed); a load balancer takes it out otherwise.
 * `/metrics`: figures without ids, for scrapers on this machine; others get them from a scraper there.
 */
export function health(deps: Deps): Hono {
  const app = new Hono()
  const headers = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }
  app.get('/healthz', () => Response.json({ status: 'ok' }, { headers }))
  app.get('/readyz', async () => {
    const problems = await deps.problems()
    return Response.json(problems.length === 0 ? { status: 'ready' } : { status: 'not ready', problems }, {
      status: problems.length === 0 ? 200 : 503,
      headers,
    })
  })
  app.get('/metrics', async (context) => {
    if (!deps.isLocal(context)) return new Response('Not found\n', { status: 404, headers })
    return new Response(await deps.metrics.text(), { headers: { ...headers, 'content-type': deps.metrics.contentType } })
  })
  return app
}
