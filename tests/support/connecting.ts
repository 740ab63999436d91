import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { Authority } from '../../packages/testkit/src/certificates.ts'
import { type Estate, makeEstate } from './estate.ts'
import { type KeywardProcess, signInLinkOf, startKeyward } from './keyward.ts'
import { type TestDatabase, testDatabase } from './postgres.ts'

/*
 * A person, a client and a Keyward: the real server as a process, an upstream that also publishes clients' documents, and people who are signed
 * in as browsers are, by a cookie.
 */

/** Somebody at a browser. */
export interface Person {
  readonly id: string
  readonly cookie: string
  /** One request of the console, as the console's own page sends it. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Asked>
}

export interface Asked {
  readonly status: number
  readonly headers: Headers
  // Tests compare what they expect with whatever came.
  // biome-ignore lint/suspicious/noExplicitAny: an answer's members are looked at one by one
  readonly body: any
}

export interface Connecting {
  readonly keyward: KeywardProcess
  readonly estate: Estate
  /** A grant of the estate's workload for the resource `crm`. */
  readonly grant: string
  readonly admin: Person
  readonly database: TestDatabase
  /** Where clients publish their documents: `${origin}/clients/NAME.json`. */
  readonly origin: string
  /** Publishes a document; members that are undefined are left out. @returns its address, which is the client_id */
  publish(
    name: string,
    members?: Record<string, unknown>,
    answer?: { status?: number; headers?: Record<string, string>; text?: string },
  ): string
  /** How often a path was asked for. */
  asked(path: string): number
  addPerson(name: string, roles: readonly unknown[], more?: Record<string, unknown>): Promise<Person>
  sql(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  /** The request that a client sends a browser with, and what only the client has. */
  request(client: string, more?: Record<string, string | undefined>): { readonly query: URLSearchParams; readonly verifier: string }
  authorize(query: URLSearchParams): Promise<Response>
  /** Carries a request from the authorization endpoint to the consent page. */
  carried(query: URLSearchParams): Promise<string>
  /** Lets a person say yes. @returns the answer that the client gets */
  consent(person: Person, query: URLSearchParams, choice?: Record<string, unknown>): Promise<URLSearchParams>
  token(form: Record<string, string | undefined>, headers?: Record<string, string>): Promise<Asked>
  /** The whole way. */
  connect(person: Person, client: string, more?: Record<string, string | undefined>): Promise<Tokens>
  /** Calls the resource with an access token. @returns the status */
  call(token: string): Promise<number>
  stop(): Promise<void>
}

export interface Tokens {
  readonly access: string
  readonly refresh: string
  readonly code: string
  readonly verifier: string
  readonly body: Record<string, unknown>
}

export const redirectUri = 'http://127.0.0.1:4711/callback'
export const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url')

/** @param options.https clients publish their documents over TLS, by an authority that the server is told to trust */
export async function startConnecting(options: { readonly https?: boolean } = {}): Promise<Connecting> {
  const database = await testDatabase()
  const documents = new Map<string, { status: number; headers: Record<string, string>; text: string }>()
  const counts = new Map<string, number>()
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '/'
    counts.set(path, (counts.get(path) ?? 0) + 1)
    const document = documents.get(path)
    response.writeHead(document?.status ?? 200, document?.headers ?? { 'content-type': 'application/json' })
    response.end(document?.text ?? '{"ok":true}')
  }
  const server = createServer(serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const folder = mkdtempSync(join(tmpdir(), 'keyward-connecting-'))
  const authority = new Authority()
  const secure = createSecureServer(authority.issue({ commonName: 'localhost', dnsNames: ['localhost'] }), serve)
  writeFileSync(join(folder, 'ca.pem'), authority.cert)
  if (options.https) await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve))
  const published = options.https ? `https://localhost:${(secure.address() as AddressInfo).port}` : origin
  const keyward = await startKeyward({ databaseUrl: database.url, env: { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') } })
  const client = new pg.Client(database.connection)
  await client.connect()
  const estate = await makeEstate(keyward, [
    { name: 'crm', kind: 'http', upstream: origin, secret: 'FAKE-EXAMPLE-crm-0123456789abcdef', authority: ['consume', 'modify'] },
  ])
  const grant = await estate.grant('crm', { scope: { methods: ['GET', 'POST'], paths: ['/**'] } })

  const personAt = async (link: string): Promise<Person> => {
    const token = new URLSearchParams(link.split('?')[1]).get('token')
    const response = await fetch(`${keyward.origin}/api/v1/sign-in/link`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: keyward.origin },
      body: JSON.stringify({ token }),
    })
    const me = (await response.json()) as { user: { id: string } }
    const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    return {
      id: me.user.id,
      cookie,
      ask: async (method, path, body, headers = {}) => {
        const answered = await fetch(keyward.origin + path, {
          method,
          redirect: 'manual',
          headers: {
            cookie,
            origin: keyward.origin,
            'sec-fetch-site': 'same-origin',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        return await asked(answered)
      },
    }
  }
  const self: Connecting = {
    keyward,
    estate,
    grant,
    database,
    origin,
    admin: await personAt(signInLinkOf(keyward)),
    publish(name, members = {}, answer = {}) {
      const address = `${published}/clients/${name}.json`
      const text = JSON.stringify({
        client_id: address,
        client_name: `Editor ${name}`,
        redirect_uris: ['http://127.0.0.1/callback'],
        ...members,
      })
      documents.set(`/clients/${name}.json`, { status: 200, headers: { 'content-type': 'application/json' }, text, ...answer })
      return address
    },
    asked: (path) => counts.get(path) ?? 0,
    async addPerson(name, roles, more = {}) {
      const { id } = await keyward.api<{ id: string }>('POST', '/api/v1/users', { name, email: `${name}@example.com`, roles, ...more })
      return await personAt((await keyward.api<{ url: string }>('POST', `/api/v1/users/${id}/sign-in-link`)).url)
    },
    sql: async (text, values) => (await client.query(text, values)).rows as Record<string, unknown>[],
    request(clientId, more = {}) {
      const verifier = randomBytes(32).toString('base64url')
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: redirectUri,
        code_challenge: sha256(verifier),
        code_challenge_method: 'S256',
        state: randomBytes(8).toString('hex'),
        resource: `${keyward.issuer}/g/crm`,
      })
      for (const [name, value] of Object.entries(more)) value === undefined ? query.delete(name) : query.set(name, value)
      return { query, verifier }
    },
    authorize: (query) => fetch(`${keyward.origin}/oauth2/authorize?${query}`, { redirect: 'manual' }),
    async carried(query) {
      const response = await self.authorize(query)
      const location = response.headers.get('location') ?? ''
      const request = response.status === 303 ? new URL(location).searchParams.get('request') : null
      if (request === null) throw new Error(`not sent to the consent page: ${response.status} ${location} ${await response.text()}`)
      return request
    },
    async consent(person, query, choice = {}) {
      const decision = { request: await self.carried(query), approve: true, grant, ...choice }
      const decided = await person.ask('POST', '/api/v1/authorization-requests/decide', decision)
      if (decided.status !== 200) throw new Error(`not decided: ${decided.status} ${JSON.stringify(decided.body)}`)
      return new URL(decided.body.redirect_to).searchParams
    },
    async token(form, headers = {}) {
      const body = new URLSearchParams(Object.entries(form).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
      return await asked(await fetch(`${keyward.origin}/oauth2/token`, { method: 'POST', headers, body }))
    },
    async connect(person, clientId, more = {}) {
      const { query, verifier } = self.request(clientId, more)
      const code = (await self.consent(person, query)).get('code') ?? ''
      const answered = await self.token({
        grant_type: 'authorization_code',
        client_id: clientId,
        code,
        redirect_uri: query.get('redirect_uri') ?? '',
        code_verifier: verifier,
      })
      if (answered.status !== 200) throw new Error(`no token: ${answered.status} ${JSON.stringify(answered.body)}`)
      return { access: answered.body.access_token, refresh: answered.body.refresh_token, code, verifier, body: answered.body }
    },
    async call(token) {
      const response = await fetch(`${keyward.origin}/g/crm/ping`, { headers: { authorization: `Bearer ${token}` } })
      await response.arrayBuffer()
      return response.status
    },
    async stop() {
      await client.end()
      await keyward.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      secure.closeAllConnections()
      if (options.https) await new Promise((resolve) => secure.close(resolve))
      rmSync(folder, { recursive: true, force: true })
      await database.drop()
    },
  }
  return self
}

async function asked(response: Response): Promise<Asked> {
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text,
  }
}
