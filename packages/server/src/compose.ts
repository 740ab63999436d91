import { mkdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isLoopbackHost } from '@keyward/contract/redirect-uri'
import type { Context } from 'hono'
import { Hono } from 'hono'
import type pg from 'pg'
import { Audit } from './audit/audit.ts'
import { Disk } from './audit/disk.ts'
import { NoiseJournal } from './audit/noise.ts'
import { Upkeep } from './audit/upkeep.ts'
import { ChangeFeed } from './changes/feed.ts'
import { recordChange } from './changes/record.ts'
import { Repeat } from './changes/repeat.ts'
import { type Config, configurationFolder } from './config.ts'
import { databaseOn } from './db/database.ts'
import { type EmbeddedPostgres, startEmbedded } from './db/embedded.ts'
import { migrate } from './db/migrate.ts'
import { createPool, type DatabaseAddress } from './db/pool.ts'
import { Egress } from './egress/egress.ts'
import { grantsOf } from './gateway/grants-of.ts'
import { createGateway } from './gateway/listener.ts'
import { loadPlan } from './gateway/plan-load.ts'
import { createApi } from './http/api.ts'
import { clientAddress } from './http/client-address.ts'
import { apiHandlers } from './http/handlers.ts'
import { forgetOldKeys } from './http/idempotency.ts'
import { endFamily } from './lifecycle/end-family.ts'
import { revokeOwnToken } from './lifecycle/revoke-own-token.ts'
import { authorizationEndpoint } from './oauth/authorize/endpoint.ts'
import { Clients } from './oauth/clients/clients.ts'
import { oauthEndpoints } from './oauth/endpoints.ts'
import { TrustedIssuers } from './oauth/federation/trusted-issuers.ts'
import { Minter } from './oauth/mint.ts'
import { Revoked } from './oauth/revoked.ts'
import { SigningKeys } from './oauth/signing-keys.ts'
import { TokenVerifier } from './oauth/verify.ts'
import { systemClock } from './observe/clock.ts'
import { newId } from './observe/ids.ts'
import type { Log } from './observe/log.ts'
import { createMetrics } from './observe/metrics.ts'
import { authenticate } from './people/authenticate.ts'
import { publishLocalLogin } from './people/local-login.ts'
import { newLocalLoginKey } from './people/local-login-key.ts'
import { createLoginToken } from './people/login-token.ts'
import { PasswordHasher } from './people/password-hash.ts'
import type { People } from './people/people.ts'
import { authorise } from './people/permit.ts'
import { firstSignInLink } from './people/sign-in-links.ts'
import { sweepPeople } from './people/sweep.ts'
import { mayUseGrant } from './people/usable-grants.ts'
import { Admission } from './policy/admission.ts'
import { BudgetView } from './policy/budget-view.ts'
import { Prices } from './policy/prices.ts'
import { Settlement } from './policy/settlement.ts'
import { Sweeper } from './policy/sweeper.ts'
import { openVault } from './vault/vault.ts'
import { ClientCertificates } from './web/client-certificate.ts'
import { consoleFiles } from './web/console-files.ts'
import { errorPages } from './web/error-pages.ts'
import { health } from './web/health.ts'
import { bind } from './web/listener.ts'
import { OwnAddress } from './web/own-address.ts'

/** A running Keyward. */
export interface Keyward {
  readonly origin: string
  readonly port: number
  readonly dataFolder: string
  /** For people: `built in` or the host of DATABASE_URL. */
  readonly database: string
  /** Once, at a start without any way to sign in. */
  readonly signInLink: string | undefined
  readonly readyMs: number
  readonly node: string
  /** Lets running calls end for at most `graceMs`, settles, then stops everything. */
  stop(graceMs: number): Promise<void>
}

/** Together well below the 60 connections of the built-in server; the change feed has one of its own. */
const connections = { control: 12, journal: 7, gateway: 6 }
/** Calls that one node runs at once: each holds two sockets. */
const inFlightMax = 20_000
const tidyMs = 600_000
/** For `/readyz`: a load balancer asks every few seconds and waits about one. */
const databaseAnswerMsMax = 1_000
/** A stop waits this long for a database that is away; what has not settled by then is settled by the next start's sweep. */
const settleMsMax = 5_000
const version = readVersion()

/** Wires everything together and starts it. What fails half-way is undone in reverse. */
export async function compose(config: Config, log: Log): Promise<Keyward> {
  const startedMs = systemClock.monotonicMs()
  const undo: (() => unknown)[] = []
  try {
    return await start(config, log, startedMs, undo)
  } catch (error) {
    for (const step of undo.reverse())
      await Promise.resolve(step()).catch((cause: unknown) => log.warn({ err: cause }, 'undoing a failed start failed'))
    throw error
  }
}

async function start(config: Config, log: Log, startedMs: number, undo: (() => unknown)[]): Promise<Keyward> {
  mkdirSync(config.dataFolder, { recursive: true, mode: 0o700 })
  const binding = await bind(config)
  undo.push(() => binding.close())
  const issuer = config.issuer ?? `${config.tls ? 'https' : 'http'}://localhost:${binding.port}`
  const address = new OwnAddress({
    issuer,
    listeningPort: binding.port,
    host: config.host,
    tls: config.tls !== undefined,
    trustedProxies: config.trustedProxies,
  })

  const certificates = new ClientCertificates({ source: config.clientCertificates, isTrustedProxy: (one) => address.isTrustedProxy(one) })

  let embedded: EmbeddedPostgres | undefined
  let where: DatabaseAddress
  if (config.databaseUrl === undefined) {
    embedded = await startEmbedded({
      dataFolder: config.dataFolder,
      log,
      ...(config.postgresAccount === undefined ? {} : { account: config.postgresAccount }),
    })
    where = embedded.connection
    undo.push(() => embedded?.stop())
  } else where = { connectionString: config.databaseUrl }
  await migrate(where, log)

  const pool = (name: keyof typeof connections): pg.Pool => {
    const made = createPool(where, { name: `keyward ${name}`, connectionsMax: connections[name], log })
    undo.push(() => made.end())
    return made
  }
  const [control, journal, hot] = [pool('control'), pool('journal'), pool('gateway')]
  const db = databaseOn(control)
  const node = newId('node')
  const metrics = createMetrics()

  const vault = await openVault({
    db,
    kekUri: config.kek,
    dataFolder: config.dataFolder,
    configurationFolder: configurationFolder(process.env),
    organisation: config.organisation,
    log,
  })
  const disk = new Disk(embedded ? config.dataFolder : undefined, log)
  const upkeep = new Upkeep({ db, disk, log })
  await upkeep.start()
  undo.push(() => upkeep.stop())
  const audit = new Audit({ pool: journal, node })

  const home = embedded ? config.dataFolder : undefined
  const feed = new ChangeFeed({
    address: where,
    node: { id: node, home, host: hostname(), roles: ['control', 'gateway', 'worker'], version },
    log,
  })
  await feed.start()
  undo.push(() => feed.stop())
  feed.onDeaf((deaf) => metrics.deaf.set(deaf ? 1 : 0))
  feed.onEffect((effectMs) => metrics.effectSeconds.observe(effectMs / 1000))
  const nowMs = () => feed.nowMs()
  feed.on((change) => {
    if (change.op === 'reset') vault.forgetAll()
    else if (change.kind === 'credential' || change.kind === 'identity_provider') vault.forget(change.subject)
  })

  // Token service.
  const keys = new SigningKeys({ db, vault, recordChange })
  await keys.start()
  const revoked = new Revoked({ db, nowMs, onError: (error) => log.warn({ err: error }, 'what was revoked could not be read') })
  feed.on((change) => revoked.apply(change))
  await revoked.load()
  const { monotonicMs } = systemClock
  const verifier = new TokenVerifier({ keys, revoked, issuer, origins: address.origins(), nowMs, monotonicMs })
  feed.on((change) => {
    if (change.op !== 'reset' && change.kind !== 'signing_key') return
    keys.reload().then(
      () => verifier.forgetAll(),
      (error: unknown) => log.warn({ err: error }, 'signing keys could not be read'),
    )
  })
  const minter = new Minter({ pool: journal, keys, audit, node, issuer, algorithm: config.tokenAlgorithm, nowMs })

  // Policy.
  const prices = new Prices(db)
  feed.on(prices.onChange)
  const budgets = new BudgetView(db, log)
  feed.on(budgets.onChange)
  await budgets.load()
  const settlement = new Settlement({ pool: journal, node, log })
  const admission = new Admission({
    pool: journal,
    node,
    log,
    mayWrite: (effect) => (effect === 'consume' ? disk.mayRecord : disk.mayWrite),
    onUnknown: (calls) => void settlement.abandon(calls),
  })
  const sweeper = new Sweeper({ db, node, home, log })
  sweeper.start()
  undo.push(() => sweeper.stop())

  // The gateway.
  const egress = new Egress({ ownPorts: () => [binding.port] })
  undo.push(() => egress.close())
  const gateway = createGateway(
    {
      verifier,
      feed,
      vault,
      admission,
      budgets,
      settlement,
      prices,
      certificateOf: (request) => certificates.of(request)?.thumbprint,
      journal: { record: async (record) => (disk.mayRecord ? await audit.record(record) : undefined) },
      egress,
      loadPlan: (grant) => loadPlan(hot, grant),
      grantsOf: (workload, resource) => grantsOf(hot, workload, resource),
      newCallId: () => newId('call'),
      log,
      metrics: {
        refused: (code) => metrics.refusals.inc({ code }),
        ended: (kind, outcome, overheadMs) => {
          metrics.calls.inc({ resource_kind: kind, outcome })
          if (overheadMs !== undefined) metrics.overheadSeconds.observe(overheadMs / 1000)
        },
      },
    },
    {
      issuer,
      scheme: address.scheme,
      hosts: () => address.hosts(),
      origins: new Set(),
      viaName: vault.installation.id,
      inFlightMax,
    },
  )

  // People and the control API.
  const localLogin = newLocalLoginKey(await vault.currentKey())
  const people: People = {
    db,
    audit,
    vault,
    egress,
    log,
    origin: issuer,
    organisation: vault.installation.organisation,
    dataFolder: config.dataFolder,
    passwords: new PasswordHasher(),
    localLogin,
  }
  const callerAddress = (context: Context) =>
    clientAddress(socketAddress(context), context.req.header('x-forwarded-for') ?? null, (one) => address.isTrustedProxy(one))
  const peer = (context: Context) => ({
    ip: callerAddress(context),
    userAgent: context.req.header('user-agent')?.slice(0, 400),
    correlationId: newId('request'),
  })
  const refusals = new NoiseJournal({
    action: 'token.mint',
    journal: { record: async (record) => (disk.mayRecord ? await audit.record(record) : undefined) },
    log,
  })
  const federation = new TrustedIssuers({ db, egress, issuer, refusals, log, isDeaf: () => feed.deaf, nowMs, monotonicMs })
  feed.on((change) => federation.onChange(change))
  // A server for development alone: clients may be on this machine, too.
  const developing = issuer.startsWith('http:') && isLoopbackHost(new URL(issuer).hostname)
  const clients = new Clients({ db, egress, loopback: developing, monotonicMs })
  const services = {
    db,
    clients,
    vault,
    audit,
    minter,
    trust: federation,
    feed,
    node,
    clock: systemClock,
    address,
    openStreams: (_kind: string, id: string) => gateway.concerned(id),
  }
  const api = createApi(apiHandlers(services, people), {
    db,
    log,
    clock: systemClock,
    gate: { authenticate: (request) => authenticate(people, request) },
    audit,
    caughtUp: (seq) => feed.catchUp(seq),
    keyedDigest: (sha256) => vault.fingerprintOfDigest(sha256),
    isOwnHost: (host) => address.isOwnHost(host),
    clientAddress: callerAddress,
  })
  const oauth = oauthEndpoints({
    db,
    keys,
    minter,
    verifier,
    federation,
    fetchBundle: (id) => federation.bundleOf(id),
    connect: {
      clients,
      audit,
      keyedDigest: (sha256) => vault.fingerprintOfDigest(sha256),
      mayUseGrant: (user, grant) => mayUseGrant(db, user, grant),
      createLogin: createLoginToken,
      endFamily: (family) => endFamily(services, family),
    },
    issuer,
    origins: address.origins(),
    log,
    metrics,
    nowMs,
    monotonicMs,
    peer,
    certificates: {
      possible: config.clientCertificates === 'proxy' || (config.clientCertificates === 'tls' && config.tls !== undefined),
      of: (context) => {
        const request = incoming(context)
        return request && certificates.of(request)
      },
    },
    mayReadTokens: (authorization) => mayReadTokens(people, authorization),
    revokeToken: async (request) => {
      await revokeOwnToken(services, request)
    },
  })
  const tidy = new Repeat('tidy', tidyMs, log, async () => {
    await sweepPeople(db)
    await forgetOldKeys(db)
    for (const kid of await keys.rotateDue())
      await audit.record({
        action: 'signing_key.rotate',
        decision: 'done',
        actor: { kind: 'system' },
        target: { kind: 'signing_key', id: kid },
      })
    await keys.tidy()
    metrics.unsettled.set(settlement.dropped)
    revoked.forgetEnded()
  })
  tidy.start()
  undo.push(() => tidy.stop())

  const app = new Hono()
  app.route(
    '/',
    health({
      metrics,
      problems: async () => problems(feed, disk, control),
      isLocal: (context) => callerAddress(context) !== undefined && isThisMachine(context),
    }),
  )
  app.route('/', oauth)
  app.route('/', authorizationEndpoint({ clients, issuer, log, peer }))
  app.route('/', errorPages())
  app.route('/', api)
  app.route('/', consoleFiles(config.consoleFolder))
  const listener = binding.serve(app, (request, response) => gateway.handle(request, response))

  publishLocalLogin(people, `${address.scheme}://${localHost(config.host)}:${binding.port}`)
  const signInLink = await firstSignInLink(people, { toFile: !process.stdout.isTTY })
  const database = embedded ? 'built in' : URL.parse(config.databaseUrl ?? '')?.host || 'unix socket'
  log.info({ origin: issuer, node, version, database }, 'ready')

  return {
    origin: issuer,
    port: binding.port,
    dataFolder: config.dataFolder,
    database,
    signInLink,
    readyMs: systemClock.monotonicMs() - startedMs,
    node,
    async stop(graceMs) {
      const listening = listener.stop(graceMs)
      await gateway.drain(graceMs)
      await listening
      await refusals.flush()
      await Promise.all([settlement.stop(settleMsMax), audit.drained(), minter.drained()])
      await Promise.all([tidy.stop(), sweeper.stop(), upkeep.stop()])
      await egress.close()
      await feed.stop()
      await Promise.all([control.end(), journal.end(), hot.end()])
      await embedded?.stop()
    },
  }
}

async function mayReadTokens(people: People, authorization: string): Promise<string | undefined> {
  try {
    const headers = new Headers({ authorization })
    const principal = await authenticate(people, {
      method: 'POST',
      headers,
      ip: undefined,
      userAgent: undefined,
      correlationId: newId('request'),
    })
    return authorise(principal, 'token:read').reach === 'all' ? principal.user.id : undefined
  } catch {
    return undefined
  }
}

async function problems(feed: ChangeFeed, disk: Disk, pool: pg.Pool): Promise<string[]> {
  const found: string[] = []
  if (feed.deaf) found.push('the change feed cannot be heard: everything is refused until it can')
  if (!disk.mayRecord) found.push('there is next to no room on the disk: every call is refused')
  else if (!disk.mayWrite) found.push('the disk is nearly full: calls that modify or spend are refused')
  // The feed's poll is the look at the database: a query of our own could wait behind a network that swallows everything.
  if (!feed.deaf && !(await answersWithin(pool, databaseAnswerMsMax))) found.push('the database does not answer')
  return found
}

async function answersWithin(pool: pg.Pool, ms: number): Promise<boolean> {
  const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), ms).unref())
  const answer = pool.query('select 1').then(
    () => true,
    () => false,
  )
  return await Promise.race([answer, late])
}

function socketAddress(context: Context): string | undefined {
  return incoming(context)?.socket.remoteAddress
}

/** A caller on this machine that no proxy stands before. */
function isThisMachine(context: Context): boolean {
  const remote = socketAddress(context)?.replace(/^::ffff:/, '')
  return (
    (remote === '::1' || remote?.startsWith('127.') === true) &&
    context.req.header('x-forwarded-for') === undefined &&
    context.req.header('forwarded') === undefined
  )
}

function incoming(context: Context): IncomingMessage | undefined {
  const env = context.env as { incoming?: IncomingMessage } | undefined
  return env?.incoming
}

function localHost(host: string): string {
  return host === '0.0.0.0' || host === '::' || host === 'localhost' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host
}

function readVersion(): string {
  const file = fileURLToPath(new URL('../package.json', import.meta.url))
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
