import type { Route } from './route.ts'
import { authorizationRoutes, consentRoutes, deviceLoginRoutes, myConsentRoutes, oauthClientRoutes } from './routes/connect.ts'
import { detectionRoutes } from './routes/discovery.ts'
import {
  credentialRoutes,
  environmentRoutes,
  ownerRoutes,
  resourceRoutes,
  teamRoutes,
  tenantRoutes,
  workloadRoutes,
} from './routes/inventory.ts'
import { meRoutes, sessionRoutes, signInRoutes, userRoutes } from './routes/people.ts'
import {
  auditRoutes,
  budgetRoutes,
  grantRoutes,
  nodeRoutes,
  overviewRoutes,
  priceRoutes,
  tokenRoutes,
  usageRoutes,
} from './routes/policy.ts'
import {
  identityProviderRoutes,
  myLinkRoutes,
  providerSignInRoutes,
  secondOpinionRoutes,
  settingRoutes,
  userLinkRoutes,
} from './routes/providers.ts'
import { issuerRoutes } from './routes/trust.ts'

/** Every operation of the control API, by resource. The SDK's client has the same shape. */
export const routes = {
  credentials: credentialRoutes,
  detections: detectionRoutes,
  owners: ownerRoutes,
  teams: teamRoutes,
  tenants: tenantRoutes,
  environments: environmentRoutes,
  workloads: workloadRoutes,
  issuers: issuerRoutes,
  resources: resourceRoutes,
  grants: grantRoutes,
  tokens: tokenRoutes,
  budgets: budgetRoutes,
  prices: priceRoutes,
  usage: usageRoutes,
  audit: auditRoutes,
  overview: overviewRoutes,
  nodes: nodeRoutes,
  signIn: signInRoutes,
  me: meRoutes,
  users: userRoutes,
  sessions: sessionRoutes,
  consents: consentRoutes,
  myConsents: myConsentRoutes,
  oauthClients: oauthClientRoutes,
  authorizations: authorizationRoutes,
  deviceLogins: deviceLoginRoutes,
  identityProviders: identityProviderRoutes,
  providerSignIn: providerSignInRoutes,
  myLinks: myLinkRoutes,
  userLinks: userLinkRoutes,
  secondOpinions: secondOpinionRoutes,
  settings: settingRoutes,
} as const

export function allRoutes(): readonly Route[] {
  return Object.values(routes).flatMap((group) => Object.values(group) as unknown as Route[])
}
