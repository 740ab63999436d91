// The client that `conformance client --command` runs: the official MCP client with nothing but settings. What a person would do in a browser is
// done by following the redirect of the suite's own authorization server.
//   node tests/conformance/conformance-client.ts URL        (MCP_CONFORMANCE_SCENARIO, MCP_CONFORMANCE_CONTEXT)
import {
  Client,
  ClientCredentialsProvider,
  DpopSession,
  type OAuthClientProvider,
  PrivateKeyJwtProvider,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'

interface Context {
  readonly client_id?: string
  readonly client_secret?: string
  readonly private_key_pem?: string
  readonly signing_algorithm?: string
  readonly valid_jwt?: string
  readonly issuer?: string
}

const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? ''
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}') as Context
const address = new URL(process.argv.at(-1) ?? '')
/** The address by which the suite knows a client with a metadata document. */
const documentAddress = 'https://conformance-test.local/client-metadata.json'
const callback = 'http://localhost:4711/callback'

class Editor implements OAuthClientProvider {
  get redirectUrl(): string | undefined {
    return callback
  }
  readonly clientMetadataUrl = documentAddress
  readonly clientMetadata = {
    client_name: 'Keyward conformance client',
    redirect_uris: [callback],
    application_type: 'native' as const,
    grant_types: ['authorization_code', 'refresh_token'],
  }
  answer: URLSearchParams | undefined
  #state = ''
  #information: StoredOAuthClientInformation | undefined =
    context.client_id === undefined || scenario === 'auth/wif-jwt-bearer'
      ? undefined
      : { client_id: context.client_id, ...(context.client_secret === undefined ? {} : { client_secret: context.client_secret }) }
  #tokens: StoredOAuthTokens | undefined
  #verifier = ''
  readonly #dpop: DpopSession | undefined

  constructor(dpop: DpopSession | undefined) {
    this.#dpop = dpop
  }
  dpop() {
    return this.#dpop
  }
  state() {
    this.#state = crypto.randomUUID()
    return this.#state
  }
  clientInformation() {
    return this.#information
  }
  saveClientInformation(information: StoredOAuthClientInformation) {
    this.#information = information
  }
  tokens() {
    return this.#tokens
  }
  saveTokens(tokens: StoredOAuthTokens) {
    this.#tokens = tokens
  }
  async redirectToAuthorization(url: URL) {
    const response = await fetch(url, { redirect: 'manual' })
    const to = new URL(response.headers.get('location') ?? '', callback)
    if (to.searchParams.get('state') !== this.#state) throw new Error('the answer has another state')
    this.answer = to.searchParams
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier
  }
  codeVerifier() {
    return this.#verifier
  }
}

/** A workload that shows a token of its own issuer (RFC 7523 section 2.1). */
class Federated extends Editor {
  override get redirectUrl() {
    return undefined
  }
  override clientInformation() {
    return { client_id: context.client_id ?? '' }
  }
  prepareTokenRequest(scope?: string) {
    const form = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: context.valid_jwt ?? '' })
    if (scope !== undefined) form.set('scope', scope)
    return form
  }
}

async function provider(): Promise<OAuthClientProvider> {
  const { client_id: clientId = '', client_secret: clientSecret = '' } = context
  const { private_key_pem: privateKey = '', signing_algorithm: algorithm = 'ES256' } = context
  if (scenario === 'auth/client-credentials-jwt') return new PrivateKeyJwtProvider({ clientId, privateKey, algorithm })
  if (scenario === 'auth/client-credentials-basic') return new ClientCredentialsProvider({ clientId, clientSecret })
  if (scenario === 'auth/wif-jwt-bearer') return new Federated(undefined)
  return new Editor(scenario.startsWith('auth/dpop') ? await DpopSession.create() : undefined)
}

/** A call of the flow, with the person's way through the browser wherever the server asks for it. */
async function authorized<T>(who: OAuthClientProvider, transport: () => StreamableHTTPClientTransport, act: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || !(who instanceof Editor) || who.answer === undefined || attempt >= 3) throw error
      const { answer } = who
      who.answer = undefined
      await transport().finishAuth(answer)
    }
  }
}

const who = await provider()
let transport = new StreamableHTTPClientTransport(address, { authProvider: who })
// Servers of 2026-07-28 have no `initialize`: it finds out which it talks to.
const client = new Client({ name: 'keyward-conformance-client', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
const current = () => transport
await authorized(who, current, async () => {
  try {
    await client.connect(transport)
  } catch (error) {
    if (error instanceof UnauthorizedError && who instanceof Editor && who.answer !== undefined) {
      const { answer } = who
      who.answer = undefined
      await transport.finishAuth(answer)
      transport = new StreamableHTTPClientTransport(address, { authProvider: who })
      await client.connect(transport)
      return
    }
    throw error
  }
})
const { tools } = await authorized(who, current, () => client.listTools())
for (const { name } of tools) await authorized(who, current, () => client.callTool({ name, arguments: {} }))
await client.close()
