import { z } from 'zod'
import { Reason } from './fields.ts'
import { idSchema } from './ids.ts'
import { limits } from './limits.ts'
import { PageQuery, Revision, Timestamp } from './page.ts'
import { AssuranceLevel } from './words.ts'

/** `gpt-4.1`, `gpt-*` or `*`: one trailing star at most, so that what is allowed can be read at a glance. */
export const ModelPattern = z
  .string()
  .regex(/^(?:\*|[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}\*?)$/, 'must be a model id, optionally with one star at its end')
/** `/v1/customers/*`: segments; `*` stands for one segment, `**` at the end for the rest; `/**` for every path. */
export const PathPattern = z
  .string()
  .max(500)
  .regex(/^(?:\/(?:\*\*)?|(?:\/(?:[A-Za-z0-9._~!$&'()+,;=:@%-]+|\*))+(?:\/\*\*|\/)?)$/, 'must be a path such as /v1/customers/* or /v1/**')
export const HttpMethod = z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Operations of model providers that a grant has to name: without `operations` it has all the others. */
export const operationsToName: ReadonlySet<string> = new Set([
  'files.read',
  'files.write',
  'batches.read',
  'batches.write',
  'responses.read',
  'responses.write',
])

/** What the workload may do, by the resource's kind. An empty scope allows nothing. */
export const GrantScope = z
  .union([
    z.strictObject({
      models: z.array(ModelPattern).min(1, 'name at least one model, or * for all').max(limits.scopeEntriesMax),
      operations: z
        .array(z.string().regex(/^[a-z_]+(?:\.[a-z_]+)*$/))
        .max(limits.scopeEntriesMax)
        .optional()
        .meta({
          description:
            'Default: all that run a model (chat, responses, messages, embeddings …) and reading the list of models. Files must be named: files.read, files.write',
        }),
    }),
    z.strictObject({
      methods: z.array(HttpMethod).min(1).max(10),
      paths: z.array(PathPattern).min(1).max(limits.scopeEntriesMax),
    }),
  ])
  .meta({ id: 'GrantScope' })

export const GrantLimits = z
  .strictObject({
    requests_per_minute: z.number().int().positive().max(1_000_000).optional(),
    tokens_per_minute: z.number().int().positive().max(1_000_000_000).optional(),
    concurrent: z.number().int().positive().max(100_000).optional().meta({ description: 'Calls in flight on one node' }),
    max_output_tokens: z
      .number()
      .int()
      .positive()
      .max(1_000_000)
      .optional()
      .meta({ description: 'Set on a call that names none, and the ceiling of one that does' }),
    request_bytes: z.number().int().positive().max(limits.gatewayUploadBytesMax).optional(),
  })
  .meta({ id: 'GrantLimits' })

export const GrantCreate = z
  .strictObject({
    workload: idSchema('workload'),
    resource: idSchema('resource'),
    tenant: idSchema('tenant').optional(),
    scope: GrantScope,
    limits: GrantLimits.optional(),
    ttl_seconds: z
      .number()
      .int()
      .min(limits.tokenSecondsMin)
      .max(limits.tokenSecondsMax)
      .default(limits.tokenSecondsDefault)
      .meta({ description: 'Life of a token minted under it' }),
    expires_at: Timestamp.optional().meta({ description: 'When the grant itself ends' }),
    require_dpop: z.boolean().default(false).meta({ description: 'Only tokens bound to a key (RFC 9449)' }),
    require_mtls: z.boolean().default(false).meta({ description: 'Only tokens bound to a client certificate (RFC 8705)' }),
    minimum_assurance: AssuranceLevel.optional().meta({
      description: 'How surely the holder of a token must have proved who it is, by analogy with NIST SP 800-63',
    }),
    delegates: z
      .array(idSchema('workload'))
      .max(limits.scopeEntriesMax)
      .default([])
      .meta({ description: 'Other workloads that may act under tokens of this grant, by token exchange (RFC 8693). Default: none' }),
    streams_outlive_token: z
      .boolean()
      .default(false)
      .meta({ description: 'Let an open stream run on after its token has ended (never after a revocation)' }),
    reason: Reason.optional(),
  })
  .meta({ id: 'GrantCreate' })

export const GrantUpdate = z
  .strictObject({
    scope: GrantScope,
    limits: GrantLimits,
    ttl_seconds: z.number().int().min(limits.tokenSecondsMin).max(limits.tokenSecondsMax),
    expires_at: Timestamp.nullable(),
    require_dpop: z.boolean(),
    require_mtls: z.boolean(),
    minimum_assurance: AssuranceLevel.nullable(),
    delegates: z.array(idSchema('workload')).max(limits.scopeEntriesMax),
    streams_outlive_token: z.boolean(),
  })
  .partial()
  .meta({ id: 'GrantUpdate' })

export const Grant = z
  .object({
    id: idSchema('grant'),
    workload: idSchema('workload'),
    resource: idSchema('resource'),
    tenant: idSchema('tenant').nullable(),
    scope: GrantScope,
    limits: GrantLimits,
    ttl_seconds: z.number().int(),
    expires_at: Timestamp.nullable(),
    require_dpop: z.boolean(),
    require_mtls: z.boolean(),
    minimum_assurance: AssuranceLevel.nullable(),
    delegates: z.array(idSchema('workload')),
    streams_outlive_token: z.boolean(),
    reason: z.string().nullable(),
    state: z.enum(['active', 'revoked']),
    revoked_at: Timestamp.nullable(),
    last_used_at: Timestamp.nullable(),
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: Revision,
  })
  .meta({ id: 'Grant' })

export const GrantQuery = PageQuery.extend({
  workload: idSchema('workload').optional(),
  resource: idSchema('resource').optional(),
  tenant: idSchema('tenant').optional(),
  state: z.enum(['active', 'revoked']).optional(),
})

/** Mint by hand: `POST /api/v1/grants/{id}/tokens`. */
export const TokenMint = z
  .strictObject({ ttl_seconds: z.number().int().min(limits.tokenSecondsMin).max(limits.tokenSecondsMax).optional() })
  .meta({ id: 'TokenMint' })
export const MintedToken = z
  .object({ access_token: z.string(), token_type: z.enum(['Bearer', 'DPoP']), expires_in: z.number().int(), token_id: idSchema('token') })
  .meta({ id: 'MintedToken' })

/** The record of a token; the string itself is never stored. */
export const Token = z
  .object({
    id: idSchema('token'),
    grant: idSchema('grant'),
    workload: idSchema('workload'),
    resource: idSchema('resource'),
    tenant: idSchema('tenant').nullable(),
    method: z.string().meta({ description: 'How the workload proved itself, or `by_hand`' }),
    minted_by: z.string().nullable().meta({ description: 'The person who minted it by hand' }),
    identity: idSchema('identity').nullable().meta({ description: 'By which its workload proved itself' }),
    user: idSchema('user').nullable().meta({ description: 'The person on whose behalf it acts' }),
    actor: idSchema('workload').nullable().meta({ description: 'The workload that it was handed on to, where that is another' }),
    client: z.string().nullable().meta({ description: 'The OAuth client that a person connected' }),
    consent: idSchema('consent').nullable(),
    parent: idSchema('token').nullable().meta({ description: 'The token that it was exchanged from' }),
    depth: z.number().int().meta({ description: 'How often it was handed on' }),
    scope: GrantScope.nullable().meta({ description: "Narrower than the grant's, or null" }),
    binding: z.enum(['dpop', 'mtls']).nullable(),
    bound_to: z.string().nullable().meta({ description: 'Thumbprint of the key or certificate it is bound to' }),
    assurance: AssuranceLevel,
    state: z.enum(['live', 'ended', 'revoked']),
    issued_at: Timestamp,
    expires_at: Timestamp,
    revoked_at: Timestamp.nullable(),
  })
  .meta({ id: 'Token' })
export const TokenQuery = PageQuery.extend({
  grant: idSchema('grant').optional(),
  workload: idSchema('workload').optional(),
  user: idSchema('user').optional(),
  actor: idSchema('workload').optional(),
  parent: idSchema('token').optional(),
  identity: idSchema('identity').optional(),
  consent: idSchema('consent').optional(),
  state: z.enum(['live', 'ended', 'revoked']).optional(),
})

/** A node of `GET /api/v1/tokens/{id}/lineage`: person, agent, token, sub-token. */
export const TokenLineage = z
  .object({
    user: z.object({ id: idSchema('user'), name: z.string() }).nullable(),
    workload: z.object({ id: idSchema('workload'), name: z.string() }),
    ancestors: z.array(Token).meta({ description: 'From the first token to the parent' }),
    token: Token,
    descendants: z.array(Token).meta({ description: 'Everything that was exchanged from it, however deep; `parent` makes it a tree' }),
    descendants_left_out: z.number().int().meta({ description: 'More than are answered at once' }),
  })
  .meta({ id: 'TokenLineage' })

export type TokenLineage = z.infer<typeof TokenLineage>
export type GrantScope = z.infer<typeof GrantScope>
export type GrantLimits = z.infer<typeof GrantLimits>
export type GrantCreate = z.infer<typeof GrantCreate>
export type GrantUpdate = z.infer<typeof GrantUpdate>
export type Grant = z.infer<typeof Grant>
export type GrantQuery = z.infer<typeof GrantQuery>
export type TokenMint = z.infer<typeof TokenMint>
export type MintedToken = z.infer<typeof MintedToken>
export type Token = z.infer<typeof Token>
export type TokenQuery = z.infer<typeof TokenQuery>
