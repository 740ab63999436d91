import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fake } from '@keyward/testkit/fake/server'
import { fakeMcpKey, startFakeMcp } from '@keyward/testkit/mcp/server'
import {
  Client,
  type OAuthClientProvider,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connecting, redirectUri, startConnecting } from '../support/connecting.ts'
import { fencesOf, theFence } from './guides/fences.ts'
import { Commands, Shell } from './guides/shell.ts'

/* docs/guides/mcp-editor-client.md, followed as it is written: the official MCP client stands where the editor is, and a signed-in person says yes. */

let at: Connecting
let upstream: Fake
let shell: Shell
const folder = mkdtempSync(join(tmpdir(), 'keyward-guide-mcp-'))
const slow = { timeout: 120_000 }

beforeAll(async () => {
  ;[at, upstream] = await Promise.all([startConnecting({ https: true }), startFakeMcp()])
  shell = new Shell(folder, {
    ...at.keyward.env,
    PATH: new Commands(folder).path,
    HOME: folder,
    KEYWARD_SERVER: at.keyward.origin,
    KEYWARD_KEYRING: 'file',
  })
  await shell.run('keyward login --local')
  // What the guide says is needed before.
  const credential = await at.keyward.api<{ id: string }>('POST', '/api/v1/credentials', {
    ...{ name: 'Key of the MCP server', kind: 'api_key', provider: 'custom', purpose: 'data', authority: ['consume', 'modify'] },
    ...{ environment: 'production', owner: at.estate.owner, allowed_origins: [upstream.origin], secret: fakeMcpKey },
  })
  await shell.run(`OWNER=${at.estate.owner} WORKLOAD=${at.estate.workload} CREDENTIAL=${credential.id}`)
}, 90_000)
afterAll(async () => {
  await Promise.all([upstream?.stop(), at?.stop()])
  rmSync(folder, { recursive: true, force: true })
})

/** What an editor keeps of one MCP server. */
class Editor implements OAuthClientProvider {
  readonly clientMetadataUrl?: string
  readonly redirectUrl = redirectUri
  readonly clientMetadata = { client_name: 'My editor', redirect_uris: [redirectUri] }
  readonly #id: string | undefined
  opened: URL | undefined
  saved: StoredOAuthTokens | undefined
  #verifier = ''

  constructor(as: { readonly document: string } | { readonly id: string }) {
    if ('document' in as) this.clientMetadataUrl = as.document
    else this.#id = as.id
  }

  information: { client_id: string } | undefined
  clientInformation() {
    return this.#id === undefined ? this.information : { client_id: this.#id }
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

async function connect(editor: Editor, address: URL, grant: string): Promise<void> {
  const transport = new StreamableHTTPClientTransport(address, { authProvider: editor })
  await expect(new Client({ name: 'editor', version: '1.0.0' }).connect(transport)).rejects.toBeInstanceOf(UnauthorizedError)
  await transport.finishAuth(await at.consent(at.admin, editor.opened?.searchParams ?? new URLSearchParams(), { grant }))
}

async function tools(editor: Editor, address: URL): Promise<string[]> {
  const client = new Client({ name: 'editor', version: '1.0.0' })
  await client.connect(new StreamableHTTPClientTransport(address, { authProvider: editor }))
  const { tools: listed } = await client.listTools()
  await client.close()
  return listed.map((tool) => tool.name)
}

test(
  'followed as written, editors with and without a metadata document connect by a person’s yes, and ending the consent ends them',
  slow,
  async () => {
    const fences = fencesOf('mcp-editor-client.md', {
      'https://mcp.acme.example': `${upstream.origin} --allow-private`,
      'https://keyward.example.com': at.keyward.issuer,
    })
    const [behind, register, end] = fences.filter(({ info }) => info === 'sh').map(({ text }) => text)
    await shell.run(behind ?? '')
    const grant = await shell.variable('GRANT')
    const settings = JSON.parse(theFence(fences, 'json')) as { mcpServers: { tools: { url: string } } }
    const address = new URL(settings.mcpServers.tools.url)

    const byDocument = new Editor({ document: at.publish('guide-editor') })
    await connect(byDocument, address, grant)
    expect(await tools(byDocument, address)).toContain('find_account')
    expect(decodeJwt(byDocument.saved?.access_token ?? '')).toMatchObject({ sub: at.admin.id, workload: at.estate.workload, grant })

    await shell.run(register ?? '')
    const registered = new Editor({ id: await shell.variable('CLIENT_ID') })
    await connect(registered, address, grant)
    expect(await tools(registered, address)).toContain('find_account')
    for (const { headers } of upstream.log.entries) expect(JSON.stringify(headers)).not.toContain(byDocument.saved?.access_token)

    const { items } = await at.keyward.api<{ items: { id: string; client: string }[] }>('GET', '/api/v1/consents?state=active')
    const theirs = items.find(({ client }) => client === byDocument.clientMetadataUrl)
    expect(end).toContain('con_…')
    const told = await shell.run((end ?? '').replaceAll('con_…', theirs?.id ?? ''))
    expect(told).toMatch(/My editor/)
    expect(told).toMatch(/authorization_code/)
    await expect(tools(byDocument, address), 'neither its access token nor its refresh token counts any more').rejects.toThrow(
      'the refresh token has ended',
    )
    expect(await tools(registered, address), 'another consent is another').toContain('find_account')
  },
)
