import { generateKeyPairSync } from 'node:crypto'
import type { Fake } from '@keyward/testkit/fake/server'
import { fakeMcpKey, startFakeMcp } from '@keyward/testkit/mcp/server'
import {
  Client,
  ClientCredentialsProvider,
  DpopSession,
  type OAuthClientProvider,
  PrivateKeyJwtProvider,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connecting, redirectUri, startConnecting } from '../support/connecting.ts'

/* The official MCP client, as it is published, from a 401 to a tool's answer: it finds the way in by itself. */

let at: Connecting
let upstream: Fake
let address: URL
let grant: string
beforeAll(async () => {
  ;[at, upstream] = await Promise.all([startConnecting({ https: true }), startFakeMcp()])
  const post = async (path: string, body: unknown) => (await at.keyward.api<{ id: string }>('POST', `/api/v1${path}`, body)).id
  const credential = await post('/credentials', {
    name: 'CRM tools',
    kind: 'api_key',
    provider: 'custom',
    purpose: 'data',
    authority: ['consume', 'modify'],
    environment: 'production',
    owner: at.estate.owner,
    allowed_origins: [upstream.origin],
    secret: fakeMcpKey,
  })
  const resource = await post('/resources', { name: 'tools', kind: 'http', upstream: upstream.origin, credential, allow_private: true })
  const scope = { methods: ['GET', 'POST', 'DELETE'], paths: ['/mcp'] }
  grant = await post('/grants', { workload: at.estate.workload, resource, scope })
  address = new URL(`${at.keyward.issuer}/g/tools/mcp`)
}, 60_000)
afterAll(async () => {
  await upstream?.stop()
  await at?.stop()
})

/** What an editor keeps of its logins. */
class Editor implements OAuthClientProvider {
  readonly clientMetadataUrl: string
  readonly redirectUrl = redirectUri
  readonly #dpop: DpopSession | undefined
  opened: URL | undefined
  saved: StoredOAuthTokens | undefined
  #verifier = ''

  constructor(clientMetadataUrl: string, dpop?: DpopSession) {
    this.clientMetadataUrl = clientMetadataUrl
    this.#dpop = dpop
  }

  get clientMetadata() {
    return { client_name: 'Editor', redirect_uris: [redirectUri] }
  }
  state() {
    return 'a-state-of-the-editor'
  }
  dpop() {
    return this.#dpop
  }
  information: { client_id: string } | undefined
  clientInformation() {
    return this.information
  }
  saveClientInformation(information: { client_id: string }) {
    this.information = information
  }
  tokens() {
    return this.saved
  }
  saveTokens(tokens: StoredOAuthTokens) {
    this.saved = tokens
  }
  redirectToAuthorization(url: URL) {
    this.opened = url
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier
  }
  codeVerifier() {
    return this.#verifier
  }
}

async function callTool(authProvider: OAuthClientProvider) {
  const client = new Client({ name: 'editor', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(address, { authProvider }))
  const { tools } = await client.listTools()
  const answer = await client.callTool({ name: 'find_account', arguments: { id: 'acme-1' } })
  await client.close()
  return { tools: tools.map((tool) => tool.name), answer }
}

/** 401, discovery, the browser, the person's yes, tokens. */
async function connectEditor(editor: Editor): Promise<void> {
  const transport = new StreamableHTTPClientTransport(address, { authProvider: editor })
  await expect(new Client({ name: 'editor', version: '1.0.0' }).connect(transport)).rejects.toBeInstanceOf(UnauthorizedError)
  const query = editor.opened?.searchParams ?? new URLSearchParams()
  expect(editor.opened?.origin).toBe(at.keyward.issuer)
  expect(query.get('client_id')).toBe(editor.clientMetadataUrl)
  expect(query.get('resource')).toContain(`${at.keyward.issuer}/g/tools`)
  await transport.finishAuth(await at.consent(at.admin, query, { grant }))
}

test('authorization code: it discovers the server from a 401, names itself by its document, and calls a tool with what the person allowed', async () => {
  const editor = new Editor(at.publish('mcp-editor'))
  await connectEditor(editor)
  expect(decodeJwt(editor.saved?.access_token ?? '')).toMatchObject({
    sub: at.admin.id,
    client_id: editor.clientMetadataUrl,
    aud: `${at.keyward.issuer}/g/tools`,
  })
  const { tools, answer } = await callTool(editor)
  expect(tools).toEqual(['find_account', 'add_note'])
  expect(JSON.stringify(answer)).toContain('Renewal in March')
  // What crossed: the server's own key, never the person's token.
  for (const request of upstream.log.entries) expect(request.headers.authorization).not.toContain(editor.saved?.access_token)
})

test('refresh: an access token that was refused is replaced by itself, and the new one is used', async () => {
  const editor = new Editor(at.publish('refreshing-editor'))
  await connectEditor(editor)
  const before = editor.saved
  editor.saved = { ...before, access_token: `${before?.access_token.slice(0, -4)}AAAA`, token_type: 'Bearer' }
  expect((await callTool(editor)).tools).toHaveLength(2)
  expect(editor.saved?.refresh_token).not.toBe(before?.refresh_token)
})

test('DPoP: its tokens are bound to its key', async () => {
  const editor = new Editor(at.publish('bound-editor'), await DpopSession.create())
  await connectEditor(editor)
  expect(decodeJwt(editor.saved?.access_token ?? '').cnf).toHaveProperty('jkt')
  expect((await callTool(editor)).tools).toHaveLength(2)
})

test('client credentials by a secret', async () => {
  const { workload } = at.estate
  const identity = await at.keyward.api<{ client_secret?: string; secret?: string }>('POST', `/api/v1/workloads/${workload}/identities`, {
    method: 'client_secret_basic',
  })
  const provider = new ClientCredentialsProvider({
    clientId: workload,
    clientSecret: identity.client_secret ?? identity.secret ?? '',
    expectedIssuer: at.keyward.issuer,
  })
  expect((await callTool(provider)).tools).toHaveLength(2)
})

test('client credentials by private_key_jwt', async () => {
  const { workload } = at.estate
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await at.keyward.api('POST', `/api/v1/workloads/${workload}/identities`, {
    method: 'private_key_jwt',
    jwk: publicKey.export({ format: 'jwk' }),
  })
  const provider = new PrivateKeyJwtProvider({
    clientId: workload,
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    algorithm: 'ES256',
    expectedIssuer: at.keyward.issuer,
  })
  expect((await callTool(provider)).tools).toHaveLength(2)
})
