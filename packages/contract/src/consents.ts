import { z } from 'zod'
import { EnvironmentName, Reason } from './fields.ts'
import { GrantScope } from './grants.ts'
import { idSchema } from './ids.ts'
import { limits } from './limits.ts'
import { PageQuery, Timestamp } from './page.ts'

/** A person's yes: this client may act for me, as this agent, under this grant. */
export const Consent = z
  .object({
    id: idSchema('consent'),
    user: idSchema('user'),
    user_name: z.string(),
    client: z.string().meta({ description: 'Address of its metadata document, id of a registered client, or a workload' }),
    client_name: z.string(),
    client_host: z.string().nullable().meta({ description: 'Host of a client that is known by its address' }),
    grant: idSchema('grant'),
    workload: idSchema('workload'),
    workload_name: z.string(),
    resource: idSchema('resource'),
    resource_name: z.string(),
    environment: EnvironmentName,
    scope: GrantScope.nullable().meta({ description: 'Narrower than the grant; null: all of it' }),
    state: z.enum(['active', 'ended', 'revoked']),
    created_at: Timestamp,
    expires_at: Timestamp,
    last_used_at: Timestamp.nullable(),
    revoked_at: Timestamp.nullable(),
    revoked_reason: z.string().nullable(),
  })
  .meta({ id: 'Consent' })

export const ConsentQuery = PageQuery.extend({
  user: idSchema('user').optional(),
  grant: idSchema('grant').optional(),
  state: z.enum(['active', 'revoked']).optional(),
})
export const MyConsentQuery = PageQuery.extend({ state: z.enum(['active', 'revoked']).optional() })
/** A person needs no reason to take back their own yes. */
export const ConsentRevoke = z.strictObject({ reason: Reason.optional() }).meta({ id: 'ConsentRevoke' })

/** The parameters of an authorization request, as the authorization endpoint handed them to the console: a letter, and their base64url. */
const RequestText = z
  .string()
  .min(1)
  .max(1 + Math.ceil((limits.authorizationRequestCharsMax * 4) / 3))
  .meta({ description: 'What the authorization endpoint put into the address of the console, unchanged' })
export const AuthorizationRequestRead = z.strictObject({ request: RequestText }).meta({ id: 'AuthorizationRequestRead' })

export const clientKinds = ['registered', 'document', 'workload', 'command_line'] as const

/** Who asks for what, as the person who decides has to see it. */
export const AuthorizationRequest = z
  .object({
    purpose: z.enum(['agent', 'login']).meta({ description: '`login`: the command line wants to act as the person' }),
    client: z.object({
      kind: z.enum(clientKinds),
      id: z.string(),
      name: z.string(),
      host: z.string().nullable().meta({ description: 'Host of the client_id; null where it is no address' }),
    }),
    redirect: z.object({ host: z.string(), kind: z.enum(['web', 'loopback', 'app']) }),
    resource: z.object({ name: z.string(), address: z.string() }).nullable(),
    scope: GrantScope.nullable().meta({ description: 'Asked for less than a grant' }),
    grants: z.array(
      z.object({
        id: idSchema('grant'),
        workload: idSchema('workload'),
        workload_name: z.string(),
        owned: z.boolean().meta({ description: 'The workload belongs to the person or their team' }),
        environment: EnvironmentName,
        resource_name: z.string(),
        tenant_name: z.string().nullable(),
        scope: GrantScope,
        ttl_seconds: z.number().int(),
        expires_at: Timestamp.nullable(),
        consented_until: Timestamp.nullable().meta({ description: 'The person said yes to the same before, and it still holds' }),
      }),
    ),
    days: z.object({ proposed: z.number().int(), max: z.number().int() }),
  })
  .meta({ id: 'AuthorizationRequest' })

export const AuthorizationDecision = z
  .strictObject({
    request: RequestText,
    approve: z.boolean(),
    grant: idSchema('grant').optional().meta({ description: 'Needed to approve, but for a login' }),
    days: z.number().int().min(1).max(limits.consentDaysMax).default(limits.consentDaysDefault),
  })
  .meta({ id: 'AuthorizationDecision' })
export const AuthorizationAnswer = z
  .object({
    redirect_to: z.string().meta({ shownOnce: true, description: 'Where the browser goes now: the client, with a code or an error' }),
  })
  .meta({ id: 'AuthorizationAnswer' })

export type Consent = z.infer<typeof Consent>
export type ConsentQuery = z.infer<typeof ConsentQuery>
export type MyConsentQuery = z.infer<typeof MyConsentQuery>
export type AuthorizationRequest = z.infer<typeof AuthorizationRequest>
export type AuthorizationDecision = z.infer<typeof AuthorizationDecision>
