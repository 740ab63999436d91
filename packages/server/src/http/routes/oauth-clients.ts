import { routes } from '@keyward/contract/routes'
import { revokeConsents } from '../../lifecycle/revoke-consent.ts'
import { createClient, listClients, markClientRevoked, showClient, updateClient } from '../../people/connected-clients.ts'
import { type Implementation, implement } from '../handle.ts'
import type { Services } from '../services.ts'

const { oauthClients } = routes

export function oauthClientHandlers(services: Services): Implementation[] {
  const { db } = services
  const target = (id: string) => ({ target: { kind: 'oauth_client', id } })
  return [
    implement(oauthClients.list, ({ permit, query }) => listClients(db, permit, query)),
    implement(oauthClients.show, ({ permit, params }) => showClient(db, permit, params.id)),
    implement(oauthClients.create, ({ permit, body, transact }) =>
      transact(async (trx, act) => {
        const client = await createClient(trx, permit, body)
        await act.record({ ...target(client.id), details: { client: client.client_id } })
        act.change('oauth_client', client.id)
        return client
      }),
    ),
    implement(oauthClients.update, ({ permit, params, body, revision, transact }) =>
      transact(async (trx, act) => {
        const client = await updateClient(trx, permit, params.id, body, revision)
        await act.record({ ...target(client.id), details: { changed: Object.keys(body) } })
        act.change('oauth_client', client.id)
        return client
      }),
    ),
    implement(oauthClients.revoke, ({ permit, params, body, transact }) =>
      transact(async (trx, act) => {
        const { client } = await markClientRevoked(trx, permit, params.id)
        const ended = await revokeConsents(trx, { client: client.client_id }, body.reason)
        await act.record({
          ...target(client.id),
          reason: body.reason,
          details: { consents: ended.consents.length, tokens: ended.tokens.length },
        })
        for (const token of ended.tokens) act.change('token', token, 'revoked')
        act.change('oauth_client', client.id, 'revoked')
        return client
      }),
    ),
  ]
}
