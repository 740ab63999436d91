import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import type { RoleBinding } from '@keyward/contract/people'
import { formatSecret } from '@keyward/contract/secret-format'
import type { Role } from '@keyward/contract/words'
import { type PeopleProvider, startPeopleProvider } from '@keyward/testkit/people-provider/server'
import { sql } from 'kysely'
import { testDatabase } from '../../../../tests/support/postgres.ts'
import { Audit } from '../../src/audit/audit.ts'
import { NoiseJournal } from '../../src/audit/noise.ts'
import { ensurePartitions } from '../../src/audit/partitions.ts'
import { ChangeFeed } from '../../src/changes/feed.ts'
import { recordChange } from '../../src/changes/record.ts'
import { databaseOn } from '../../src/db/database.ts'
import { createPool } from '../../src/db/pool.ts'
import { Egress } from '../../src/egress/egress.ts'
import { createApi } from '../../src/http/api.ts'
import { apiHandlers } from '../../src/http/handlers.ts'
import type { Services } from '../../src/http/services.ts'
import { Clients } from '../../src/oauth/clients/clients.ts'
import { TrustedIssuers } from '../../src/oauth/federation/trusted-issuers.ts'
import { Minter } from '../../src/oauth/mint.ts'
import { SigningKeys } from '../../src/oauth/signing-keys.ts'
import { systemClock } from '../../src/observe/clock.ts'
import { newId } from '../../src/observe/ids.ts'
import { createLog } from '../../src/observe/log.ts'
import { authenticate } from '../../src/people/authenticate.ts'
import { PasswordHasher } from '../../src/people/password-hash.ts'
import type { People } from '../../src/people/people.ts'
import { openVault } from '../../src/vault/vault.ts'

/** One request, and what came back. `body` is parsed where it is JSON. */
export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // Tests compare what they expect with whatever came.
  readonly body: Record<string, unknown> & { readonly items: Record<string, unknown>[] }
}

export interface Asked {
  readonly token?: string | undefined
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

export type ApiServer = Awaited<ReturnType<typeof startApi>>

/** The whole control API over real HTTP, on a database of its own, with the vault, the feed, the audit log and people behind it. */
export async function startApi(options: { openStreams?: Services['openStreams'] } = {}) {
  const database = await testDatabase()
  const lines: string[] = []
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  const log = createLog({ level: 'warn', sink })
  const pool = createPool(database.connection, { name: 'api test', connectionsMax: 8, log })
  const db = databaseOn(pool)
  await ensurePartitions(db)
  const folder = mkdtempSync(join(tmpdir(), 'keyward-api-'))
  const vault = await openVault({
    db,
    kekUri: 'env:TEST_KEK',
    dataFolder: folder,
    configurationFolder: folder,
    organisation: 'Example',
    log,
    env: { TEST_KEK: randomBytes(32).toString('base64') },
  })
  const node = newId('node')
  const audit = new Audit({ pool, node })
  const feed = new ChangeFeed({ address: database.connection, node: { id: node, host: 'test', roles: ['control'], version: '0' }, log })
  await feed.start()
  const keys = new SigningKeys({ db, vault, recordChange })
  await keys.start()

  let handle: ReturnType<typeof getRequestListener> | undefined
  const server = createServer((request, response) => void handle?.(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const egress = new Egress()
  const people: People = {
    db,
    audit,
    vault,
    egress,
    log,
    origin,
    organisation: 'Example',
    dataFolder: folder,
    passwords: new PasswordHasher(),
    localLogin: undefined,
  }
  const federation = new TrustedIssuers({
    db,
    egress,
    issuer: origin,
    refusals: new NoiseJournal({ action: 'token.mint', journal: audit, log }),
    log,
    isDeaf: () => feed.deaf,
    nowMs: () => feed.nowMs(),
    monotonicMs: systemClock.monotonicMs,
  })
  feed.on((change) => federation.onChange(change))
  const services: Services = {
    db,
    vault,
    audit,
    clients: new Clients({ db, egress, loopback: true, monotonicMs: () => performance.now() }),
    minter: new Minter({ pool, keys, audit, node: 'node_test', issuer: origin, nowMs: () => feed.nowMs() }),
    trust: federation,
    feed,
    node,
    clock: systemClock,
    address: { origin, isOwnOrigin: (one) => one === origin },
    openStreams: options.openStreams ?? (() => 0),
  }
  const app = createApi(apiHandlers(services, people), {
    db,
    log,
    clock: systemClock,
    gate: { authenticate: (request) => authenticate(people, request) },
    audit,
    caughtUp: (seq) => feed.catchUp(seq),
    keyedDigest: (sha256) => vault.fingerprintOfDigest(sha256),
    isOwnHost: (host) => `http://${host}` === origin,
    clientAddress: () => '127.0.0.1',
  })
  handle = getRequestListener(app.fetch, { overrideGlobalObjects: false })

  async function ask(method: string, path: string, asked: Asked = {}): Promise<Answered> {
    const body = asked.body === undefined ? undefined : typeof asked.body === 'string' ? asked.body : JSON.stringify(asked.body)
    const response = await fetch(`${origin}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(asked.token === undefined ? {} : { authorization: `Bearer ${asked.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...asked.headers,
      },
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    const isJson = text !== '' && /json/.test(response.headers.get('content-type') ?? '')
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} }
  }

  /** A person with these roles, and an API token of theirs. `local` tokens count as freshly authenticated. */
  async function addUser(roles: readonly RoleBinding[], kind: 'personal' | 'local' = 'local'): Promise<{ id: string; token: string }> {
    const id = newId('user')
    await db
      .insertInto('users')
      .values({ id, name: `User ${id.slice(-4)}`, email: `${id}@example.com` })
      .execute()
    for (const { role, team, environment } of roles) {
      await db
        .insertInto('role_bindings')
        .values({ id: newId('roleBinding'), user_id: id, role, team: team ?? null, environment: environment ?? null })
        .execute()
    }
    return { id, token: await addToken(id, kind) }
  }

  async function addToken(user: string, kind: 'personal' | 'local'): Promise<string> {
    const token = formatSecret('apiToken', randomBytes(32))
    await db
      .insertInto('api_tokens')
      .values({
        id: newId('apiToken'),
        token_hash: createHash('sha256').update(token).digest(),
        user_id: user,
        kind,
        name: 'test',
        hint: 'kwu_••••',
        expires_at: sql<Date>`now() + interval '1 hour'`,
      })
      .execute()
    return token
  }

  const tokenOf = async (role: Role) => (await addUser([{ role }])).token

  let provider: Promise<PeopleProvider> | undefined
  /** The issuer of an identity provider for people, started when it is first asked for. */
  const peopleProvider = async () => {
    provider ??= startPeopleProvider()
    return (await provider).issuer
  }

  return {
    origin,
    db,
    database,
    vault,
    audit,
    feed,
    node,
    services,
    /** What the server logged at `warn` and above. */
    logged: lines,
    ask,
    addUser,
    addToken,
    tokenOf,
    peopleProvider,
    async stop() {
      await (await provider)?.stop()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await egress.close()
      await feed.stop()
      await audit.drained()
      await pool.end()
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
