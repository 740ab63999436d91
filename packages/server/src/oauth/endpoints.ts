import { isWellFormedSecret } from '@keyward/contract/secret-format'
import type { Context } from 'hono'
import { Hono } from 'hono'
import type { Database } from '../db/database.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Binding } from '../policy/assurance.ts'
import type { ClientCertificate } from '../web/client-certificate.ts'
import { type Presenter, presenterOf } from './clients/presenter.ts'
import type { Connect } from './connect.ts'
import { authorizeDevice } from './device/device-authorization.ts'
import { checkProof, ProofRefused } from './dpop.ts'
import type { Federation } from './federation/federation.ts'
import { type Form, readForm, readJsonForm } from './form.ts'
import { authorizationCode } from './grants/authorization-code.ts'
import { clientCredentials } from './grants/client-credentials.ts'
import { deviceCode, deviceCodeGrant } from './grants/device-code.ts'
import { jwtBearer, jwtBearerGrant } from './grants/jwt-bearer.ts'
import { refreshToken } from './grants/refresh-token.ts'
import { tokenExchange, tokenExchangeGrant } from './grants/token-exchange.ts'
import { type Asker, introspect } from './introspect.ts'
import { introspectionJwt, introspectionJwtType, wantsSigned } from './introspection-jwt.ts'
import { authenticateClient } from './methods/authenticate-client.ts'
import type { Minter } from './mint.ts'
import { CertificatePaths } from './mtls/certificate-paths.ts'
import { type FetchBundle, TrustAnchors } from './mtls/trust-anchors.ts'
import { OAuthError, oauthErrorStatus } from './oauth-error.ts'
import { readOwnToken } from './own-token.ts'
import { revokeRefreshToken } from './refresh/revoke.ts'
import type { SigningKeys } from './signing-keys.ts'
import type { TokenAnswer, TokenRequest } from './token-request.ts'
import type { TokenVerifier } from './verify.ts'
import { wellKnown } from './well-known.ts'

export interface OAuthDeps {
  readonly db: Database
  readonly keys: SigningKeys
  readonly minter: Minter
  readonly verifier: TokenVerifier
  readonly federation: Federation
  readonly connect: Connect
  readonly issuer: string
  readonly origins: readonly string[]
  readonly log: Log
  readonly metrics: Pick<Metrics, 'minted'>
  nowMs(): number
  monotonicMs(): number
  /** Where a request came from, as far as it is believed. */
  peer(context: Context): { readonly ip: string | undefined; readonly userAgent: string | undefined; readonly correlationId: string }
  /** The client certificate that a request came with (web/client-certificate), and whether any can come here. */
  readonly certificates: { readonly possible: boolean; of(context: Context): ClientCertificate | undefined }
  /** Keys of SPIFFE bundle endpoints (oauth/federation). */
  readonly fetchBundle?: FetchBundle
  /** The id of a person with an API token whose role reads tokens: they may introspect. Undefined for anybody else. */
  mayReadTokens(authorization: string): Promise<string | undefined>
  /** Ends a token and its descendants (lifecycle/); resolves when this node refuses it. */
  revokeToken(request: { token: string; workload: string; reason: string; correlationId: string }): Promise<void>
}

/** The endpoints of the token service, without `/g/` (design section 5). */
export function oauthEndpoints(deps: OAuthDeps): Hono {
  const app = new Hono()
  const methods: ClientMethods = {
    ...deps,
    nowMs: () => deps.nowMs(),
    certificates: { paths: new CertificatePaths(() => deps.nowMs()), anchors: new TrustAnchors(deps.fetchBundle) },
  }
  const clientOf = (context: Context, form: Form) =>
    authenticateClient(methods, { raw: context.req.raw, form, certificate: deps.certificates.of(context) })
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
    return await answerToken(deps, clientOf, context, form)
  })

  // Where the vendors' SDKs ask by themselves: below the base address that they were given, and in JSON.
  endpoint('/g/:name/v1/oauth/token', async (context) => {
    const form = await readJsonForm(context.req.raw)
    return await answerToken(deps, clientOf, context, form.with('resource', `${deps.issuer}/g/${context.req.param('name')}`))
  })

  endpoint('/oauth2/introspect', async (context) => {
    const form = await readForm(context.req.raw)
    const token = form.needed('token')
    const asker = await askerOf(deps, clientOf, context, form)
    const answer = await introspect(deps, token, asker)
    if (!wantsSigned(context.req.header('accept'))) return json(200, answer, { vary: 'accept' })
    const signed = introspectionJwt(deps, asker.kind === 'workload' ? asker.workload : asker.user, answer)
    return new Response(signed, { headers: { ...noStore, 'content-type': introspectionJwtType, vary: 'accept' } })
  })

  endpoint('/oauth2/revoke', async (context) => {
    const form = await readForm(context.req.raw)
    const token = form.needed('token')
    const by = await presenterOf(deps.connect, {
      form,
      raw: context.req.raw,
      client: () => clientOf(context, form),
    })
    const { correlationId } = deps.peer(context)
    // What a login of the command line gets. A 200 would say that it has ended.
    if (isWellFormedSecret('apiToken', token))
      throw new OAuthError('unsupported_token_type', 'end an API token in the console, or with `keyward logout`')
    if (isWellFormedSecret('refreshToken', token)) await revokeRefreshToken(deps, token, by, correlationId)
    else {
      const workload = holderOf(deps, token, by)
      if (workload !== undefined)
        await deps.revokeToken({ token: workload.token, workload: workload.id, reason: 'revoked by its client', correlationId })
    }
    return new Response(null, { status: 200, headers: noStore })
  })

  endpoint('/oauth2/device_authorization', async (context) => {
    const form = await readForm(context.req.raw)
    return json(200, await authorizeDevice(deps, form, deps.peer(context).ip))
  })

  app.get('/oauth2/jwks', () =>
    json(200, deps.keys.jwks(), { 'cache-control': 'public, max-age=300', 'content-type': 'application/jwk-set+json' }),
  )
  app.route('/', wellKnown({ issuer: deps.issuer, grantTypes: [...grantTypes.keys()], certificates: deps.certificates.possible }))
  return app
}

const noStore = { 'cache-control': 'no-store', pragma: 'no-cache', 'x-content-type-options': 'nosniff' }

function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...noStore, 'content-type': 'application/json', ...headers } })
}

type ClientMethods = Parameters<typeof authenticateClient>[0]
type ClientOf = (context: Context, form: Form) => ReturnType<typeof authenticateClient>
type GrantHandler = (deps: OAuthDeps, request: TokenRequest) => Promise<TokenAnswer>

/** Grant types by their name (RFC 6749 section 4.5). */
const grantTypes: ReadonlyMap<string, GrantHandler> = new Map<string, GrantHandler>([
  ['client_credentials', clientCredentials],
  ['authorization_code', authorizationCode],
  ['refresh_token', refreshToken],
  [deviceCodeGrant, deviceCode],
  [jwtBearerGrant, jwtBearer],
  [tokenExchangeGrant, tokenExchange],
])

async function answerToken(deps: OAuthDeps, clientOf: ClientOf, context: Context, form: Form): Promise<Response> {
  const handler = grantTypes.get(form.needed('grant_type'))
  if (handler === undefined) throw new OAuthError('unsupported_grant_type', `this server knows ${[...grantTypes.keys()].join(', ')}`)
  const peer = deps.peer(context)
  const answer = await handler(deps, {
    form,
    raw: context.req.raw,
    binding: bindingOf(deps, context),
    client: () => clientOf(context, form),
    context: {
      correlationId: peer.correlationId,
      personal: {
        ...(peer.ip === undefined ? {} : { ip: peer.ip }),
        ...(peer.userAgent === undefined ? {} : { userAgent: peer.userAgent }),
      },
    },
  })
  deps.metrics.minted.inc({ method: answer.method, result: 'minted' })
  return json(200, answer.body, { 'dpop-nonce': deps.verifier.proofs.nonce() })
}

/**
 * What the token is to be bound to: the key of a proof (RFC 9449 section 5), or else the client certificate that came along (RFC 8705
 * section 3). A proof carries this node's nonce, so that one from another node, or from before, is asked for again (RFC 9449 section 8).
 */
function bindingOf(deps: OAuthDeps, context: Context): Binding | undefined {
  const proof = context.req.header('dpop')
  const { path } = context.req
  if (proof === undefined) {
    const certificate = deps.certificates.of(context)
    return certificate === undefined ? undefined : { kind: 'mtls', thumbprint: certificate.thumbprint }
  }
  const { proofs: memory } = deps.verifier
  try {
    const thumbprint = checkProof({ proof, method: 'POST', path, origins: deps.origins, nowMs: deps.nowMs(), memory, nonce: true })
    return { kind: 'dpop', thumbprint }
  } catch (error) {
    if (error instanceof ProofRefused) throw new OAuthError(error.needsNonce ? 'use_dpop_nonce' : 'invalid_dpop_proof', error.message)
    throw error
  }
}

/**
 * The access token and its workload, where the client is who it was given to. RFC 7009 section 2.2: one that is unknown, has ended, was revoked or
 * is another's is answered like a success.
 */
function holderOf(deps: OAuthDeps, token: string, by: Presenter): { readonly token: string; readonly id: string } | undefined {
  const read = readOwnToken(deps.verifier, token)
  if ('refused' in read) return undefined
  const { id, client, workload } = read.token
  return client === by.client || workload === by.workload?.workload ? { token: id, id: workload } : undefined
}

async function askerOf(deps: OAuthDeps, clientOf: ClientOf, context: Context, form: Form): Promise<Asker> {
  const authorization = context.req.header('authorization')
  if (authorization !== undefined && /^bearer kwu_/i.test(authorization)) {
    const user = await deps.mayReadTokens(authorization)
    if (user !== undefined) return { kind: 'person', user }
    throw new OAuthError('invalid_client', 'that API token may not read tokens', {
      headers: { 'www-authenticate': 'Bearer realm="keyward", error="invalid_token"' },
    })
  }
  const client = await clientOf(context, form)
  return { kind: 'workload', workload: client.workload }
}

function failure(deps: OAuthDeps, context: Context, error: unknown): Response {
  const correlationId = deps.peer(context).correlationId
  const isToken = context.req.path.endsWith('/token')
  const nonce: Record<string, string> = isToken ? { 'dpop-nonce': deps.verifier.proofs.nonce() } : {}
  if (error instanceof OAuthError) {
    if (isToken) deps.metrics.minted.inc({ method: 'any', result: error.code })
    const why = error.cause instanceof Error ? error.cause.message : undefined
    deps.log.info({ correlationId, error: error.code, description: error.message, why }, 'OAuth request refused')
    return json(
      oauthErrorStatus[error.code],
      { error: error.code, error_description: error.message },
      { ...nonce, ...error.headers, 'keyward-correlation-id': correlationId },
    )
  }
  deps.log.error({ correlationId, err: error }, 'OAuth request failed')
  return json(
    503,
    { error: 'temporarily_unavailable', error_description: `something failed inside Keyward; its log has it under ${correlationId}` },
    { ...nonce, 'retry-after': '1', 'keyward-correlation-id': correlationId },
  )
}
