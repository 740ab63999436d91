import { z } from 'zod'
import { Provider } from './fields.ts'
import { ModelPattern } from './grants.ts'
import { idSchema } from './ids.ts'
import { UsdAmount } from './money.ts'
import { PageQuery, Revision, Timestamp } from './page.ts'
import { BudgetWindow } from './words.ts'

/** Exactly one level. `org` takes the installation's id or the word `org`. */
export const BudgetScope = z
  .strictObject({
    org: z.union([z.literal('org'), idSchema('installation')]),
    team: idSchema('owner'),
    workload: idSchema('workload'),
    grant: idSchema('grant'),
  })
  .partial()
  .refine(
    (scope) => Object.values(scope).filter((value) => value !== undefined).length === 1,
    'name exactly one of org, team, workload, grant',
  )
  .meta({ id: 'BudgetScope' })

export const BudgetCreate = z.strictObject({ scope: BudgetScope, limit_usd: UsdAmount, window: BudgetWindow }).meta({ id: 'BudgetCreate' })
export const BudgetUpdate = z.strictObject({ limit_usd: UsdAmount }).partial().meta({ id: 'BudgetUpdate' })
export const Budget = z
  .object({
    id: idSchema('budget'),
    scope: BudgetScope,
    limit_usd: z.string(),
    window: BudgetWindow,
    spent_usd: z.string().meta({ description: 'Settled in the running window' }),
    reserved_usd: z.string().meta({ description: 'Held by running calls' }),
    remaining_usd: z.string(),
    window_start: Timestamp,
    window_end: Timestamp.nullable(),
    created_at: Timestamp,
    updated_at: Timestamp,
    revision: Revision,
  })
  .meta({ id: 'Budget' })
export const BudgetQuery = PageQuery.extend({
  team: idSchema('owner').optional(),
  workload: idSchema('workload').optional(),
  grant: idSchema('grant').optional(),
})

/** A price of our own, which goes before the built-in table: for contracts, private models, unknown ones. Dollars a million tokens. */
export const PriceCreate = z
  .strictObject({
    provider: Provider,
    model: ModelPattern,
    input_usd_per_million: UsdAmount,
    output_usd_per_million: UsdAmount,
    cached_input_usd_per_million: UsdAmount.optional(),
    cache_write_usd_per_million: UsdAmount.optional(),
    request_usd: UsdAmount.optional(),
  })
  .meta({ id: 'PriceCreate' })
export const Price = PriceCreate.extend({ id: idSchema('price'), created_at: Timestamp, updated_at: Timestamp, revision: Revision }).meta({
  id: 'Price',
})

export type BudgetScope = z.infer<typeof BudgetScope>
export type BudgetCreate = z.infer<typeof BudgetCreate>
export type BudgetUpdate = z.infer<typeof BudgetUpdate>
export type Budget = z.infer<typeof Budget>
export type BudgetQuery = z.infer<typeof BudgetQuery>
export type PriceCreate = z.infer<typeof PriceCreate>
export type Price = z.infer<typeof Price>
