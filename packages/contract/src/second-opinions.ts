import { z } from 'zod'
import { Reason } from './fields.ts'
import { idSchema } from './ids.ts'
import { PageQuery, Timestamp } from './page.ts'

/** The header by which a request names the second opinion that allows it. */
export const secondOpinionHeader = 'keyward-second-opinion'

/** `open`: nobody has decided. `approved`: it can be used, once. `ended`: nobody decided in time, or nobody used the yes. */
export const secondOpinionStates = ['open', 'approved', 'refused', 'used', 'ended'] as const

export const SecondOpinion = z
  .object({
    id: idSchema('secondOpinion'),
    action: z.string().meta({ description: 'The operation, such as users.update' }),
    summary: z.string(),
    details: z.array(z.object({ name: z.string(), value: z.string() })).meta({ description: 'The request in words. Secrets are left out' }),
    state: z.enum(secondOpinionStates),
    asked_by: z.object({ id: idSchema('user'), name: z.string() }),
    asked_at: Timestamp,
    expires_at: Timestamp,
    decided_by: z.object({ id: idSchema('user'), name: z.string() }).nullable(),
    decided_at: Timestamp.nullable(),
    reason: z.string().nullable(),
    used_at: Timestamp.nullable(),
    yours: z.boolean().meta({ description: 'You asked for it, so somebody else decides' }),
  })
  .meta({ id: 'SecondOpinion' })

export const SecondOpinionApprove = z.strictObject({ reason: Reason.optional() }).meta({ id: 'SecondOpinionApprove' })
export const SecondOpinionRefuse = z.strictObject({ reason: Reason }).meta({ id: 'SecondOpinionRefuse' })
export const SecondOpinionQuery = PageQuery.extend({ state: z.enum(['open', 'decided']).optional() })

export const Settings = z
  .object({ second_opinion: z.boolean().meta({ description: "Dangerous acts need another admin's yes" }) })
  .meta({ id: 'Settings' })
export const SettingsUpdate = z.strictObject({ second_opinion: z.boolean() }).partial().meta({ id: 'SettingsUpdate' })

export type SecondOpinion = z.infer<typeof SecondOpinion>
export type SecondOpinionQuery = z.infer<typeof SecondOpinionQuery>
export type Settings = z.infer<typeof Settings>
export type SettingsUpdate = z.infer<typeof SettingsUpdate>
