import type { Context } from 'hono'
import { Hono } from 'hono'
import type { Database } from '../db/database.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { checkProof, ProofRefused } from './dpop.ts'
import type { Federation } from './federation/federation.ts'
import { type Form, readForm, readJsonForm } from './form.ts'
import { clientCredentials } from './grants/client-credentials.ts'
import { jwtBearer, jwtBearerGrant } from './grants/jwt-bearer.ts'
import { tokenExchange, tokenExchangeGrant } from './grants/token-exchange.ts'
import { type Asker, introspect } from './introspect.ts'
import { metadata } from './metadata.ts'
import { authenticateClient } from './methods/authenticate-client.ts'
import type { Minter } from './mint.ts'
import { OAuthError, oauthErrorStatus } from './oauth-error.ts'
import { ProofMemory } from './proof-memory.ts'
import type { SigningKeys } from './signing-keys.ts'
import { TokenError } from './token-error.ts'
import type { TokenAnswer, TokenRequest } from './token-request.ts'
import type { TokenVerifier } from './verify.ts'

export interface OAuthDeps {
  readonly db: Database
  readonly keys: SigningKeys
  readonly minter: Minter
  readonly verifier: TokenVerifier
  readonly federation: Federation
  readonly issuer: string
  readonly origins: readonly string[]
  readonly log: Log
  readonly metrics: Pick<Metrics, 'minted'>
  nowMs(): number
  monotonicMs(): number
  /** Where a request came from, as far as it is believed. */
  peer(context: Context): { readonly ip: string | undefined; readonly userAgent: string | undefined; readonly correlationId: string }
  /** A person with an API token may introspect where their role reads tokens; undefined for anybody else. */
  mayReadTokens(authorization: string): Promise<boolean>
  /** Ends a token and its descendants (lifecycle/); resolves when this node refuses it. */
  revokeToken(request: { token: string; workload: string; reason: string; correlationId: string }): Promise<void>
}

/** The endpoints of the token service, without `/g/` (design section 5). */
export function oauthEndpoints(deps: OAuthDeps): Hono {
  const app = new Hono()
  const memory = new ProofMemory(deps.monotonicMs)
  const endpoint = (path: string, handle: (context: Context) => Promise<Response>) => {
    app.post(path, async (context) => {
      try {
        return await handle(context)
      } catch (error) {
        return failure(deps, context, error)
      }
    })
    app.all(path, () => json(405, { error: 'invalid_request', error_description: 'use POST' }, { allow: 'POST' }))
  }

  endpoint('/oauth2/token', async (context) => {
    const form = await readForm(context.req.raw)
    return await answerToken(deps, memory, context, form)
  })

  // Where the vendors' SDKs ask by themselves: below the base address that they were given, and in JSON.
  endpoint('/g/:name/v1/oauth/token', async (context) => {
    const form = await readJsonForm(context.req.raw)
    return await answerToken(deps, memory, context, form.with('resource', `${deps.issuer}/g/${context.req.param('name')}`))
  })

  endpoint('/oauth2/introspect', async (context) => {
    const form = await readForm(context.req.raw)
    const token = form.needed('token')
    const asker = await askerOf(deps, context, form)
    return json(200, await introspect(deps, token, asker))
  })

  endpoint('/oauth2/revoke', async (context) => {
    const form = await readForm(context.req.raw)
    const token = form.needed('token')
    const client = await authenticateClient(deps, context.req.raw, form)
    let id: string | undefined
    try {
      const verified = deps.verifier.verify(token)
      if (verified.client === client.workload || verified.workload === client.workload) id = verified.id
    } catch (error) {
      // RFC 7009 section 2.2: a token that is unknown, ended or revoked already is answered like a success.
      if (!(error instanceof TokenError)) throw error
    }
    if (id !== undefined)
      await deps.revokeToken({
        token: id,
        workload: client.workload,
        reason: 'revoked by its workload',
        correlationId: deps.peer(context).correlationId,
      })
    return new Response(null, { status: 200, headers: noStore })
  })

  app.get('/oauth2/jwks', () =>
    json(200, deps.keys.jwks(), { 'cache-control': 'public, max-age=300', 'content-type': 'application/jwk-set+json' }),
  )
  app.get('/.well-known/oauth-authorization-server', () => json(200, metadata(deps.issuer), { 'cache-control': 'public, max-age=300' }))
  return app
}

const noStore = { 'cache-control': 'no-store', pragma: 'no-cache', 'x-content-type-options': 'nosniff' }

function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...noStore, 'content-type': 'application/json', ...headers } })
}

type GrantHandler = (deps: OAuthDeps, request: TokenRequest) => Promise<TokenAnswer>

/** Grant types by their name (RFC 6749 section 4.5). */
const grantTypes: ReadonlyMap<string, GrantHandler> = new Map<string, GrantHandler>([
  ['client_credentials', clientCredentials],
  [jwtBearerGrant, jwtBearer],
  [tokenExchangeGrant, tokenExchange],
])

async function answerToken(deps: OAuthDeps, memory: ProofMemory, context: Context, form: Form): Promise<Response> {
  const handler = grantTypes.get(form.needed('grant_type'))
  if (handler === undefined) throw new OAuthError('unsupported_grant_type', `this server knows ${[...grantTypes.keys()].join(', ')}`)
  const peer = deps.peer(context)
  const jkt = proofKey(deps, memory, context)
  const answer = await handler(deps, {
    form,
    raw: context.req.raw,
    binding: jkt === undefined ? undefined : { kind: 'dpop', thumbprint: jkt },
    client: () => authenticateClient(deps, context.req.raw, form),
    context: {
      correlationId: peer.correlationId,
      personal: {
        ...(peer.ip === undefined ? {} : { ip: peer.ip }),
        ...(peer.userAgent === undefined ? {} : { userAgent: peer.userAgent }),
      },
    },
  })
  deps.metrics.minted.inc({ method: answer.method, result: 'minted' })
  return json(200, answer.body)
}

/** The thumbprint of the key that a proof at the token endpoint shows; undefined where none was sent (RFC 9449 section 5). */
function proofKey(deps: OAuthDeps, memory: ProofMemory, context: Context): string | undefined {
  const proof = context.req.header('dpop')
  if (proof === undefined) return undefined
  const { path } = context.req
  try {
    return checkProof({ proof, method: 'POST', path, origins: deps.origins, nowMs: deps.nowMs(), memory, nonce: false })
  } catch (error) {
    if (error instanceof ProofRefused) throw new OAuthError('invalid_dpop_proof', error.message)
    throw error
  }
}

async function askerOf(deps: OAuthDeps, context: Context, form: Form): Promise<Asker> {
  const authorization = context.req.header('authorization')
  if (authorization !== undefined && /^bearer kwu_/i.test(authorization)) {
    if (await deps.mayReadTokens(authorization)) return { kind: 'person' }
    throw new OAuthError('invalid_client', 'that API token may not read tokens', {
      headers: { 'www-authenticate': 'Bearer realm="keyward"' },
    })
  }
  const client = await authenticateClient(deps, context.req.raw, form)
  return { kind: 'workload', workload: client.workload }
}

function failure(deps: OAuthDeps, context: Context, error: unknown): Response {
  const correlationId = deps.peer(context).correlationId
  if (error instanceof OAuthError) {
    if (context.req.path.endsWith('/token')) deps.metrics.minted.inc({ method: 'any', result: error.code })
    deps.log.info({ correlationId, error: error.code, description: error.message }, 'OAuth request refused')
    return json(
      oauthErrorStatus[error.code],
      { error: error.code, error_description: error.message },
      { ...error.headers, 'keyward-correlation-id': correlationId },
    )
  }
  deps.log.error({ correlationId, err: error }, 'OAuth request failed')
  return json(
    503,
    { error: 'temporarily_unavailable', error_description: `something failed inside Keyward; its log has it under ${correlationId}` },
    { 'retry-after': '1', 'keyward-correlation-id': correlationId },
  )
}
