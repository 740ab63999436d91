import { identityProviderRoutes, myLinkRoutes, providerSignInRoutes, userLinkRoutes } from '@keyward/contract/routes/providers'
import { endTokensBeyondRoles } from '../../lifecycle/end-beyond-roles.ts'
import { bySession } from '../../people/authenticate.ts'
import { describeMe } from '../../people/me.ts'
import type { People, Trx } from '../../people/people.ts'
import { releaseBrowser } from '../../people/providers/browser-cookie.ts'
import { checkProvider, createProvider, deleteProvider, updateProvider } from '../../people/providers/change.ts'
import { arrive } from '../../people/providers/finish.ts'
import { linkUser, listLinks, unlinkUser } from '../../people/providers/links.ts'
import { listProviders, showProviderById, signInProviders } from '../../people/providers/rows.ts'
import { depart } from '../../people/providers/start.ts'
import { requireSameOrigin } from '../../people/same-origin.ts'
import { showUserById } from '../../people/users.ts'
import type { Act } from '../act.ts'
import { type Implementation, implement } from '../handle.ts'
import type { RequestFacts } from '../request-facts.ts'

/** Identity providers as admins configure them, signing in by them, and who is connected to which. */
export function providerHandlers(people: People): Implementation[] {
  return [...configuration(people), ...signingIn(people), ...links(people)]
}

function configuration(people: People): Implementation[] {
  return [
    implement(identityProviderRoutes.list, ({ permit, query }) => listProviders(people, permit, query)),
    implement(identityProviderRoutes.show, ({ permit, params }) => {
      permit.requireAll()
      return showProviderById(people, people.db, params.id)
    }),
    implement(identityProviderRoutes.create, async ({ permit, body, transact }) => {
      permit.requireAll()
      await checkProvider(people, body)
      return await transact(async (trx, act) => {
        const provider = await createProvider(people, trx, permit, body)
        const { name: _, client_secret: __, mappings, ...details } = body
        await act.record({ target: { kind: 'identity_provider', id: provider.id }, details: { ...details, mappings: mappings.length } })
        act.change('identity_provider', provider.id)
        return provider
      })
    }),
    implement(identityProviderRoutes.update, ({ permit, params, body, revision, transact }) =>
      transact(async (trx, act) => {
        const { provider, withdrawn } = await updateProvider(people, trx, permit, params.id, body, revision)
        await act.record({
          target: { kind: 'identity_provider', id: params.id },
          details: { changed: Object.keys(body).sort(), ...(body.state === undefined ? {} : { state: body.state }) },
        })
        await endBeyondRoles(trx, act, withdrawn)
        act.change('identity_provider', params.id)
        return provider
      }),
    ),
    implement(identityProviderRoutes.delete, ({ permit, params, revision, transact }) =>
      transact(async (trx, act) => {
        const withdrawn = await deleteProvider(trx, permit, params.id, revision)
        await act.record({ target: { kind: 'identity_provider', id: params.id } })
        await endBeyondRoles(trx, act, withdrawn)
        act.change('identity_provider', params.id)
        return undefined
      }),
    ),
  ]
}

function signingIn(people: People): Implementation[] {
  const ownPage = (request: RequestFacts) => requireSameOrigin(people.origin, request, { cookies: false })
  return [
    implement(providerSignInRoutes.list, async () => ({ items: await signInProviders(people.db) })),
    implement(providerSignInRoutes.start, async ({ body, request, answerHeaders }) => {
      ownPage(request)
      const { url, cookie } = await depart(people, request, body)
      answerHeaders.append('set-cookie', cookie)
      return { url }
    }),
    implement(providerSignInRoutes.finish, async ({ body, request, answerHeaders }) => {
      ownPage(request)
      const { session, token, to } = await arrive(people, request, body.provider, body.query)
      if (session !== undefined) answerHeaders.append('set-cookie', session.cookie)
      answerHeaders.append('set-cookie', releaseBrowser(people.origin))
      return { me: await describeMe(people, await bySession(people, token)), to, linked: session === undefined }
    }),
  ]
}

function links(people: People): Implementation[] {
  return [
    implement(myLinkRoutes.list, async ({ principal }) => ({ items: await listLinks(people.db, principal.user.id) })),
    implement(myLinkRoutes.start, async ({ principal, body, request, answerHeaders }) => {
      const { url, cookie } = await depart(people, request, { ...body, again: false, linkFor: principal.user.id })
      answerHeaders.append('set-cookie', cookie)
      return { url }
    }),
    implement(myLinkRoutes.remove, async ({ principal, params, request, transact }) => {
      const { id } = principal.user
      await transact(async (trx, act) => {
        await unlinkUser(people, trx, request, { by: id, user: id, provider: params.id })
        await endBeyondRoles(trx, act, [id])
        return undefined
      })
      return undefined
    }),
    implement(userLinkRoutes.list, async ({ permit, params }) => {
      permit.requireAll()
      await showUserById(people.db, params.id)
      return { items: await listLinks(people.db, params.id) }
    }),
    implement(userLinkRoutes.add, ({ permit, params, body, request, transact }) =>
      transact((trx) => {
        permit.requireAll()
        const act = { by: permit.principal.user.id, user: params.id, provider: body.provider }
        return linkUser(people, trx, request, act, body.subject)
      }),
    ),
    implement(userLinkRoutes.remove, async ({ permit, params, request, transact }) => {
      await transact(async (trx, act) => {
        permit.requireAll()
        await unlinkUser(people, trx, request, { by: permit.principal.user.id, user: params.id, provider: params.provider })
        await endBeyondRoles(trx, act, [params.id])
        return undefined
      })
      return undefined
    }),
  ]
}

async function endBeyondRoles(trx: Trx, act: Act, users: readonly string[]): Promise<void> {
  for (const token of await endTokensBeyondRoles(trx, users)) act.change('token', token, 'revoked')
}
