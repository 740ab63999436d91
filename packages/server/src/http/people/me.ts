import { meRoutes } from '@keyward/contract/routes/people'
import { createApiToken, listApiTokens, revokeApiToken } from '../../people/api-tokens.ts'
import { describeMe } from '../../people/me.ts'
import { addPasskey, listPasskeys, passkeyAddOptions, removePasskey } from '../../people/passkeys.ts'
import { setPassword } from '../../people/passwords.ts'
import type { People } from '../../people/people.ts'
import { endSession, listSessionsOf } from '../../people/sessions.ts'
import { type Implementation, implement } from '../handle.ts'

/** What people do with their own account. */
export function meHandlers(people: People): Implementation[] {
  return [
    implement(meRoutes.show, ({ principal }) => describeMe(people, principal)),
    implement(meRoutes.setPassword, async ({ principal, body, request }) => {
      await setPassword(people, request, principal, body)
      return undefined
    }),
    implement(meRoutes.passkeyOptions, ({ principal, request }) => passkeyAddOptions(people, request, principal)),
    implement(meRoutes.addPasskey, ({ principal, body, request }) => addPasskey(people, request, principal, body)),
    implement(meRoutes.listPasskeys, async ({ principal }) => ({ items: await listPasskeys(people, principal) })),
    implement(meRoutes.removePasskey, async ({ principal, params, request, transact }) => {
      await transact(async (trx) => {
        await removePasskey(people, trx, request, principal, params.id)
        return undefined
      })
      return undefined
    }),
    implement(meRoutes.listSessions, async ({ principal }) => ({ items: await listSessionsOf(people, principal) })),
    implement(meRoutes.endSession, async ({ principal, params, request, transact }) => {
      await transact(async (trx) => {
        await endSession(people, trx, request, principal, params.id, principal.user.id)
        return undefined
      })
      return undefined
    }),
    implement(meRoutes.listApiTokens, ({ principal, query }) => listApiTokens(people, principal, query)),
    implement(meRoutes.createApiToken, ({ principal, body, request, transact }) =>
      transact((trx) => createApiToken(people, trx, request, principal, body)),
    ),
    implement(meRoutes.revokeApiToken, async ({ principal, params, request, transact }) => {
      await transact(async (trx) => {
        await revokeApiToken(people, trx, request, principal, params.id)
        return undefined
      })
      return undefined
    }),
  ]
}
