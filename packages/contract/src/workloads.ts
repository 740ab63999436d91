import { z } from 'zod'
import { Description, EnvironmentName, Name } from './fields.ts'
import { Identity, IdentityCreate } from './identities.ts'
import { idSchema } from './ids.ts'
import { PageQuery, Revision, Timestamp } from './page.ts'
import { AssuranceLevel, WorkloadType } from './words.ts'

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
    assurance: AssuranceLevel.nullable().meta({
      description: 'That of its weakest live identity: whoever can use that one is the workload. Null: it has none',
    }),
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
  issuer: idSchema('issuer').optional().meta({ description: 'Those with a live identity that relies on this issuer' }),
  q: z.string().max(200).optional(),
})

export type WorkloadCreate = z.infer<typeof WorkloadCreate>
export type WorkloadUpdate = z.infer<typeof WorkloadUpdate>
export type Workload = z.infer<typeof Workload>
export type WorkloadQuery = z.infer<typeof WorkloadQuery>
