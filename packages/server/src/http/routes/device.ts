import { KeywardError } from '@keyward/contract/errors'
import { routes } from '@keyward/contract/routes'
import { decideDeviceLogin, findDeviceLogin } from '../../people/device-logins.ts'
import type { People } from '../../people/people.ts'
import type { Principal } from '../../people/principal.ts'
import { type Implementation, implement } from '../handle.ts'

const { deviceLogins } = routes

/** What the console's device page asks. */
export function deviceLoginHandlers(people: People): Implementation[] {
  return [
    implement(deviceLogins.find, async ({ principal, body, request }) => {
      requireBrowser(principal)
      return await findDeviceLogin(people, request, principal, body.user_code)
    }),
    implement(deviceLogins.decide, async ({ principal, body, request }) => {
      requireBrowser(principal)
      await decideDeviceLogin(people, request, principal, body)
      return undefined
    }),
  ]
}

/** A token that made others would never end. */
function requireBrowser(principal: Principal): void {
  if (principal.proof.kind !== 'session')
    throw new KeywardError('forbidden', 'A login is approved by a person at a browser: an API token cannot make another')
}
