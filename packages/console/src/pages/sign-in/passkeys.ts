import { browserSupportsWebAuthn, startRegistration } from '@simplewebauthn/browser'
import { api } from '../../api/client.ts'
import { LocalError } from '../../api/failure.ts'

/** Why this page can't use passkeys; undefined where it can. */
export function passkeyObstacle(): string | undefined {
  if (!browserSupportsWebAuthn()) return 'This browser has no passkeys, or the connection is not secure (use https, or localhost).'
  if (/^[\d.]+$|^\[/.test(window.location.hostname))
    return 'Passkeys need a host name: open the console as localhost instead of by an address.'
  return undefined
}

/** Runs a ceremony of the browser; says plainly how it ended where it ended badly. */
export async function passkeyFailure<T>(ceremony: () => Promise<T>): Promise<T> {
  try {
    return await ceremony()
  } catch (error) {
    const name = error instanceof Error ? error.name : ''
    if (name === 'NotAllowedError' || name === 'AbortError')
      throw new LocalError('The passkey was not used', 'The request was closed or took too long: try again.')
    if (name === 'InvalidStateError')
      throw new LocalError('This device has a passkey for Keyward already', 'Use it, or add one on another device.')
    throw error
  }
}

/** Makes a passkey on this device and registers it. */
export async function addPasskey(name: string) {
  const options = await api.me.passkeyOptions()
  const response = await passkeyFailure(() =>
    startRegistration({ optionsJSON: options as unknown as Parameters<typeof startRegistration>[0]['optionsJSON'] }),
  )
  return await api.me.addPasskey({ ...(name.trim() === '' ? {} : { name: name.trim() }), response: { ...response } })
}
