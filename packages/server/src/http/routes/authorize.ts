import { routes } from '@keyward/contract/routes'
import { approve, denied, describeAsk, readCarriedAsk } from '../../people/authorize-client.ts'
import { type Implementation, implement } from '../handle.ts'
import type { Services } from '../services.ts'

const { authorizations } = routes

/** What the console's consent page asks. */
export function authorizationHandlers(services: Services): Implementation[] {
  const deps = { db: services.db, clients: services.clients, issuer: services.address.origin }
  return [
    implement(authorizations.read, async ({ principal, body }) =>
      describeAsk(deps, principal, await readCarriedAsk(deps, principal, body.request)),
    ),
    implement(authorizations.decide, async ({ principal, body, transact }) => {
      // Fetching the client's document leaves the process: before the transaction.
      const ask = await readCarriedAsk(deps, principal, body.request)
      const { client } = ask
      return await transact(async (trx, act) => {
        if (!body.approve) {
          await act.record({
            action: 'consent.create',
            decision: 'refused',
            code: 'access_denied',
            details: { client: client.id, client_name: client.name },
          })
          return { redirect_to: denied(deps, ask) }
        }
        const decided = await approve(trx, deps, principal, ask, body)
        const { grant, consent } = decided
        await act.record({
          action: consent === undefined ? 'login.approve' : 'consent.create',
          ...(consent === undefined ? {} : { target: { kind: 'consent', id: consent } }),
          ...(grant === undefined ? {} : { grant: grant.id, workload: grant.workload, environment: grant.environment }),
          onBehalfOf: principal.user.id,
          details: {
            client: client.id,
            client_name: client.name,
            redirect: new URL(ask.to.redirectUri).host || new URL(ask.to.redirectUri).protocol,
            ...(consent === undefined ? {} : { days: body.days }),
          },
        })
        return { redirect_to: decided.redirectTo }
      })
    }),
  ]
}
