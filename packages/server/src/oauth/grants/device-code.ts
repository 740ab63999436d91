import { limits } from '@keyward/contract/limits'
import { isWellFormedSecret } from '@keyward/contract/secret-format'
import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import { hashOf } from '../../observe/secret-string.ts'
import { commandLineId } from '../clients/connecting-client.ts'
import type { Connect } from '../connect.ts'
import { OAuthError } from '../oauth-error.ts'
import type { TokenAnswer, TokenRequest } from '../token-request.ts'

export const deviceCodeGrant = 'urn:ietf:params:oauth:grant-type:device_code'

interface Deps {
  readonly db: Database
  readonly connect: Pick<Connect, 'audit' | 'createLogin'>
}

interface Row {
  readonly machine: string
  readonly ended: boolean
  readonly early: boolean
  readonly approved: boolean | null
  readonly decided_by: string | null
  readonly used: boolean
}

/** A network may bunch two polls: one that comes this much early is let through. */
const earlyMsMax = 500

/** RFC 8628 section 3.4: the machine asks whether a person has typed its code in and said yes. */
export async function deviceCode(deps: Deps, request: TokenRequest): Promise<TokenAnswer> {
  const text = request.form.needed('device_code')
  if (request.form.needed('client_id') !== commandLineId)
    throw new OAuthError('invalid_grant', 'the device code was given to another client')
  if (!isWellFormedSecret('deviceCode', text)) throw new OAuthError('invalid_grant', 'that is no device code')
  // A refusal is an answer here, not a failure: the time of the poll has to be kept.
  const answer = await deps.db.transaction().execute(async (trx) => {
    const { rows } = await sql<Row>`
      with before as (select device_hash, polled_at from device_logins where device_hash = ${hashOf(text)} for update)
      update device_logins d set polled_at = clock_timestamp() from before b where d.device_hash = b.device_hash
      returning d.machine, d.expires_at <= now() as ended, d.approved, d.decided_by, d.used_at is not null as used,
        coalesce(b.polled_at > clock_timestamp() - make_interval(secs => ${limits.devicePollSecondsMin - earlyMsMax / 1000}), false) as early`.execute(
      trx,
    )
    const [row] = rows
    if (row === undefined) return new OAuthError('invalid_grant', 'the device code is not known here')
    if (row.used) return new OAuthError('invalid_grant', 'the device code was used before')
    if (row.approved === false) return new OAuthError('access_denied', 'the person said no')
    if (row.ended) return new OAuthError('expired_token', `nobody typed the code in within ${limits.deviceCodeMinutesMax} minutes`)
    if (row.early) return new OAuthError('slow_down', `ask every ${limits.devicePollSecondsMin} seconds, and 5 seconds less often now`)
    if (row.approved === null || row.decided_by === null) return new OAuthError('authorization_pending', 'nobody has typed the code in yet')
    const login = await deps.connect.createLogin(trx, row.decided_by, `keyward login, ${row.machine}`)
    if (login === undefined) return new OAuthError('access_denied', 'the person has no access any more')
    await trx.updateTable('device_logins').set({ used_at: sql<Date>`now()` }).where('device_hash', '=', hashOf(text)).execute()
    await deps.connect.audit.recordIn(trx, {
      action: 'api_token.create',
      decision: 'done',
      actor: { kind: 'user', id: row.decided_by },
      target: { kind: 'api_token', id: login.id },
      details: { by: 'device login', machine: row.machine, seconds: login.seconds },
      ...request.context,
    })
    return login
  })
  if (answer instanceof OAuthError) throw answer
  return { method: 'device_code', body: { access_token: answer.token, token_type: 'Bearer', expires_in: answer.seconds } }
}
