import type { Me } from '@keyward/contract/people'
import { signInRoutes } from '@keyward/contract/routes/people'
import { sql } from 'kysely'
import { bySession } from '../../people/authenticate.ts'
import { beginLocalLogin, finishLocalLogin } from '../../people/local-login.ts'
import { describeMe } from '../../people/me.ts'
import { passkeySignInOptions, signInByPasskey } from '../../people/passkeys.ts'
import { signInByPassword } from '../../people/passwords.ts'
import { type People, recordOf } from '../../people/people.ts'
import { requireSameOrigin } from '../../people/same-origin.ts'
import { endCookie } from '../../people/session-cookie.ts'
import type { StartedSession } from '../../people/sessions.ts'
import { signInByLink } from '../../people/sign-in-links.ts'
import { type Implementation, implement } from '../handle.ts'
import type { RequestFacts } from '../request-facts.ts'

/** Signing in and out. Whoever signs in from a page does so from ours: nobody is signed in as somebody else by a foreign site. */
export function signInHandlers(people: People): Implementation[] {
  const ownPage = (request: RequestFacts) => requireSameOrigin(people.origin, request, { cookies: false })
  const welcome = async (started: StartedSession, answerHeaders: Headers): Promise<Me> => {
    answerHeaders.append('set-cookie', started.cookie)
    return describeMe(people, await bySession(people, started.token))
  }
  return [
    implement(signInRoutes.byLink, async ({ body, request, answerHeaders }) => {
      ownPage(request)
      return welcome(await signInByLink(people, request, body.token), answerHeaders)
    }),
    implement(signInRoutes.byPassword, async ({ body, request, answerHeaders }) => {
      ownPage(request)
      return welcome(await signInByPassword(people, request, body), answerHeaders)
    }),
    implement(signInRoutes.passkeyOptions, async ({ request }) => {
      ownPage(request)
      return passkeySignInOptions(people, request)
    }),
    implement(signInRoutes.byPasskey, async ({ body, request, answerHeaders }) => {
      ownPage(request)
      return welcome(await signInByPasskey(people, request, body.response), answerHeaders)
    }),
    implement(signInRoutes.localChallenge, async ({ request }) => {
      const { text, expiresAt } = await beginLocalLogin(people, request)
      return { challenge: text, expires_at: expiresAt.toISOString() }
    }),
    implement(signInRoutes.local, async ({ body, request }) => {
      const { token, expiresAt } = await finishLocalLogin(people, request, body)
      return { token, expires_at: expiresAt.toISOString() }
    }),
    implement(signInRoutes.out, async ({ principal, request, transact, answerHeaders }) => {
      answerHeaders.append('set-cookie', endCookie(people.origin))
      const { kind, id, method } = principal.proof
      // A personal API token outlives signing out; it is ended by its own route.
      if (method === 'token') return undefined
      await transact(async (trx) => {
        if (kind === 'session') await trx.updateTable('sessions').set({ ended_at: sql`now()` }).where('id', '=', id).execute()
        else await trx.updateTable('api_tokens').set({ revoked_at: sql`now()` }).where('id', '=', id).execute()
        await people.audit.recordIn(trx, {
          action: 'session.end',
          decision: 'done',
          actor: { kind: 'user', id: principal.user.id },
          target: { kind, id },
          ...recordOf(request, principal.user.id),
        })
        return undefined
      })
      return undefined
    }),
  ]
}
