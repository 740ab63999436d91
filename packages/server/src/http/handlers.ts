import type { Implementation } from './handle.ts'
import { budgetHandlers } from './routes/budgets.ts'
import { credentialHandlers } from './routes/credentials.ts'
import { environmentHandlers } from './routes/environments.ts'
import { grantHandlers } from './routes/grants.ts'
import { ownerHandlers } from './routes/owners.ts'
import { priceHandlers } from './routes/prices.ts'
import { recordHandlers } from './routes/records.ts'
import { resourceHandlers } from './routes/resources.ts'
import { tenantHandlers } from './routes/tenants.ts'
import { tokenHandlers } from './routes/tokens.ts'
import { workloadHandlers } from './routes/workloads.ts'
import type { Services } from './services.ts'

/** The handlers of everything but people (http/people/): together they are all routes, which `createApi` checks. */
export function inventoryHandlers(services: Services): Implementation[] {
  return [
    credentialHandlers,
    ownerHandlers,
    tenantHandlers,
    environmentHandlers,
    workloadHandlers,
    resourceHandlers,
    grantHandlers,
    tokenHandlers,
    budgetHandlers,
    priceHandlers,
    recordHandlers,
  ].flatMap((handlers) => handlers(services))
}
