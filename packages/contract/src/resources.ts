import { z } from 'zod'
import { Description, EnvironmentName, Provider, Slug } from './fields.ts'
import { idSchema } from './ids.ts'
import { limits } from './limits.ts'
import { PageQuery, Revision, Timestamp } from './page.ts'
import { ResourceKind } from './words.ts'

/** How the gateway hands the secret to the upstream. Default by provider: Anthropic `x-api-key`, everyone else bearer. */
export const Injection = z
  .discriminatedUnion('style', [
    z.strictObject({ style: z.literal('bearer') }),
    z.strictObject({ style: z.literal('header'), header: z.string().regex(/^[a-z0-9-]{1,64}$/, 'must be a lower-case header name') }),
    z.strictObject({
      style: z.literal('basic'),
      username: z
        .string()
        .max(255)
        .regex(/^[^:]*$/, 'must not contain a colon'),
    }),
  ])
  .meta({ id: 'Injection' })

export const Upstream = z
  .url({ protocol: /^https?$/ })
  .max(2_048)
  .refine((text) => {
    const url = URL.parse(text)
    return url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  }, 'must be a plain address: no user name, password, query or fragment')
  .meta({ description: 'What follows the name in a gateway address is appended to it', examples: ['https://api.openai.com'] })

export const ResourceLimits = z
  .strictObject({
    request_bytes: z.number().int().positive().max(limits.gatewayUploadBytesMax).optional(),
    response_bytes: z.number().int().positive().optional(),
    call_seconds: z
      .number()
      .int()
      .positive()
      .max(limits.callSecondsMax)
      .optional()
      .meta({ description: 'A call is cut and settled after this long' }),
    first_byte_seconds: z.number().int().positive().max(limits.callSecondsMax).optional(),
  })
  .meta({ id: 'ResourceLimits' })

/** Kinds that the gateway serves today; the others of design section 2 come with their protocols. */
export const servedResourceKinds = ['llm', 'http'] as const

export const ResourceCreate = z
  .strictObject({
    name: Slug,
    kind: z.enum(servedResourceKinds),
    upstream: Upstream,
    provider: Provider.optional().meta({ description: 'For kind llm: whose protocol and prices: openai or anthropic' }),
    credential: idSchema('credential').optional(),
    credentials: z
      .record(EnvironmentName, idSchema('credential'))
      .optional()
      .meta({ description: "One credential an environment; the workload's environment chooses" }),
    injection: Injection.optional(),
    allow_private: z
      .boolean()
      .optional()
      .meta({ description: 'Allow an upstream at a private or loopback address. Needs an admin with fresh authentication' }),
    limits: ResourceLimits.optional(),
    description: Description.optional(),
  })
  .refine((value) => (value.credential === undefined) !== (value.credentials === undefined), {
    message: 'name either `credential` or `credentials` (one an environment), and not both',
    path: ['credential'],
  })
  .meta({ id: 'ResourceCreate' })

export const ResourceUpdate = z
  .strictObject({
    upstream: Upstream,
    credential: idSchema('credential'),
    credentials: z.record(EnvironmentName, idSchema('credential')),
    injection: Injection,
    allow_private: z.boolean(),
    limits: ResourceLimits,
    description: Description.nullable(),
  })
  .partial()
  .refine((value) => value.credential === undefined || value.credentials === undefined, {
    message: 'name either `credential` or `credentials`, and not both',
    path: ['credential'],
  })
  .meta({ id: 'ResourceUpdate' })

export const Resource = z
  .object({
    id: idSchema('resource'),
    name: z.string(),
    kind: ResourceKind,
    upstream: z.string(),
    provider: z.string().nullable(),
    credential: idSchema('credential').nullable(),
    credentials: z.record(z.string(), idSchema('credential')).nullable(),
    injection: Injection,
    allow_private: z.boolean(),
    limits: ResourceLimits,
    description: z.string().nullable(),
    address: z.string().meta({ description: 'Where agents reach it: the base URL for their SDK starts here' }),
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: Revision,
  })
  .meta({ id: 'Resource' })

export const ResourceQuery = PageQuery.extend({
  kind: ResourceKind.optional(),
  provider: Provider.optional(),
  credential: idSchema('credential').optional(),
  q: z.string().max(200).optional(),
})

export type Injection = z.infer<typeof Injection>
export type ResourceLimits = z.infer<typeof ResourceLimits>
export type ResourceCreate = z.infer<typeof ResourceCreate>
export type ResourceUpdate = z.infer<typeof ResourceUpdate>
export type Resource = z.infer<typeof Resource>
export type ResourceQuery = z.infer<typeof ResourceQuery>
