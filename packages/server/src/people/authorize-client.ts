import type { AuthorizationDecision, AuthorizationRequest } from '@keyward/contract/consents'
import { KeywardError } from '@keyward/contract/errors'
import type { GrantScope } from '@keyward/contract/grants'
import { limits } from '@keyward/contract/limits'
import { redirectKind } from '@keyward/contract/redirect-uri'
import { type Kysely, sql } from 'kysely'
import type { Database } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { type Ask, readAsk } from '../oauth/authorize/ask.ts'
import { newCode } from '../oauth/authorize/codes.ts'
import { readCarried } from '../oauth/authorize/endpoint.ts'
import { AskRefused, answerAddress, NotTrusted } from '../oauth/authorize/refusals.ts'
import type { Clients } from '../oauth/clients/clients.ts'
import { newId } from '../observe/ids.ts'
import { whyWider } from '../policy/narrow.ts'
import type { Trx } from './people.ts'
import type { Principal } from './principal.ts'
import { type UsableGrant, usableGrants } from './usable-grants.ts'

export interface DecideDeps {
  readonly db: Database
  readonly clients: Pick<Clients, 'find'>
  readonly issuer: string
}

/** What a decision was about, for the audit log. */
export interface Decided {
  readonly redirectTo: string
  readonly ask: Ask
  readonly grant: UsableGrant | undefined
  readonly consent: string | undefined
}

/**
 * The request as the console carried it, read anew: what stands in an address is anybody's to write.
 * @throws KeywardError `invalid-request`, `forbidden` where no person at a browser asks
 */
export async function readCarriedAsk(deps: DecideDeps, principal: Principal, request: string): Promise<Ask> {
  if (principal.proof.kind !== 'session')
    throw new KeywardError('forbidden', 'Connecting a client takes a person at a browser: an API token cannot say yes')
  const query = readCarried(request)
  if (query === undefined) throw stopped('It is not as the authorization endpoint made it')
  try {
    return await readAsk(deps, query)
  } catch (error) {
    if (error instanceof NotTrusted && error.passing) throw new KeywardError('too-many-requests', error.message)
    if (error instanceof NotTrusted || error instanceof AskRefused) throw stopped(error.message)
    throw error
  }
}

/** What the consent page shows. @throws KeywardError */
export async function describeAsk(deps: DecideDeps, principal: Principal, ask: Ask): Promise<AuthorizationRequest> {
  const { client, to, wish } = ask
  const grants = wish === undefined ? [] : await grantsFor(deps.db, principal, ask)
  const url = new URL(to.redirectUri)
  const kind = redirectKind(to.redirectUri)
  const described = []
  for (const grant of grants) {
    const earlier = mayRemember(ask) ? await consentFor(deps.db, principal.user.id, ask, grant.id) : undefined
    described.push({
      id: grant.id,
      workload: grant.workload,
      workload_name: grant.workloadName,
      owned: grant.owned,
      environment: grant.environment,
      resource_name: grant.resourceName,
      tenant_name: grant.tenantName,
      scope: grant.scope,
      ttl_seconds: grant.ttlSeconds,
      expires_at: grant.expiresAt?.toISOString() ?? null,
      consented_until: earlier?.expires_at.toISOString() ?? null,
    })
  }
  const resource = wish?.resource ?? grants[0]?.resourceName
  return {
    purpose: wish === undefined ? 'login' : 'agent',
    client: { kind: client.kind, id: client.id, name: client.name, host: client.host },
    redirect: { host: kind === 'app' ? url.protocol.slice(0, -1) : url.host, kind },
    resource: resource === undefined ? null : { name: resource, address: `${deps.issuer}/g/${resource}` },
    scope: wish?.detail?.scope ?? null,
    grants: described,
    days: { proposed: limits.consentDaysDefault, max: limits.consentDaysMax },
  }
}

/** Where the browser goes after a no. */
export function denied(deps: DecideDeps, ask: Ask): string {
  return answerAddress(deps.issuer, ask.to, { error: 'access_denied', error_description: 'the person said no' })
}

/**
 * A person's yes: a consent, and a code for the client to fetch its tokens with. A request is answered once.
 * @throws KeywardError `invalid-request` where no grant of theirs was chosen, `conflict` where this request was answered before
 */
export async function approve(trx: Trx, deps: DecideDeps, principal: Principal, ask: Ask, input: AuthorizationDecision): Promise<Decided> {
  const user = principal.user.id
  let grant: UsableGrant | undefined
  let consent: string | undefined
  if (ask.wish !== undefined) {
    grant = (await grantsFor(trx, principal, ask)).find((one) => one.id === input.grant)
    if (grant === undefined)
      throw new KeywardError('invalid-request', undefined, {
        errors: [{ field: '/grant', message: 'is not one of the grants that you can let this client act under' }],
      })
    consent = await storeConsent(trx, user, ask, grant.id, input.days)
  }
  const code = await newCode(trx, {
    user,
    consent: consent ?? null,
    client: ask.client.id,
    redirectUri: ask.to.redirectUri,
    codeChallenge: ask.codeChallenge,
    boundTo: ask.boundTo,
  })
  if (code === undefined) throw new KeywardError('conflict', 'This request was answered already: begin again in the app')
  return { redirectTo: answerAddress(deps.issuer, ask.to, { code }), ask, grant, consent }
}

async function grantsFor(db: Kysely<Tables>, principal: Principal, { client, wish }: Ask): Promise<UsableGrant[]> {
  const found = await usableGrants(
    db,
    { id: principal.user.id, roles: principal.roles },
    { grant: wish?.grant, resource: wish?.resource, workload: client.kind === 'workload' ? client.id : undefined },
  )
  const detail = wish?.detail
  if (detail === undefined) return found
  return found.filter(
    (grant) => grant.resourceKind === detail.type && (detail.scope === undefined || whyWider(detail.scope, grant.scope) === undefined),
  )
}

/**
 * A yes is remembered for clients that somebody vouches for: registered ones, and those whose answer goes to a web address of theirs. A loopback
 * port or an app's scheme may be taken by any program on the machine, so each of those asks anew and has a consent of its own.
 */
function mayRemember({ client, to }: Ask): boolean {
  return client.kind === 'registered' || client.kind === 'workload' || redirectKind(to.redirectUri) === 'web'
}

async function consentFor(db: Kysely<Tables>, user: string, ask: Ask, grant: string) {
  return await db
    .selectFrom('consents')
    .select(['id', 'expires_at'])
    .where('user_id', '=', user)
    .where('client', '=', ask.client.id)
    .where('grant_id', '=', grant)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', sql<Date>`now()`)
    .where(sql<boolean>`scope is not distinct from ${scopeText(ask)}::jsonb`)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
}

async function storeConsent(trx: Trx, user: string, ask: Ask, grant: string, days: number): Promise<string> {
  const ends = sql<Date>`now() + make_interval(days => ${days})`
  const earlier = mayRemember(ask) ? await consentFor(trx, user, ask, grant) : undefined
  if (earlier !== undefined) {
    const kept = await trx
      .updateTable('consents')
      .set({ expires_at: ends, client_name: ask.client.name })
      .where('id', '=', earlier.id)
      .where('revoked_at', 'is', null)
      .returning('id')
      .executeTakeFirst()
    if (kept !== undefined) return kept.id
  }
  const id = newId('consent')
  await trx
    .insertInto('consents')
    .values({
      id,
      user_id: user,
      client: ask.client.id,
      client_name: ask.client.name,
      grant_id: grant,
      scope: scopeText(ask),
      expires_at: ends,
    })
    .execute()
  return id
}

function scopeText({ wish }: Ask): string | null {
  const scope: GrantScope | undefined = wish?.detail?.scope
  return scope === undefined ? null : JSON.stringify(scope)
}

function stopped(why: string): KeywardError {
  return new KeywardError('invalid-request', `The request was stopped: ${why}`)
}
