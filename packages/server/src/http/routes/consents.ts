import type { Consent } from '@keyward/contract/consents'
import { routes } from '@keyward/contract/routes'
import { revokeConsents } from '../../lifecycle/revoke-consent.ts'
import { type ConsentReach, listConsents, showConsent } from '../../people/consents.ts'
import type { Trx } from '../../people/people.ts'
import type { Act } from '../act.ts'
import { type Implementation, implement } from '../handle.ts'
import type { Services } from '../services.ts'

const { consents, myConsents } = routes

export function consentHandlers(services: Services): Implementation[] {
  const { db } = services
  return [
    implement(consents.list, ({ permit, query }) => listConsents(db, permit, query)),
    implement(consents.show, ({ permit, params }) => showConsent(db, permit, params.id)),
    implement(consents.revoke, ({ permit, params, body, transact }) =>
      transact((trx, act) => revokeConsent(trx, act, permit, params.id, body.reason)),
    ),
    implement(myConsents.list, ({ principal, query }) => listConsents(db, { user: principal.user.id }, query)),
    implement(myConsents.revoke, ({ principal, params, body, transact }) =>
      transact((trx, act) => revokeConsent(trx, act, { user: principal.user.id }, params.id, body.reason ?? 'disconnected by the person')),
    ),
  ]
}

/** Revoking what is revoked changes nothing. @throws KeywardError `not-found` */
async function revokeConsent(trx: Trx, act: Act, whose: ConsentReach, id: string, reason: string): Promise<Consent> {
  await showConsent(trx, whose, id)
  const { tokens } = await revokeConsents(trx, { id }, reason)
  const consent = await showConsent(trx, whose, id)
  await act.record({
    action: 'consent.revoke',
    target: { kind: 'consent', id },
    grant: consent.grant,
    workload: consent.workload,
    resource: consent.resource,
    environment: consent.environment,
    onBehalfOf: consent.user,
    reason,
    details: { client: consent.client, tokens: tokens.length },
  })
  for (const token of tokens) act.change('token', token, 'revoked')
  act.change('consent', id, 'revoked')
  return consent
}
