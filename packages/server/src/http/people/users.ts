import { sessionRoutes, userRoutes } from '@keyward/contract/routes/people'
import { createUser, eraseUser, updateUser } from '../../people/change-users.ts'
import type { People } from '../../people/people.ts'
import { endSession, listSessions } from '../../people/sessions.ts'
import { inviteUser } from '../../people/sign-in-links.ts'
import { listUsers, showUserById } from '../../people/users.ts'
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
      transact((trx) => updateUser(people, trx, request, permit, params.id, body)),
    ),
    implement(userRoutes.erase, ({ permit, params, request, transact }) =>
      transact((trx) => eraseUser(people, trx, request, permit, params.id)),
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
