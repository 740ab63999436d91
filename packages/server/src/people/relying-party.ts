import { isIP } from 'node:net'
import { KeywardError } from '@keyward/contract/errors'
import type { Caller, People } from './people.ts'

/** Whom a passkey is made for (WebAuthn Level 3, section 4, "Relying Party Identifier"). */
export interface RelyingParty {
  /** A host name, never an address. */
  readonly id: string
  readonly origin: string
}

/**
 * The installation's own host, or `localhost` where the request came to that. The request's `Host` never decides more than between these.
 * @throws KeywardError `sign-in-failed` where the installation has an address in place of a name
 */
export function relyingParty(people: Pick<People, 'origin'>, caller: Caller): RelyingParty {
  const own = new URL(people.origin)
  const host = URL.parse(`${own.protocol}//${caller.headers.get('host') ?? ''}`)
  if (host?.hostname === 'localhost' && isLoopbackName(own.hostname)) return { id: 'localhost', origin: host.origin }
  const id = own.hostname
  if (isIP(id.replace(/^\[|\]$/g, '')) !== 0) {
    throw new KeywardError(
      'sign-in-failed',
      `Passkeys need a host name: open the console at ${own.protocol}//localhost${own.port === '' ? '' : `:${own.port}`}`,
    )
  }
  return { id, origin: own.origin }
}

function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname)
}
