import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { sql } from 'kysely'
import { testDatabase } from '../../../../tests/support/postgres.ts'
import { Audit } from '../../src/audit/audit.ts'
import { NoiseJournal } from '../../src/audit/noise.ts'
import { recordChange } from '../../src/changes/record.ts'
import { databaseOn } from '../../src/db/database.ts'
import { createPool } from '../../src/db/pool.ts'
import { Egress } from '../../src/egress/egress.ts'
import { Clients } from '../../src/oauth/clients/clients.ts'
import { oauthEndpoints } from '../../src/oauth/endpoints.ts'
import { TrustedIssuers } from '../../src/oauth/federation/trusted-issuers.ts'
import { Minter } from '../../src/oauth/mint.ts'
import { Revoked } from '../../src/oauth/revoked.ts'
import { SigningKeys } from '../../src/oauth/signing-keys.ts'
import { TokenVerifier } from '../../src/oauth/verify.ts'
import { newId } from '../../src/observe/ids.ts'
import { createLog } from '../../src/observe/log.ts'
import { createMetrics } from '../../src/observe/metrics.ts'
import { createLoginToken } from '../../src/people/login-token.ts'
import { mayUseGrant } from '../../src/people/usable-grants.ts'
import { openVault } from '../../src/vault/vault.ts'
import { ClientCertificates } from '../../src/web/client-certificate.ts'

/** The token service over real HTTP on a database of its own, with everything behind it real. Revocation is the row and the set, as the feed brings it. */
export async function startTokenService() {
  const database = await testDatabase()
  const log = createLog({ level: 'silent' })
  const pool = createPool(database.connection, { name: 'oauth test', connectionsMax: 6, log })
  const db = databaseOn(pool)
  const folder = mkdtempSync(join(tmpdir(), 'keyward-oauth-'))
  const vault = await openVault({
    db,
    kekUri: 'env:TEST_KEK',
    dataFolder: folder,
    configurationFolder: folder,
    organisation: 'Test',
    log,
    env: { TEST_KEK: randomBytes(32).toString('base64') },
  })
  await sql`select ensure_partitions(2)`.execute(db)
  const audit = new Audit({ pool, node: 'node_test' })
  const keys = new SigningKeys({ db, vault, recordChange })
  await keys.start()

  let skewMs = 0
  let deaf = false
  const nowMs = () => Date.now() + skewMs
  const revoked = new Revoked({
    db,
    nowMs,
    onError: (error) => {
      throw error
    },
  })
  await revoked.load()

  let handle: ReturnType<typeof getRequestListener> | undefined
  const server: Server = createServer((request, response) => void handle?.(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const verifier = new TokenVerifier({ keys, revoked, issuer, origins: [issuer], nowMs, monotonicMs: () => performance.now() + skewMs })
  const minter = new Minter({ pool, keys, audit, node: 'node_test', issuer, nowMs })
  const egress = new Egress()
  const federation = new TrustedIssuers({
    db,
    egress,
    issuer,
    refusals: new NoiseJournal({ action: 'token.mint', journal: audit, log }),
    log,
    isDeaf: () => deaf,
    nowMs,
    monotonicMs: () => performance.now() + skewMs,
  })
  const rs256Minter = new Minter({ pool, keys, audit, node: 'node_test', issuer, algorithm: 'RS256', nowMs })
  const personTokens = new Set<string>()
  // Whoever calls is a proxy that is believed, until a test says otherwise.
  const proxy = { trusted: true }
  const certificates = new ClientCertificates({ source: 'proxy', isTrustedProxy: () => proxy.trusted })
  const app = oauthEndpoints({
    db,
    keys,
    minter,
    verifier,
    federation,
    fetchBundle: (id) => federation.bundleOf(id),
    connect: {
      clients: new Clients({ db, egress, loopback: true, monotonicMs: () => performance.now() }),
      audit,
      keyedDigest: (sha256) => vault.fingerprintOfDigest(sha256),
      mayUseGrant: (user, grant) => mayUseGrant(db, user, grant),
      createLogin: createLoginToken,
      endFamily: async () => undefined,
    },
    issuer,
    origins: [issuer],
    log,
    metrics: createMetrics(),
    nowMs,
    monotonicMs: () => performance.now(),
    peer: () => ({ ip: '127.0.0.1', userAgent: 'test', correlationId: newId('request') }),
    certificates: { possible: true, of: (context) => certificates.of((context.env as { incoming: IncomingMessage }).incoming) },
    mayReadTokens: async (authorization) => (personTokens.has(authorization) ? 'usr_reader' : undefined),
    revokeToken: async ({ token }) => {
      await db.updateTable('tokens').set({ revoked_at: new Date() }).where('id', '=', token).execute()
      revoked.apply({ op: 'revoked', kind: 'token', subject: token, seq: 1n, reason: null, node: null })
    },
  })
  handle = getRequestListener(app.fetch, { overrideGlobalObjects: false })

  const owner = newId('owner')
  await db.insertInto('owners').values({ id: owner, kind: 'team', name: 'Platform', contact: '#platform' }).execute()

  return {
    issuer,
    db,
    keys,
    minter,
    verifier,
    revoked,
    federation,
    personTokens,
    proxy,
    /** Signs with the other algorithm (KEYWARD_TOKEN_ALGORITHM). */
    rs256Minter,
    /** What the change feed would say of this node. */
    setDeaf: (value: boolean) => {
      deaf = value
    },
    /** Moves the service's idea of now. */
    skew: (ms: number) => {
      skewMs = ms
    },
    async addWorkload(name: string): Promise<string> {
      const id = newId('workload')
      await db.insertInto('workloads').values({ id, name, type: 'agent', owner, environment: 'production' }).execute()
      return id
    },
    async addIdentity(
      workload: string,
      values: { method: string; public_jwk?: string; thumbprint?: string; secret_hash?: Buffer; expires_at?: Date },
    ): Promise<string> {
      const id = newId('identity')
      await db
        .insertInto('workload_identities')
        .values({ id, workload_id: workload, ...values })
        .execute()
      return id
    },
    async addGrant(
      workload: string,
      options: { resource?: string; ttlSeconds?: number; requireDpop?: boolean; expiresAt?: Date } = {},
    ): Promise<string> {
      const name = options.resource ?? 'openai'
      const existing = await db.selectFrom('resources').select('id').where('name', '=', name).executeTakeFirst()
      const resource = existing?.id ?? newId('resource')
      if (!existing)
        await db
          .insertInto('resources')
          .values({
            id: resource,
            name,
            kind: 'llm',
            provider: 'openai',
            upstream: 'https://api.openai.com',
            injection: JSON.stringify({ style: 'bearer' }),
          })
          .execute()
      const id = newId('grant')
      await db
        .insertInto('grants')
        .values({
          id,
          workload_id: workload,
          resource_id: resource,
          scope: JSON.stringify({ models: ['*'] }),
          ttl_seconds: options.ttlSeconds ?? 600,
          require_dpop: options.requireDpop ?? false,
          expires_at: options.expiresAt ?? null,
        })
        .execute()
      return id
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await egress.close()
      await pool.end()
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type TokenService = Awaited<ReturnType<typeof startTokenService>>
