import { setTimeout as pause } from 'node:timers/promises'
import { exitCodes, Failure } from '../failure.ts'
import { clientId, type Login, loginOf, postForm } from './login-endpoints.ts'

/** What the person has to be shown. */
export interface DeviceCode {
  readonly userCode: string
  readonly address: string
  readonly minutes: number
}

/** RFC 8628 section 3.5: after `slow_down` every wait is this much longer. */
const slowDownSeconds = 5

/**
 * A login for a machine without a browser (RFC 8628): the person types the code in at another.
 * @param machine what this machine is called on their page
 * @param show tells them the code and where to type it
 * @throws Failure
 */
export async function deviceLogin(origin: string, machine: string, show: (code: DeviceCode) => void): Promise<Login> {
  const { status, body } = await postForm(origin, '/oauth2/device_authorization', { client_id: clientId, machine })
  const { device_code: deviceCode, user_code: userCode, verification_uri: address, expires_in: seconds } = body
  if (status !== 200 || typeof deviceCode !== 'string' || typeof userCode !== 'string' || typeof address !== 'string')
    throw new Failure(exitCodes.refused, `No login was begun: ${String(body.error_description ?? body.error ?? status)}`)
  const untilMs = performance.now() + Number(seconds) * 1000
  show({ userCode, address, minutes: Math.round(Number(seconds) / 60) })
  let intervalSeconds = Number(body.interval ?? slowDownSeconds)
  while (performance.now() < untilMs) {
    await pause(intervalSeconds * 1000)
    const answer = await postForm(origin, '/oauth2/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      client_id: clientId,
      device_code: deviceCode,
    })
    if (answer.body.error === 'authorization_pending') continue
    if (answer.body.error === 'slow_down') {
      intervalSeconds += slowDownSeconds
      continue
    }
    return loginOf(answer)
  }
  throw new Failure(exitCodes.refused, 'Nobody typed the code in in time', { fix: 'Run `keyward login --device` again.' })
}
