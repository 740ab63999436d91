import { z } from 'zod'
import { Description, EnvironmentName, Name } from './fields.ts'
import { idSchema } from './ids.ts'
import { PageQuery, Revision, Timestamp } from './page.ts'
import { WorkloadType } from './words.ts'

/** A public key as a JWK (RFC 7517): EC P-256/P-384, Ed25519 or RSA of at least 2048 bits. A private key is refused. */
export const PublicJwk = z
  .looseObject({ kty: z.enum(['EC', 'OKP', 'RSA']), kid: z.string().max(255).optional(), alg: z.string().max(32).optional() })
  .refine(
    (jwk) => !('d' in jwk) && !('p' in jwk) && !('q' in jwk) && !('k' in jwk),
    'contains a private key: send the public key alone, and replace the private one, for it was shown',
  )
  .meta({ id: 'PublicJwk' })

/** How a workload proves who it is. A client secret is the discouraged last resort. */
export const IdentityCreate = z
  .discriminatedUnion('method', [
    z.strictObject({ method: z.literal('private_key_jwt'), name: Name.optional(), jwk: PublicJwk }),
    z.strictObject({ method: z.literal('client_secret_basic'), name: Name.optional(), expires_at: Timestamp.optional() }),
  ])
  .meta({ id: 'IdentityCreate' })

export const identityMethods = ['private_key_jwt', 'client_secret_basic'] as const

export const Identity = z
  .object({
    id: idSchema('identity'),
    method: z.enum(identityMethods),
    name: z.string().nullable(),
    thumbprint: z.string().nullable().meta({ description: 'RFC 7638 thumbprint of the key' }),
    hint: z.string().nullable(),
    created_at: Timestamp,
    expires_at: Timestamp.nullable(),
    last_used_at: Timestamp.nullable(),
    revoked_at: Timestamp.nullable(),
    client_secret: z.string().optional().meta({ shownOnce: true, description: 'Shown once, when a client secret is created' }),
  })
  .meta({ id: 'Identity' })

export const workloadStates = ['active', 'revoked'] as const

export const WorkloadCreate = z
  .strictObject({
    name: Name,
    type: WorkloadType,
    owner: idSchema('owner'),
    backup_owner: idSchema('owner').optional(),
    environment: EnvironmentName,
    description: Description.optional(),
    identities: z.array(IdentityCreate).max(20).optional(),
  })
  .meta({ id: 'WorkloadCreate' })

export const WorkloadUpdate = WorkloadCreate.omit({ identities: true, type: true, environment: true })
  .extend({ backup_owner: idSchema('owner').nullable(), description: Description.nullable() })
  .partial()
  .meta({ id: 'WorkloadUpdate' })

export const Workload = z
  .object({
    id: idSchema('workload'),
    name: z.string(),
    type: WorkloadType,
    owner: idSchema('owner'),
    backup_owner: idSchema('owner').nullable(),
    environment: z.string(),
    description: z.string().nullable(),
    state: z.enum(workloadStates),
    identities: z.array(Identity),
    last_used_at: Timestamp.nullable(),
    revoked_at: Timestamp.nullable(),
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: Revision,
  })
  .meta({ id: 'Workload' })

export const WorkloadQuery = PageQuery.extend({
  environment: EnvironmentName.optional(),
  owner: idSchema('owner').optional(),
  type: WorkloadType.optional(),
  state: z.enum(workloadStates).optional(),
  q: z.string().max(200).optional(),
})

export type PublicJwk = z.infer<typeof PublicJwk>
export type IdentityCreate = z.infer<typeof IdentityCreate>
export type Identity = z.infer<typeof Identity>
export type WorkloadCreate = z.infer<typeof WorkloadCreate>
export type WorkloadUpdate = z.infer<typeof WorkloadUpdate>
export type Workload = z.infer<typeof Workload>
export type WorkloadQuery = z.infer<typeof WorkloadQuery>
