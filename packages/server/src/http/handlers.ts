import type { People } from '../people/people.ts'
import type { Implementation } from './handle.ts'
import { meHandlers } from './people/me.ts'
import { providerHandlers } from './people/providers.ts'
import { secondOpinionHandlers } from './people/second-opinions.ts'
import { signInHandlers } from './people/sign-in.ts'
import { userHandlers } from './people/users.ts'
import { authorizationHandlers } from './routes/authorize.ts'
import { budgetHandlers } from './routes/budgets.ts'
import { consentHandlers } from './routes/consents.ts'
import { credentialHandlers } from './routes/credentials.ts'
import { detectionHandlers } from './routes/detections.ts'
import { deviceLoginHandlers } from './routes/device.ts'
import { environmentHandlers } from './routes/environments.ts'
import { grantHandlers } from './routes/grants.ts'
import { issuerHandlers } from './routes/issuers.ts'
import { oauthClientHandlers } from './routes/oauth-clients.ts'
import { ownerHandlers } from './routes/owners.ts'
import { priceHandlers } from './routes/prices.ts'
import { recordHandlers } from './routes/records.ts'
import { resourceHandlers } from './routes/resources.ts'
import { tenantHandlers } from './routes/tenants.ts'
import { tokenHandlers } from './routes/tokens.ts'
import { workloadHandlers } from './routes/workloads.ts'
import type { Services } from './services.ts'

/** The handler of every route of the contract; `createApi` checks that none is missing. */
export function apiHandlers(services: Services, people: People): Implementation[] {
  const ours = [
    credentialHandlers,
    detectionHandlers,
    ownerHandlers,
    tenantHandlers,
    environmentHandlers,
    workloadHandlers,
    issuerHandlers,
    resourceHandlers,
    grantHandlers,
    tokenHandlers,
    budgetHandlers,
    priceHandlers,
    recordHandlers,
    consentHandlers,
    oauthClientHandlers,
    authorizationHandlers,
  ].flatMap((handlers) => handlers(services))
  return [
    ...ours,
    ...signInHandlers(people),
    ...meHandlers(people),
    ...userHandlers(people),
    ...deviceLoginHandlers(people),
    ...providerHandlers(people),
    ...secondOpinionHandlers(people),
  ]
}
