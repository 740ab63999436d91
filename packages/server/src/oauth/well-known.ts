import { Hono } from 'hono'
import { metadata, type ServerFacts } from './metadata.ts'
import { resourceMetadata } from './resource-metadata.ts'

/** A document for everybody, pages of other origins included: it holds nothing that a browser's user could lend. */
const open = {
  'access-control-allow-origin': '*',
  'cache-control': 'public, max-age=300',
  'content-type': 'application/json',
  'x-content-type-options': 'nosniff',
}
const preflight = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET',
  'access-control-allow-headers': 'mcp-protocol-version',
  'access-control-max-age': '600',
}

/**
 * The documents that clients find everything else by: RFC 8414, under both names that clients try and with the path of a resource inserted
 * behind them as some MCP clients do, and RFC 9728.
 */
export function wellKnown(facts: ServerFacts): Hono {
  const app = new Hono()
  const serve = (path: string, document: (path: string) => unknown) => {
    app.get(path, (context) => {
      const body = document(new URL(context.req.url).pathname)
      if (body === undefined) return new Response(null, { status: 404, headers: { 'access-control-allow-origin': '*' } })
      return new Response(JSON.stringify(body), { headers: open })
    })
    app.options(path, () => new Response(null, { status: 204, headers: preflight }))
    app.all(path, () => new Response(null, { status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } }))
  }
  for (const name of ['oauth-authorization-server', 'openid-configuration']) {
    serve(`/.well-known/${name}`, () => metadata(facts))
    serve(`/.well-known/${name}/g/*`, () => metadata(facts))
  }
  serve('/.well-known/oauth-protected-resource/*', (path) => resourceMetadata(facts, path))
  return app
}
