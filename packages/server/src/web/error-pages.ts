import { type ErrorCode, errorDefinitions } from '@keyward/contract/errors'
import { type GatewayErrorCode, gatewayErrors } from '@keyward/contract/gateway-errors'
import { Hono } from 'hono'
import { pageHeaders } from './console-files.ts'

/** `/docs/errors/CODE`: what the `type` of a problem points at. Plain pages, made from the same tables as the errors. */
export function errorPages(): Hono {
  const app = new Hono()
  app.get('/docs/errors/:code', (context) => {
    const code = context.req.param('code')
    const known = explain(code)
    const [title, text, fix] = known ?? [
      'No such code',
      `There is no error with the code ${code}.`,
      'Check the code in the answer that you got.',
    ]
    const html = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>${escapeHtml(title)} – Keyward</title><style>body{font:16px/1.6 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1.25rem}code{font-size:.95em}h1{line-height:1.25}</style><h1>${escapeHtml(title)}</h1><p><code>${escapeHtml(code)}</code></p><p>${escapeHtml(text)}</p><h2>What to do</h2><p>${escapeHtml(fix)}</p></html>`
    return new Response(html, {
      status: known ? 200 : 404,
      headers: { ...pageHeaders, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'public, max-age=3600' },
    })
  })
  return app
}

function explain(code: string): readonly [string, string, string] | undefined {
  if (Object.hasOwn(errorDefinitions, code)) {
    const { title, status, fix } = errorDefinitions[code as ErrorCode]
    return [title, `The control API answers with it as HTTP status ${status}.`, fix]
  }
  if (Object.hasOwn(gatewayErrors, code)) {
    const { message, status, fix } = gatewayErrors[code as GatewayErrorCode]
    return [
      message,
      `The gateway answers with it as HTTP status ${status}, in the form of the protocol that was used; the header keyward-error names it.`,
      fix,
    ]
  }
  return undefined
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
