import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { newProviderKey, type ProviderKey, signedJwt } from './keys.ts'
import type { Lies } from './lies.ts'
import { loginPage } from './login-page.ts'
import type { Person } from './person.ts'

export interface PeopleProviderOptions {
  /** As its login page calls itself. */
  readonly name?: string
  readonly clientId?: string
  /** Undefined: a public client. */
  readonly clientSecret?: string | undefined
  /** Where the groups are told. Default `id_token`. */
  readonly groupsIn?: 'id_token' | 'userinfo'
  /** 0 or absent: any free port. */
  readonly port?: number
}

export interface PeopleProvider {
  /** `http://127.0.0.1:port`: its issuer. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string | undefined
  /** By their `sub`. Add, change and remove at will. */
  readonly persons: Map<string, Person>
  /** Addresses that it sends people back to. Empty: any. */
  readonly redirectUris: Set<string>
  readonly lies: Lies
  /** `METHOD path` of each request. */
  readonly requests: string[]
  /** A new key signs from now on; the old one is no longer published. */
  rotateKeys(): void
  /** Does what a person does at the login page. @returns the address to which the provider sends the browser back */
  signIn(authorizationUrl: string, sub: string): Promise<string>
  stop(): Promise<void>
}

interface Transaction {
  readonly redirectUri: string
  readonly state: string
  readonly nonce: string | undefined
  readonly challenge: string
  readonly maxAge: string | null
}

interface Code extends Transaction {
  readonly sub: string
  readonly authenticatedAt: number
}

const bodyBytesMax = 65_536
const tokenSeconds = 300

/**
 * Starts an OpenID provider for people: discovery, a login page, authorization code with PKCE (S256 is demanded), id_tokens by RS256, userinfo.
 * It is strict where a real one is: codes work once, for the redirect address, client and verifier that they were made for.
 */
export async function startPeopleProvider(options: PeopleProviderOptions = {}): Promise<PeopleProvider> {
  const { name = 'Example identity', clientId = 'keyward-console', groupsIn = 'id_token' } = options
  const clientSecret = 'clientSecret' in options ? options.clientSecret : 'FAKE-EXAMPLE-client-secret-0123456789'
  const persons = new Map<string, Person>()
  const redirectUris = new Set<string>()
  const lies: Lies = {}
  const requests: string[] = []
  const transactions = new Map<string, Transaction>()
  const codes = new Map<string, Code>()
  const accessTokens = new Map<string, string>()
  const foreign = newProviderKey()
  let key: ProviderKey = newProviderKey()
  let issuer = ''

  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url?.split('?')[0]}`)
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) json(response, 500, { error: 'server_error', error_description: String(error) })
      else response.destroy()
    })
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', issuer)
    switch (`${request.method} ${url.pathname}`) {
      case 'GET /.well-known/openid-configuration':
        if (lies.discoveryRedirect !== undefined) return redirect(response, lies.discoveryRedirect)
        return json(response, 200, { ...metadata(), ...lies.discovery })
      case 'GET /jwks':
        return json(response, 200, { keys: [key.jwk] })
      case 'GET /authorize':
        return authorize(url.searchParams, response)
      case 'POST /login':
        return login(new URLSearchParams(await bodyOf(request)), response)
      case 'POST /token':
        return token(request, new URLSearchParams(await bodyOf(request)), response)
      case 'GET /userinfo':
        return userinfo(request, response)
      default:
        return json(response, 404, { error: 'not_found' })
    }
  }

  const metadata = () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    authorization_response_iss_parameter_supported: true,
  })

  function authorize(query: URLSearchParams, response: ServerResponse) {
    const redirectUri = query.get('redirect_uri') ?? ''
    if (query.get('client_id') !== clientId || (redirectUris.size > 0 && !redirectUris.has(redirectUri)))
      return json(response, 400, { error: 'invalid_request', error_description: 'unknown client or redirect address' })
    const challenge = query.get('code_challenge') ?? ''
    const isRight =
      query.get('response_type') === 'code' &&
      query.get('scope')?.split(' ').includes('openid') === true &&
      query.get('code_challenge_method') === 'S256' &&
      /^[\w-]{43}$/.test(challenge)
    const state = query.get('state') ?? ''
    if (!isRight) return sendBack(response, { redirectUri, state }, { error: 'invalid_request' })
    const transaction = randomBytes(16).toString('base64url')
    transactions.set(transaction, { redirectUri, state, nonce: query.get('nonce') ?? undefined, challenge, maxAge: query.get('max_age') })
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
    response.end(loginPage(name, persons.values(), transaction))
  }

  function login(form: URLSearchParams, response: ServerResponse) {
    const id = form.get('transaction') ?? ''
    const transaction = transactions.get(id)
    if (transaction === undefined) return json(response, 400, { error: 'invalid_request' })
    transactions.delete(id)
    const person = persons.get(form.get('person') ?? '')
    if (person === undefined) return sendBack(response, transaction, { error: 'access_denied' })
    const code = randomBytes(24).toString('base64url')
    codes.set(code, { ...transaction, sub: person.sub, authenticatedAt: Math.floor(Date.now() / 1_000) })
    sendBack(response, transaction, { code })
  }

  function sendBack(
    response: ServerResponse,
    { redirectUri, state }: { redirectUri: string; state: string },
    parameters: Record<string, string>,
  ): void {
    const url = new URL(redirectUri)
    const own = lies.answerIssuer === undefined ? issuer : lies.answerIssuer
    for (const [parameter, value] of Object.entries({ ...parameters, state, ...(own === null ? {} : { iss: own }) }))
      url.searchParams.set(parameter, value)
    redirect(response, url.href)
  }

  function token(request: IncomingMessage, form: URLSearchParams, response: ServerResponse) {
    if (lies.tokenSilence) return
    if (lies.tokenRedirect !== undefined) return redirect(response, lies.tokenRedirect, 307)
    if (!isClient(request, form)) return json(response, 401, { error: 'invalid_client' })
    const code = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const verifier = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const isRight =
      form.get('grant_type') === 'authorization_code' && code?.redirectUri === form.get('redirect_uri') && code.challenge === verifier
    const person = code && persons.get(code.sub)
    if (!isRight || person === undefined) return json(response, 400, { error: 'invalid_grant' })
    const accessToken = `FAKE-access-${randomBytes(16).toString('hex')}`
    accessTokens.set(accessToken, person.sub)
    const now = Math.floor(Date.now() / 1_000)
    const { groups, ...profile } = person
    const claims: Record<string, unknown> = {
      iss: issuer,
      aud: clientId,
      iat: now,
      exp: now + tokenSeconds,
      auth_time: code.authenticatedAt,
      ...(code.nonce === undefined ? {} : { nonce: code.nonce }),
      ...profile,
      ...(groupsIn === 'id_token' && groups !== undefined ? { groups } : {}),
      ...lies.claims,
    }
    for (const claim of lies.withoutClaims ?? []) delete claims[claim]
    const id_token = signedJwt(lies.foreignKey ? { ...foreign, kid: key.kid } : key, claims, lies.unsigned ? 'none' : 'RS256')
    json(response, 200, { access_token: accessToken, token_type: 'Bearer', expires_in: tokenSeconds, id_token }, lies.tokenPaddingBytes)
  }

  /** RFC 6749, section 2.3.1: the parts of the header are form-encoded. */
  function isClient(request: IncomingMessage, form: URLSearchParams): boolean {
    const basic = /^Basic (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (basic === undefined) return form.get('client_id') === clientId && (form.get('client_secret') ?? undefined) === clientSecret
    const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString('utf8').split(':').map(decodeURIComponent)
    return id === clientId && secret === clientSecret
  }

  function userinfo(request: IncomingMessage, response: ServerResponse) {
    const accessToken = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const person = persons.get(accessTokens.get(accessToken) ?? '')
    if (person === undefined) return json(response, 401, { error: 'invalid_token' })
    json(response, 200, { ...person, ...(lies.userinfoSubject === undefined ? {} : { sub: lies.userinfoSubject }) })
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    issuer,
    clientId,
    clientSecret,
    persons,
    redirectUris,
    lies,
    requests,
    rotateKeys() {
      key = newProviderKey()
    },
    async signIn(authorizationUrl, sub) {
      const page = await (await fetch(authorizationUrl)).text()
      const transaction = /name="transaction" value="([^"]+)"/.exec(page)?.[1]
      if (transaction === undefined) throw new Error(`the provider showed no login page: ${page.slice(0, 200)}`)
      const answered = await fetch(`${issuer}/login`, {
        method: 'POST',
        redirect: 'manual',
        body: new URLSearchParams({ transaction, person: sub }),
      })
      const location = answered.headers.get('location')
      if (location === null) throw new Error(`the provider sent nobody back: ${answered.status}`)
      return location
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > bodyBytesMax) throw new Error('the body is too long')
  }
  return text
}

function json(response: ServerResponse, status: number, value: unknown, paddingBytes = 0): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${' '.repeat(paddingBytes)}${JSON.stringify(value)}`)
}

function redirect(response: ServerResponse, location: string, status = 302): void {
  response.writeHead(status, { location }).end()
}
