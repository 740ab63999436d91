import type { GrantLimits, GrantScope } from '@keyward/contract/grants'
import type { Injection, ResourceLimits } from '@keyward/contract/resources'
import type { AssuranceLevel } from '@keyward/contract/words'
import type pg from 'pg'
import type { Plan } from './plan.ts'

/**
 * One index read a table, by primary key. The credential is the one that the resource has for the workload's environment, or for every
 * environment (`*`). The team is the workload's owner, or the team of the person who owns it.
 */
const statement = {
  name: 'gateway_plan',
  text: `
select g.id as grant_id, g.state as grant_state, g.expires_at as grant_expires_at, g.scope, g.limits as grant_limits, g.require_dpop,
  g.require_mtls, g.minimum_assurance, g.streams_outlive_token, w.id as workload_id, w.state as workload_state, w.environment as workload_environment,
  case when o.kind = 'team' then o.id else o.team end as team,
  t.id as tenant_id, t.state as tenant_state,
  r.id as resource_id, r.name as resource_name, r.kind as resource_kind, r.provider, r.upstream, r.injection, r.allow_private,
  r.limits as resource_limits,
  c.id as credential_id, c.state as credential_state, c.purpose, c.authority, c.environment as credential_environment, c.allowed_origins,
  c.expires_at as credential_expires_at,
  v.id as version_id, v.number as version_number, v.ciphertext, v.nonce, v.wrapped_key, v.encryption_key
from grants g
join workloads w on w.id = g.workload_id
join owners o on o.id = w.owner
join resources r on r.id = g.resource_id
left join tenants t on t.id = g.tenant_id
left join lateral (
  select rc.credential_id from resource_credentials rc
  where rc.resource_id = r.id and rc.environment in (w.environment, '*')
  order by rc.environment = '*' limit 1
) rc on true
left join credentials c on c.id = rc.credential_id
left join credential_versions v on v.credential_id = c.id and v.state = 'current'
where g.id = $1`,
}

interface PlanRow {
  grant_id: string
  grant_state: string
  grant_expires_at: Date | null
  scope: GrantScope
  grant_limits: GrantLimits
  require_dpop: boolean
  require_mtls: boolean
  minimum_assurance: AssuranceLevel | null
  streams_outlive_token: boolean
  workload_id: string
  workload_state: string
  workload_environment: string
  team: string | null
  tenant_id: string | null
  tenant_state: string | null
  resource_id: string
  resource_name: string
  resource_kind: string
  provider: string | null
  upstream: string
  injection: Injection
  allow_private: boolean
  resource_limits: ResourceLimits
  credential_id: string | null
  credential_state: string | null
  purpose: string | null
  authority: string[] | null
  credential_environment: string | null
  allowed_origins: string[] | null
  credential_expires_at: Date | null
  version_id: string | null
  version_number: number | null
  ciphertext: Buffer | null
  nonce: Buffer | null
  wrapped_key: Buffer | null
  encryption_key: string | null
}

/** Reads what a call under this grant needs. Undefined: there is no such grant. */
export async function loadPlan(pool: Pick<pg.Pool, 'query'>, grant: string): Promise<Plan | undefined> {
  const { rows } = await pool.query<PlanRow>({ ...statement, values: [grant] })
  const [row] = rows
  return row === undefined ? undefined : planOf(row)
}

function planOf(row: PlanRow): Plan {
  const upstream = new URL(row.upstream)
  return {
    grant: {
      id: row.grant_id,
      state: row.grant_state,
      expiresAtMs: row.grant_expires_at?.getTime() ?? null,
      scopes: [row.scope],
      limits: row.grant_limits,
      requireDpop: row.require_dpop,
      requireMtls: row.require_mtls,
      minimumAssurance: row.minimum_assurance,
      streamsOutliveToken: row.streams_outlive_token,
    },
    workload: { id: row.workload_id, state: row.workload_state, environment: row.workload_environment, team: row.team },
    tenant: row.tenant_id === null ? null : { id: row.tenant_id, state: row.tenant_state ?? 'revoked' },
    resource: {
      id: row.resource_id,
      name: row.resource_name,
      kind: row.resource_kind,
      provider: row.provider,
      origin: upstream.origin,
      basePath: upstream.pathname.replace(/\/+$/, ''),
      injection: row.injection,
      allowPrivate: row.allow_private,
      limits: row.resource_limits,
    },
    credential: credentialOf(row),
  }
}

function credentialOf(row: PlanRow): Plan['credential'] {
  if (row.credential_id === null) return null
  return {
    id: row.credential_id,
    state: row.credential_state ?? 'revoked',
    purpose: row.purpose ?? '',
    authority: row.authority ?? [],
    environment: row.credential_environment ?? '',
    allowedOrigins: row.allowed_origins ?? [],
    expiresAtMs: row.credential_expires_at?.getTime() ?? null,
    version: versionOf(row),
  }
}

function versionOf(row: PlanRow): NonNullable<Plan['credential']>['version'] {
  const { version_id: id, version_number: number, ciphertext, nonce, wrapped_key: wrappedKey, encryption_key: encryptionKey } = row
  if (id === null || number === null || ciphertext === null || nonce === null || wrappedKey === null || encryptionKey === null) return null
  return { id, number, sealed: { ciphertext, nonce, wrappedKey, encryptionKey } }
}
