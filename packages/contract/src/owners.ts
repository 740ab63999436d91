import { z } from 'zod'
import { Description, EnvironmentName, Name } from './fields.ts'
import { idSchema } from './ids.ts'
import { PageQuery, Revision, Timestamp } from './page.ts'
import { OwnerKind } from './words.ts'

export const OwnerCreate = z
  .strictObject({
    kind: OwnerKind,
    name: Name,
    contact: z.string().trim().min(3).max(320).meta({ description: 'Where to reach them: an e-mail address, a channel, a pager' }),
    backup: idSchema('owner').optional().meta({ description: 'Who answers when the owner cannot' }),
    team: idSchema('owner').optional().meta({ description: "A person's team (an owner of kind team)" }),
  })
  .meta({ id: 'OwnerCreate' })

export const OwnerUpdate = OwnerCreate.omit({ kind: true })
  .extend({ backup: idSchema('owner').nullable(), team: idSchema('owner').nullable() })
  .partial()
  .meta({ id: 'OwnerUpdate' })

export const Owner = z
  .object({
    id: idSchema('owner'),
    kind: OwnerKind,
    name: z.string(),
    contact: z.string(),
    backup: idSchema('owner').nullable(),
    team: idSchema('owner').nullable(),
    owns: z
      .object({ credentials: z.number().int(), workloads: z.number().int() })
      .meta({ description: 'How many live things name this owner' }),
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: Revision,
  })
  .meta({ id: 'Owner' })

export const OwnerQuery = PageQuery.extend({
  kind: OwnerKind.optional(),
  team: idSchema('owner').optional(),
  q: z.string().max(200).optional(),
})

/** A tenant is a customer inside a resource. */
export const TenantCreate = z
  .strictObject({
    name: Name,
    external_id: z.string().trim().min(1).max(255).optional().meta({ description: 'What the resource calls it; default: the name' }),
  })
  .meta({ id: 'TenantCreate' })
export const TenantUpdate = TenantCreate.partial().meta({ id: 'TenantUpdate' })
export const Tenant = z
  .object({
    id: idSchema('tenant'),
    name: z.string(),
    external_id: z.string(),
    state: z.enum(['active', 'revoked']),
    revoked_at: Timestamp.nullable(),
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: Revision,
  })
  .meta({ id: 'Tenant' })
export const TenantQuery = PageQuery.extend({ state: z.enum(['active', 'revoked']).optional(), q: z.string().max(200).optional() })

export const EnvironmentCreate = z
  .strictObject({ name: EnvironmentName, description: Description.optional() })
  .meta({ id: 'EnvironmentCreate' })
export const Environment = z
  .object({ name: z.string(), description: z.string().nullable(), created_at: Timestamp })
  .meta({ id: 'Environment' })

export type OwnerCreate = z.infer<typeof OwnerCreate>
export type OwnerUpdate = z.infer<typeof OwnerUpdate>
export type Owner = z.infer<typeof Owner>
export type OwnerQuery = z.infer<typeof OwnerQuery>
export type TenantCreate = z.infer<typeof TenantCreate>
export type TenantUpdate = z.infer<typeof TenantUpdate>
export type Tenant = z.infer<typeof Tenant>
export type TenantQuery = z.infer<typeof TenantQuery>
export type EnvironmentCreate = z.infer<typeof EnvironmentCreate>
export type Environment = z.infer<typeof Environment>
