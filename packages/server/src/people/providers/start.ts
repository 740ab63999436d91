import { limits } from '@keyward/contract/limits'
import { sql } from 'kysely'
import * as oidc from 'openid-client'
import { hashOf } from '../../observe/secret-string.ts'
import { countAttempt } from '../attempts.ts'
import type { Caller, People } from '../people.ts'
import { bindBrowser } from './browser-cookie.ts'
import { discover } from './client.ts'
import { providerFailed, whyNot } from './failure.ts'
import { ownPath } from './return-to.ts'
import { redirectUri } from './rows.ts'

export interface Departure {
  /** At the provider. */
  readonly url: string
  /** The value of `Set-Cookie` that ties the way back to this browser. */
  readonly cookie: string
}

export interface DepartureOptions {
  readonly provider: string
  readonly to?: string | undefined
  /** Asks the provider to ask for the password or second factor again. */
  readonly again: boolean
  /** The signed-in user who connects the provider to their account; undefined for a sign-in. */
  readonly linkFor?: string | undefined
}

/**
 * Sends a browser to a provider: authorization code with PKCE (S256), state and nonce, each new for each departure.
 * @throws KeywardError `provider-sign-in-failed`, `too-many-requests`
 */
export async function depart(people: People, caller: Caller, options: DepartureOptions): Promise<Departure> {
  // Every departure is a row and a request of ours to the provider; the arrival takes it back.
  await countAttempt(people, caller)
  requireOwnHost(people, caller)
  const row = await people.db
    .selectFrom('identity_providers')
    .selectAll()
    .where('id', '=', options.provider)
    .where('state', '=', 'active')
    .executeTakeFirst()
  if (row === undefined) throw providerFailed('This provider is not there any more, or an administrator has disabled it')
  let client: oidc.Configuration
  try {
    client = await discover(people, row)
  } catch (error) {
    const { text, word } = whyNot(error)
    people.log.warn({ provider: row.id, why: word, correlationId: caller.correlationId }, 'an identity provider could not be read')
    throw providerFailed(`${row.name} cannot be asked: ${text}`)
  }
  const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()]
  const browser = bindBrowser(people.origin, caller.headers.get('cookie'))
  await people.db
    .insertInto('provider_logins')
    .values({
      state_hash: hashOf(state),
      provider_id: row.id,
      browser_hash: hashOf(browser.value),
      nonce,
      code_verifier: verifier,
      return_to: ownPath(people.origin, options.to),
      user_id: options.linkFor ?? null,
      again: options.again,
      expires_at: sql<Date>`now() + make_interval(mins => ${limits.providerSignInMinutesMax})`,
    })
    .execute()
  const url = oidc.buildAuthorizationUrl(client, {
    redirect_uri: redirectUri(people.origin, row.id),
    scope: row.scopes.join(' '),
    state,
    nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    // OIDC Core 1.0, section 3.1.2.1: with max_age the answer has to say when the person was asked.
    ...(options.again ? { prompt: 'login', max_age: String(limits.freshAuthMinutesMax * 60) } : {}),
  })
  return { url: url.href, cookie: browser.cookie }
}

/** The provider sends the browser to the one address that is registered there: the cookie has to be of that host. */
function requireOwnHost(people: Pick<People, 'origin'>, caller: Caller): void {
  if (caller.headers.get('host') === new URL(people.origin).host) return
  throw providerFailed(`Providers send people back to ${people.origin}: open the console there and sign in`)
}
