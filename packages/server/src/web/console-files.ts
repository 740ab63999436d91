import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join, posix } from 'node:path'
import { Hono } from 'hono'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
}

/** The console runs its own scripts and talks to its own origin: nothing else, and nobody frames it. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': pagePolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), publickey-credentials-get=(self), publickey-credentials-create=(self)',
}

interface ConsoleFile {
  readonly body: Uint8Array<ArrayBuffer>
  readonly type: string
}

/**
 * Serves the built console from memory: its files are few and small, and a path that is looked up in a map can't leave a folder. Every
 * address that is no file is the console's own to route, so it gets the page.
 */
export function consoleFiles(folder: string | undefined): Hono {
  const files = folder !== undefined && existsSync(join(folder, 'index.html')) ? readFolder(folder) : new Map<string, ConsoleFile>()
  const page = files.get('/index.html')
  const app = new Hono()
  app.get('*', (context) => {
    const file = files.get(context.req.path)
    if (file && file !== page) {
      const isHashed = context.req.path.startsWith('/assets/')
      return new Response(file.body, {
        headers: {
          ...pageHeaders,
          'content-type': file.type,
          'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
        },
      })
    }
    if (!page)
      return new Response('The console is not built here. Run `npm start` in the clone, or use the API and the command line.\n', {
        status: 404,
        headers: { ...pageHeaders, 'content-type': 'text/plain; charset=utf-8' },
      })
    if (extname(context.req.path) !== '')
      return new Response('Not found\n', { status: 404, headers: { ...pageHeaders, 'content-type': 'text/plain; charset=utf-8' } })
    return new Response(page.body, { headers: { ...pageHeaders, 'content-type': page.type, 'cache-control': 'no-store' } })
  })
  return app
}

function readFolder(folder: string): Map<string, ConsoleFile> {
  const files = new Map<string, ConsoleFile>()
  const visit = (path: string, address: string) => {
    for (const name of readdirSync(path)) {
      if (name.startsWith('.')) continue
      const inside = join(path, name)
      if (statSync(inside).isDirectory()) visit(inside, posix.join(address, name))
      else
        files.set(posix.join(address, name), {
          body: new Uint8Array(readFileSync(inside)),
          type: types[extname(name)] ?? 'application/octet-stream',
        })
    }
  }
  visit(folder, '/')
  return files
}
