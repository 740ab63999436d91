import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Role } from '@keyward/contract/words'
import { sql } from 'kysely'
import type pg from 'pg'
import { testDatabase } from '../../../../tests/support/postgres.ts'
import { Audit } from '../../src/audit/audit.ts'
import { type Database, databaseOn } from '../../src/db/database.ts'
import { silentLog } from '../../src/db/log.ts'
import { createPool } from '../../src/db/pool.ts'
import { Egress } from '../../src/egress/egress.ts'
import { createPartialApi } from '../../src/http/api.ts'
import { meHandlers } from '../../src/http/people/me.ts'
import { providerHandlers } from '../../src/http/people/providers.ts'
import { secondOpinionHandlers } from '../../src/http/people/second-opinions.ts'
import { signInHandlers } from '../../src/http/people/sign-in.ts'
import { userHandlers } from '../../src/http/people/users.ts'
import { systemClock } from '../../src/observe/clock.ts'
import { newId } from '../../src/observe/ids.ts'
import { createLog } from '../../src/observe/log.ts'
import { authenticate } from '../../src/people/authenticate.ts'
import { ensureBuiltInAdmin } from '../../src/people/built-in-admin.ts'
import { newLocalLoginKey } from '../../src/people/local-login-key.ts'
import { PasswordHasher } from '../../src/people/password-hash.ts'
import type { People } from '../../src/people/people.ts'
import { issueSignInLink } from '../../src/people/sign-in-links.ts'
import { openVault } from '../../src/vault/vault.ts'

export interface TestConsole {
  readonly people: People
  readonly db: Database
  readonly pool: pg.Pool
  /** `http://localhost:PORT` */
  readonly origin: string
  readonly folder: string
  readonly adminId: string
  browser(): Browser
  /** A browser in which somebody with these roles has signed in by a link. */
  signedIn(...roles: Role[]): Promise<Browser & { userId: string }>
  /** As the built-in administrator. */
  signedInAsAdmin(): Promise<Browser>
  end(): Promise<void>
}

export interface ConsoleOptions {
  readonly kek?: 'env'
  /** The public origin, where it is not the test server's own. */
  readonly origin?: string
  /** What the server takes for the caller's address. */
  readonly ip?: string
}

/** The people's part of the control API, on a port of its own, with a real database, vault and audit log. */
export async function testConsole(options: ConsoleOptions = {}): Promise<TestConsole> {
  const database = await testDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'keyward-people-'))
  const pool = createPool(database.connection, { name: 'keyward test', connectionsMax: 12, log: silentLog })
  const auditPool = createPool(database.connection, { name: 'keyward test', connectionsMax: 2, log: silentLog })
  const db = databaseOn(pool)
  await sql`select ensure_partitions(2)`.execute(db)
  const log = createLog({ level: process.env.KEYWARD_TEST_LOG ?? 'silent' })
  const kek = options.kek === 'env' ? { kekUri: 'env:KEY', env: { KEY: '11'.repeat(32) } } : { kekUri: undefined, env: {} }
  const vault = await openVault({
    db,
    dataFolder: folder,
    configurationFolder: join(folder, 'configuration'),
    organisation: 'Example',
    log,
    ...kek,
  })
  const audit = new Audit({ pool: auditPool, node: newId('node') })
  const server = serve({ fetch: (request: Request, env: unknown) => app.fetch(request, env as object), port: 0, hostname: '127.0.0.1' })
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const origin = `http://localhost:${port}`
  const egress = new Egress()
  const people: People = {
    db,
    audit,
    vault,
    egress,
    log,
    origin: options.origin ?? origin,
    organisation: 'Example',
    dataFolder: folder,
    passwords: new PasswordHasher({ cost: { logN: 11, r: 8, p: 1 } }),
    localLogin: newLocalLoginKey(await vault.currentKey()),
  }
  const handlers = [
    ...signInHandlers(people),
    ...meHandlers(people),
    ...userHandlers(people),
    ...providerHandlers(people),
    ...secondOpinionHandlers(people),
  ]
  const app = createPartialApi(handlers, {
    db,
    log,
    clock: systemClock,
    gate: { authenticate: (request) => authenticate(people, request) },
    audit,
    keyedDigest: (digest) => vault.fingerprintOfDigest(digest),
    isOwnHost: (host) => host === `localhost:${port}` || host === `127.0.0.1:${port}`,
    caughtUp: async () => {},
    clientAddress: (context) => options.ip ?? getConnInfo(context).remote.address,
  })
  const adminId = await ensureBuiltInAdmin(people)
  const signIn = async (userId: string) => {
    const browser = new Browser(origin)
    const { url } = await issueSignInLink(people, db, userId, 'invite')
    const answer = await browser.post('/api/v1/sign-in/link', { token: url.split('token=')[1] })
    if (answer.status !== 200) throw new Error(`could not sign in: ${answer.status}`)
    return Object.assign(browser, { userId })
  }
  return {
    people,
    db,
    pool,
    origin,
    folder,
    adminId,
    browser: () => new Browser(origin),
    signedInAsAdmin: () => signIn(adminId),
    async signedIn(...roles) {
      const id = newId('user')
      await db
        .insertInto('users')
        .values({ id, name: 'Somebody', email: `${randomUUID()}@example.com` })
        .execute()
      for (const role of roles)
        await db
          .insertInto('role_bindings')
          .values({ id: newId('roleBinding'), user_id: id, role })
          .execute()
      return signIn(id)
    },
    async end() {
      server.close()
      if ('closeAllConnections' in server) server.closeAllConnections()
      await egress.close()
      await audit.drained()
      await Promise.all([pool.end(), auditPool.end()])
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: what tests look into is any JSON
  readonly body: any
  readonly text: string
}

/** Sends what a browser sends from a page of the console: same origin, and the cookies that it was given. */
export class Browser {
  readonly origin: string
  readonly cookies = new Map<string, string>()
  /** The `Set-Cookie` of the last answer. */
  lastSetCookie: string | null = null

  constructor(origin: string) {
    this.origin = origin
  }

  get = (path: string, headers: Record<string, string> = {}) => this.send('GET', path, undefined, headers)
  post = (path: string, body?: unknown, headers: Record<string, string> = {}) => this.send('POST', path, body, headers)
  put = (path: string, body?: unknown) => this.send('PUT', path, body)
  patch = (path: string, body?: unknown, headers: Record<string, string> = {}) => this.send('PATCH', path, body, headers)
  delete = (path: string, headers: Record<string, string> = {}) => this.send('DELETE', path, undefined, headers)

  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const own = { 'sec-fetch-site': 'same-origin', ...(method === 'GET' ? {} : { origin: this.origin }) }
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await request(this.origin, method, path, body, { ...own, ...(cookie === '' ? {} : { cookie }), ...headers })
    this.lastSetCookie = answer.headers.get('set-cookie')
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (name === undefined || value === undefined) continue
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return answer
  }
}

/** Sends exactly these headers, as a program would. A header with the value `-` is left out. */
export async function request(
  origin: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const sent = Object.entries({ ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }).filter(
    ([, value]) => value !== '-',
  )
  const answer = await fetch(`${origin}${path}`, { method, headers: sent, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  const text = await answer.text()
  return { status: answer.status, headers: answer.headers, text, body: text === '' ? undefined : JSON.parse(text) }
}

/** The same without what differs between any two problems. */
export function problem(answer: Answer): unknown {
  const { correlation_id, ...rest } = answer.body
  return { status: answer.status, ...rest }
}
