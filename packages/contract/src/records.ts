import { z } from 'zod'
import { EnvironmentName, Reason } from './fields.ts'
import { idSchema } from './ids.ts'
import { PageQuery, Timestamp } from './page.ts'

/** What happened: revocations, audit entries, usage. All read-only but for the act of revoking. */

export const revocableKinds = ['credential', 'workload', 'grant', 'token', 'tenant', 'issuer'] as const
export type RevocableKind = (typeof revocableKinds)[number]

export const Revoke = z.strictObject({ reason: Reason }).meta({ id: 'Revoke' })

/** What a revocation ended, and how long that took. */
export const Revocation = z
  .object({
    kind: z.enum(revocableKinds),
    id: z.string(),
    revoked_at: Timestamp,
    already: z.boolean().meta({ description: 'True where it was revoked before: nothing more was to end' }),
    ended: z.object({
      grants: z.number().int(),
      tokens: z.number().int(),
      streams: z.number().int(),
      versions: z.number().int(),
      identities: z.number().int(),
    }),
    local_effect_ms: z.number().meta({ description: 'From the request until this node refused' }),
    nodes: z
      .array(z.object({ node: z.string(), heard: z.boolean(), heard_after_ms: z.number().nullable() }))
      .meta({ description: 'Other nodes: whether each had applied it when this answer was made' }),
    bound_ms: z.number().int().meta({ description: 'Every node that has not heard within this time refuses everything' }),
  })
  .meta({ id: 'Revocation' })

export const decisions = ['allowed', 'refused', 'done', 'failed'] as const

export const AuditEntry = z
  .object({
    id: idSchema('audit'),
    seq: z.string().meta({ description: 'Position in the log (64-bit integer as a string)' }),
    at: Timestamp,
    action: z.string().meta({ description: 'What was done or asked: gateway.call, token.mint, credential.create, session.start …' }),
    decision: z.enum(decisions),
    code: z.string().nullable().meta({ description: 'Why it was refused' }),
    actor: z.object({ kind: z.enum(['user', 'workload', 'system', 'anonymous']), id: z.string().nullable(), name: z.string().nullable() }),
    on_behalf_of: z.string().nullable(),
    workload: z.string().nullable(),
    token: z.string().nullable(),
    grant: z.string().nullable(),
    credential: z.string().nullable(),
    version: z.string().nullable(),
    resource: z.string().nullable(),
    tenant: z.string().nullable(),
    environment: z.string().nullable(),
    target: z.object({ kind: z.string(), id: z.string() }).nullable(),
    model: z.string().nullable(),
    operation: z.string().nullable(),
    effect: z.enum(['consume', 'modify', 'spend']).nullable(),
    call: z.string().nullable(),
    correlation_id: z.string().nullable(),
    reason: z.string().nullable(),
    outcome: z
      .object({
        status: z.number().int().nullable(),
        outcome: z.string(),
        latency_ms: z.number().nullable(),
        cost_usd: z.string().nullable(),
        estimated: z.boolean(),
        input_tokens: z.number().int().nullable(),
        output_tokens: z.number().int().nullable(),
      })
      .nullable()
      .meta({ description: 'Of a gateway call, once it has settled' }),
    node: z.string(),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'AuditEntry' })

export const AuditQuery = PageQuery.extend({
  from: Timestamp.optional(),
  to: Timestamp.optional(),
  action: z.string().max(64).optional(),
  decision: z.enum(decisions).optional(),
  actor: z.string().max(64).optional(),
  workload: z.string().max(64).optional(),
  grant: z.string().max(64).optional(),
  credential: z.string().max(64).optional(),
  resource: z.string().max(64).optional(),
  tenant: z.string().max(64).optional(),
  token: z.string().max(64).optional(),
  call: z.string().max(64).optional(),
})

export const outcomes = ['ok', 'upstream_error', 'upstream_unreachable', 'timeout', 'client_abort', 'cut', 'lost'] as const

export const UsageEvent = z
  .object({
    call: z.string(),
    attempt: z.number().int(),
    at: Timestamp,
    workload: z.string(),
    grant: z.string(),
    resource: z.string(),
    credential: z.string(),
    version: z.string().nullable(),
    tenant: z.string().nullable(),
    team: z.string().nullable(),
    environment: z.string(),
    operation: z.string(),
    model: z.string().nullable(),
    outcome: z.enum(outcomes),
    status: z.number().int().nullable(),
    streamed: z.boolean(),
    input_tokens: z.number().int().nullable(),
    cached_input_tokens: z.number().int().nullable(),
    output_tokens: z.number().int().nullable(),
    cost_usd: z.string().nullable().meta({ description: 'Null where the price is unknown (only on grants without a budget)' }),
    estimated: z.boolean().meta({ description: 'True where the usage was unknown and the whole reservation was charged' }),
    latency_ms: z.number().nullable(),
    first_byte_ms: z.number().nullable(),
    overhead_ms: z.number().nullable(),
  })
  .meta({ id: 'UsageEvent' })

export const UsageQuery = PageQuery.extend({
  from: Timestamp.optional(),
  to: Timestamp.optional(),
  grant: z.string().max(64).optional(),
  workload: z.string().max(64).optional(),
  resource: z.string().max(64).optional(),
  credential: z.string().max(64).optional(),
  tenant: z.string().max(64).optional(),
  team: z.string().max(64).optional(),
  environment: EnvironmentName.optional(),
  outcome: z.enum(outcomes).optional(),
})

/** Sums over usage, for charts and finance. */
export const UsageSummaryQuery = z.object({
  from: Timestamp.optional(),
  to: Timestamp.optional(),
  by: z.enum(['hour', 'day', 'workload', 'grant', 'resource', 'model', 'tenant', 'team', 'environment']).default('day'),
  grant: z.string().max(64).optional(),
  workload: z.string().max(64).optional(),
  resource: z.string().max(64).optional(),
})
export const UsageSummary = z
  .object({
    from: Timestamp,
    to: Timestamp,
    rows: z.array(
      z.object({
        key: z.string().nullable(),
        calls: z.number().int(),
        refused: z.number().int(),
        input_tokens: z.number().int(),
        output_tokens: z.number().int(),
        cost_usd: z.string(),
        estimated_usd: z.string(),
      }),
    ),
  })
  .meta({ id: 'UsageSummary' })

/** What the console's first page shows. */
export const Overview = z
  .object({
    organisation: z.string(),
    counts: z.object({
      credentials: z.number().int(),
      owners: z.number().int(),
      workloads: z.number().int(),
      resources: z.number().int(),
      grants: z.number().int(),
      live_tokens: z.number().int(),
    }),
    last_24h: z.object({
      calls: z.number().int(),
      refused: z.number().int(),
      cost_usd: z.string(),
      p50_overhead_ms: z.number().nullable(),
    }),
    spend_by_hour: z.array(z.object({ at: Timestamp, cost_usd: z.string(), calls: z.number().int() })),
    attention: z.array(z.object({ kind: z.string(), text: z.string(), fix: z.string(), link: z.string().nullable() })),
    first_run: z.object({ credential: z.boolean(), resource: z.boolean(), workload: z.boolean(), grant: z.boolean(), call: z.boolean() }),
  })
  .meta({ id: 'Overview' })

export const NodeStatus = z
  .object({
    id: z.string(),
    started_at: Timestamp,
    heard_at: Timestamp,
    heard_seq: z.string(),
    version: z.string(),
    here: z.boolean(),
    deaf: z.boolean(),
    revocation_ms: z
      .object({ last: z.number().nullable(), max_24h: z.number().nullable() })
      .meta({ description: 'Measured from the commit of a revocation until this node applied it' }),
  })
  .meta({ id: 'NodeStatus' })

export type Revoke = z.infer<typeof Revoke>
export type Revocation = z.infer<typeof Revocation>
export type AuditEntry = z.infer<typeof AuditEntry>
export type AuditQuery = z.infer<typeof AuditQuery>
export type UsageEvent = z.infer<typeof UsageEvent>
export type UsageQuery = z.infer<typeof UsageQuery>
export type UsageSummaryQuery = z.infer<typeof UsageSummaryQuery>
export type UsageSummary = z.infer<typeof UsageSummary>
export type Overview = z.infer<typeof Overview>
export type NodeStatus = z.infer<typeof NodeStatus>
