import type { GrantScope } from '@keyward/contract/grants'
import type { Database } from '../db/database.ts'
import { grantedDetails } from './authorization-details.ts'
import { readOwnToken } from './own-token.ts'
import type { TokenVerifier } from './verify.ts'

/** Who asks: a workload (about tokens under its grants, and those that it holds), or a person whose role lets them read all tokens. */
export type Asker = { readonly kind: 'workload'; readonly workload: string } | { readonly kind: 'person'; readonly user: string }

/**
 * RFC 7662 section 2.2. Anything that is not a live token that the asker may know of is `{"active": false}` and nothing else. The state of
 * what it hangs on is read from the database, so that this answer is never older than the question.
 */
export async function introspect(
  deps: { readonly db: Database; readonly verifier: Pick<TokenVerifier, 'verify'>; readonly issuer: string; nowMs(): number },
  token: string,
  asker: Asker,
): Promise<Record<string, unknown>> {
  const inactive = { active: false }
  const read = readOwnToken(deps.verifier, token)
  if ('refused' in read) return inactive
  const verified = read.token
  if (asker.kind === 'workload' && asker.workload !== verified.workload && asker.workload !== verified.client) return inactive
  const facts = await factsOf(deps.db, verified.id)
  if (facts === undefined || facts.ended) return inactive
  if (facts.grantEnd !== null && facts.grantEnd.getTime() <= deps.nowMs()) return inactive
  return {
    active: true,
    scope: `grant:${verified.grant}`,
    client_id: verified.client,
    sub: verified.subject,
    token_type: verified.binding === 'dpop' ? 'DPoP' : 'Bearer',
    exp: verified.expiresAtMs / 1000,
    iat: verified.issuedAtMs / 1000,
    aud: verified.audience,
    iss: deps.issuer,
    jti: verified.id,
    grant: verified.grant,
    workload: verified.workload,
    assurance: verified.assurance,
    authorization_details: grantedDetails({
      resourceKind: facts.kind,
      resource: verified.audience,
      grant: verified.grant,
      granted: verified.narrowed ?? facts.scope,
    }),
    ...(verified.act === undefined ? {} : { act: verified.act }),
    ...(verified.mayAct === undefined ? {} : { may_act: { sub: verified.mayAct } }),
    ...(verified.tenant === undefined ? {} : { tenant: verified.tenant }),
    ...(verified.boundTo === undefined ? {} : { cnf: { [verified.binding === 'mtls' ? 'x5t#S256' : 'jkt']: verified.boundTo } }),
  }
}

interface Facts {
  readonly ended: boolean
  readonly grantEnd: Date | null
  readonly kind: string
  readonly scope: GrantScope
}

async function factsOf(db: Database, token: string): Promise<Facts | undefined> {
  const row = await db
    .selectFrom('tokens')
    .innerJoin('grants', 'grants.id', 'tokens.grant_id')
    .innerJoin('workloads', 'workloads.id', 'tokens.workload_id')
    .innerJoin('resources', 'resources.id', 'tokens.resource_id')
    .leftJoin('tenants', 'tenants.id', 'tokens.tenant_id')
    .leftJoin('workload_identities', 'workload_identities.id', 'tokens.identity_id')
    .leftJoin('workloads as actors', 'actors.id', 'tokens.actor_id')
    .leftJoin('users', 'users.id', 'tokens.user_id')
    .leftJoin('consents', 'consents.id', 'tokens.consent_id')
    .select([
      'tokens.revoked_at',
      'workload_identities.revoked_at as identity_end',
      'grants.state as grant_state',
      'grants.expires_at as grant_end',
      'grants.scope',
      'workloads.state as workload_state',
      'resources.kind',
      'tenants.state as tenant_state',
      'tokens.actor_id',
      'actors.state as actor_state',
      'tokens.user_id',
      'users.state as user_state',
      'consents.revoked_at as consent_end',
    ])
    .where('tokens.id', '=', token)
    .executeTakeFirst()
  if (row === undefined) return undefined
  const ended =
    row.revoked_at !== null ||
    row.identity_end !== null ||
    row.grant_state !== 'active' ||
    row.workload_state !== 'active' ||
    row.tenant_state === 'revoked' ||
    (row.actor_id !== null && row.actor_state !== 'active') ||
    (row.user_id !== null && row.user_state !== 'active') ||
    row.consent_end !== null
  return { ended, grantEnd: row.grant_end, kind: row.kind, scope: row.scope as GrantScope }
}
