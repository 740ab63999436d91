import type { Database } from '../db/database.ts'
import { TokenError } from './token-error.ts'
import type { TokenVerifier, VerifiedToken } from './verify.ts'

/** Who asks: a workload (about its own tokens), or a person whose role lets them read tokens (about all). */
export type Asker = { readonly kind: 'workload'; readonly workload: string } | { readonly kind: 'person' }

/**
 * RFC 7662 section 2.2. Anything that is not a live token that the asker may know of is `{"active": false}` and nothing else. The state of
 * grant, workload, tenant and credential is read from the database, so that this answer is never older than the question.
 */
export async function introspect(
  deps: { db: Database; verifier: TokenVerifier; issuer: string },
  token: string,
  asker: Asker,
): Promise<Record<string, unknown>> {
  const inactive = { active: false }
  let verified: VerifiedToken
  try {
    verified = deps.verifier.verify(token)
  } catch (error) {
    if (error instanceof TokenError) return inactive
    throw error
  }
  if (asker.kind === 'workload' && asker.workload !== verified.workload) return inactive
  const row = await deps.db
    .selectFrom('tokens')
    .innerJoin('grants', 'grants.id', 'tokens.grant_id')
    .innerJoin('workloads', 'workloads.id', 'tokens.workload_id')
    .leftJoin('tenants', 'tenants.id', 'tokens.tenant_id')
    .select([
      'tokens.revoked_at',
      'grants.state as grant_state',
      'grants.expires_at as grant_end',
      'workloads.state as workload_state',
      'tenants.state as tenant_state',
    ])
    .where('tokens.id', '=', verified.id)
    .executeTakeFirst()
  if (!row || row.revoked_at !== null || row.grant_state !== 'active' || row.workload_state !== 'active' || row.tenant_state === 'revoked')
    return inactive
  if (row.grant_end !== null && row.grant_end.getTime() <= Date.now()) return inactive
  return {
    active: true,
    scope: `grant:${verified.grant}`,
    client_id: verified.workload,
    sub: verified.workload,
    token_type: verified.boundTo === undefined ? 'Bearer' : 'DPoP',
    exp: verified.expiresAtMs / 1000,
    iat: verified.issuedAtMs / 1000,
    aud: verified.audience,
    iss: deps.issuer,
    jti: verified.id,
    grant: verified.grant,
    ...(verified.tenant === undefined ? {} : { tenant: verified.tenant }),
    ...(verified.boundTo === undefined ? {} : { cnf: { jkt: verified.boundTo } }),
  }
}
