import { sessionRoutes, userRoutes } from '@keyward/contract/routes/people'
import { endTokensBeyondRoles } from '../../lifecycle/end-beyond-roles.ts'
import { endTokens, liveOf } from '../../lifecycle/end-tokens.ts'
import { revokeConsents } from '../../lifecycle/revoke-consent.ts'
import { createUser, eraseUser, updateUser } from '../../people/change-users.ts'
import type { People, Trx } from '../../people/people.ts'
import { endSession, listSessions } from '../../people/sessions.ts'
import { inviteUser } from '../../people/sign-in-links.ts'
import { listUsers, showUserById } from '../../people/users.ts'
import type { Act } from '../act.ts'
import { type Implementation, implement } from '../handle.ts'

/** Users and their sessions, as admins and auditors see them. */
export function userHandlers(people: People): Implementation[] {
  return [
    implement(userRoutes.list, ({ permit, query }) => listUsers(people.db, permit, query)),
    implement(userRoutes.show, ({ permit, params }) => {
      permit.requireAll()
      return showUserById(people.db, params.id)
    }),
    implement(userRoutes.create, ({ permit, body, request, transact }) =>
      transact((trx) => createUser(people, trx, request, permit, body)),
    ),
    implement(userRoutes.update, ({ permit, params, body, request, transact }) =>
      transact(async (trx, act) => {
        const user = await updateUser(people, trx, request, permit, params.id, body)
        if (user.state === 'disabled') await endTokensOf(trx, act, user.id)
        else if (body.roles !== undefined)
          for (const token of await endTokensBeyondRoles(trx, [user.id])) act.change('token', token, 'revoked')
        return user
      }),
    ),
    implement(userRoutes.erase, ({ permit, params, request, transact }) =>
      transact(async (trx, act) => {
        const user = await eraseUser(people, trx, request, permit, params.id)
        await endTokensOf(trx, act, user.id)
        return user
      }),
    ),
    implement(userRoutes.invite, ({ permit, params, request, transact }) =>
      transact(async (trx) => {
        permit.requireAll()
        const { url, expiresAt } = await inviteUser(people, trx, request, permit.principal.user.id, params.id)
        return { url, expires_at: expiresAt.toISOString() }
      }),
    ),
    implement(sessionRoutes.list, ({ permit, query }) => listSessions(people, permit, query)),
    implement(sessionRoutes.end, async ({ permit, params, request, transact }) => {
      permit.requireAll()
      await transact(async (trx) => {
        await endSession(people, trx, request, permit.principal, params.id)
        return undefined
      })
      return undefined
    }),
  ]
}

/** What is held by the leave of somebody who has no access any more: consents for good, every token of their clients, and what they minted by hand. */
async function endTokensOf(trx: Trx, act: Act, user: string): Promise<void> {
  const { tokens } = await revokeConsents(trx, { user }, 'the person has no access any more')
  const others = liveOf([...(await endTokens(trx, 'user_id', [user])), ...(await endTokens(trx, 'minted_by', [user]))])
  for (const token of [...tokens, ...others]) act.change('token', token, 'revoked')
}
