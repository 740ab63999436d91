import type { Context } from 'hono'
import { Hono } from 'hono'
import type { Clients } from '../clients/clients.ts'
import { boundedText } from '../form.ts'
import { OAuthError } from '../oauth-error.ts'
import { readAsk } from './ask.ts'
import { notTrustedPage, refusedPage } from './page.ts'
import { AskRefused, answerAddress, NotTrusted } from './refusals.ts'

interface Deps {
  readonly clients: Pick<Clients, 'find'>
  readonly issuer: string
  readonly log: { info(fields: object, message: string): void; error(fields: object, message: string): void }
  peer(context: Context): { readonly correlationId: string }
}

/**
 * `/oauth2/authorize` (OAuth 2.1 section 3.1): checks a request and hands it to the console, where a signed-in person decides. It reads no
 * cookie and changes nothing, so there is nothing here that another site could do in somebody's name.
 */
export function authorizationEndpoint(deps: Deps): Hono {
  const app = new Hono()
  app.get('/oauth2/authorize', (context) => answer(deps, context, new URL(context.req.url).searchParams))
  app.post('/oauth2/authorize', async (context) => {
    const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
    if (type !== 'application/x-www-form-urlencoded') return notTrustedPage(400, 'The request was not sent as a form')
    try {
      return await answer(deps, context, new URLSearchParams(await boundedText(context.req.raw)))
    } catch (error) {
      if (error instanceof OAuthError) return notTrustedPage(400, error.message)
      throw error
    }
  })
  app.all('/oauth2/authorize', () => new Response(null, { status: 405, headers: { allow: 'GET, POST' } }))
  return app
}

async function answer(deps: Deps, context: Context, query: URLSearchParams): Promise<Response> {
  try {
    await readAsk(deps, query)
    return seeOther(`${deps.issuer}/authorize?request=${carried(query)}`)
  } catch (error) {
    const { correlationId } = deps.peer(context)
    if (error instanceof NotTrusted) {
      deps.log.info({ correlationId, description: error.message }, 'authorization request refused')
      return notTrustedPage(error.passing ? 503 : 400, error.message)
    }
    if (error instanceof AskRefused) {
      deps.log.info({ correlationId, error: error.code, description: error.message }, 'authorization request refused')
      const to = answerAddress(deps.issuer, error.to, { error: error.code, error_description: error.message })
      return error.to.vouched ? seeOther(to) : refusedPage(error.message, to)
    }
    deps.log.error({ correlationId, err: error }, 'authorization request failed')
    return notTrustedPage(503, `Something failed inside Keyward; its log has it under ${correlationId}`)
  }
}

/** The parameters as the console carries them: in an alphabet that nothing on the way rewrites. Begins with a letter, so that nothing takes it for a number. */
export function carried(query: URLSearchParams): string {
  return `q${Buffer.from(query.toString()).toString('base64url')}`
}

/** @returns undefined for what `carried` did not make */
export function readCarried(text: string): URLSearchParams | undefined {
  if (!/^q[A-Za-z0-9_-]+$/.test(text)) return undefined
  return new URLSearchParams(Buffer.from(text.slice(1), 'base64url').toString())
}

/** RFC 9700 section 4.12: 303, so that no browser sends a form on. */
function seeOther(location: string): Response {
  return new Response(null, { status: 303, headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' } })
}
