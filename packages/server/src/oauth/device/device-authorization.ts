import { randomInt } from 'node:crypto'
import { showUserCode, userCodeChars, userCodeLetters } from '@keyward/contract/device'
import { limits } from '@keyward/contract/limits'
import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import { newSecretString } from '../../observe/secret-string.ts'
import { commandLineId } from '../clients/connecting-client.ts'
import { shownName } from '../clients/metadata-document.ts'
import type { Form } from '../form.ts'
import { OAuthError } from '../oauth-error.ts'
import { userCodeDigest } from './user-code.ts'

interface Deps {
  readonly db: Database
  readonly issuer: string
  readonly connect: { readonly keyedDigest: (sha256: Buffer) => Buffer }
}

const machineCharsMax = 64
/** Codes that wait for a person: of one address, and of all. Each is one in 25 thousand million, so a guess finds one of 2,000 once in 12 million. */
const waitingPerAddressMax = 20
const waitingMax = 2_000
/** A code that is taken already is drawn again. */
const drawsMax = 3

/**
 * RFC 8628 section 3.1: a machine without a browser begins a login. Only the command line may: what it gets is an API token. There is no
 * `verification_uri_complete`: a link that brings its code along is what phishers send.
 * @throws OAuthError
 */
export async function authorizeDevice(deps: Deps, form: Form, ip: string | undefined): Promise<Record<string, unknown>> {
  if (form.needed('client_id') !== commandLineId) throw new OAuthError('unauthorized_client', `device codes are for ${commandLineId} alone`)
  const machine = [...(shownName(form.one('machine')) ?? 'a machine without a name')].slice(0, machineCharsMax).join('')
  await requireRoom(deps.db, ip)
  const device = newSecretString('deviceCode')
  for (let draw = 0; draw < drawsMax; draw++) {
    const letters = Array.from({ length: userCodeChars }, () => userCodeLetters[randomInt(userCodeLetters.length)]).join('')
    const made = await deps.db
      .insertInto('device_logins')
      .values({
        device_hash: device.hash,
        user_code_hash: userCodeDigest(deps.connect.keyedDigest, letters),
        machine,
        ip: ip ?? null,
        expires_at: sql<Date>`now() + make_interval(mins => ${limits.deviceCodeMinutesMax})`,
      })
      .onConflict((conflict) => conflict.column('user_code_hash').doNothing())
      .returning('expires_at')
      .executeTakeFirst()
    if (made === undefined) continue
    return {
      device_code: device.text,
      user_code: showUserCode(letters),
      verification_uri: `${deps.issuer}/device`,
      expires_in: limits.deviceCodeMinutesMax * 60,
      interval: limits.devicePollSecondsMin,
    }
  }
  throw new OAuthError('temporarily_unavailable', 'no free code was found: try again', { headers: { 'retry-after': '1' } })
}

async function requireRoom(db: Database, ip: string | undefined): Promise<void> {
  const { rows } = await sql<{ all: number; here: number }>`
    select count(*)::int as all, (count(*) filter (where ip is not distinct from ${ip ?? null}))::int as here
    from device_logins where expires_at > now() and decided_at is null`.execute(db)
  const [waiting] = rows
  if ((waiting?.here ?? 0) >= waitingPerAddressMax || (waiting?.all ?? 0) >= waitingMax)
    throw new OAuthError('temporarily_unavailable', 'too many logins wait for their code to be typed in: try again in some minutes', {
      headers: { 'retry-after': '60' },
    })
}
