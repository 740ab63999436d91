import { type DeviceLogin, readUserCode } from '@keyward/contract/device'
import { KeywardError } from '@keyward/contract/errors'
import { limits } from '@keyward/contract/limits'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { DeviceLoginsTable, Tables } from '../db/tables.ts'
import { userCodeDigest } from '../oauth/device/user-code.ts'
import { countAttempt } from './attempts.ts'
import { type Caller, type People, recordOf, type Trx } from './people.ts'
import type { Principal } from './principal.ts'

/*
 * The person's side of a login by device code (RFC 8628 sections 3.3 and 5.1). Codes are short, so guesses are counted for each person and
 * address like passwords; whoever finds one gains nothing but that a stranger's machine acts as them.
 */

/** @throws KeywardError `not-found`, `too-many-requests` */
export async function findDeviceLogin(people: People, caller: Caller, principal: Principal, typed: string): Promise<DeviceLogin> {
  const attempt = await countAttempt(people, caller, `device code ${principal.user.id}`)
  const row = await waiting(people, people.db, typed)
  if (row === undefined) throw unknown()
  await attempt.succeeded()
  return {
    machine: row.machine,
    ip: row.ip,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    hours: limits.loginTokenHoursMax,
  }
}

/** Lets the machine act as the principal, or not. Each code is decided once. @throws KeywardError `not-found`, `too-many-requests` */
export async function decideDeviceLogin(
  people: People,
  caller: Caller,
  principal: Principal,
  input: { readonly user_code: string; readonly approve: boolean },
): Promise<void> {
  const attempt = await countAttempt(people, caller, `device code ${principal.user.id}`)
  await people.db.transaction().execute(async (trx) => {
    const row = await waiting(people, trx, input.user_code, 'for update')
    if (row === undefined) throw unknown()
    await trx
      .updateTable('device_logins')
      .set({ decided_at: sql<Date>`now()`, decided_by: principal.user.id, approved: input.approve })
      .where('device_hash', '=', row.device_hash)
      .execute()
    await people.audit.recordIn(trx, {
      action: 'device_login.decide',
      decision: input.approve ? 'done' : 'refused',
      actor: { kind: 'user', id: principal.user.id },
      details: { machine: row.machine },
      ...recordOf(caller, principal.user.id),
    })
  })
  await attempt.succeeded()
}

async function waiting(
  people: Pick<People, 'vault'>,
  db: Kysely<Tables> | Trx,
  typed: string,
  lock?: 'for update',
): Promise<Selectable<DeviceLoginsTable> | undefined> {
  const letters = readUserCode(typed)
  if (letters === undefined) return undefined
  const digest = userCodeDigest((sha256) => people.vault.fingerprintOfDigest(sha256), letters)
  let rows = db
    .selectFrom('device_logins')
    .selectAll()
    .where('user_code_hash', '=', digest)
    .where('expires_at', '>', sql<Date>`now()`)
    .where('decided_at', 'is', null)
  if (lock !== undefined) rows = rows.forUpdate()
  return await rows.executeTakeFirst()
}

function unknown(): KeywardError {
  return new KeywardError(
    'not-found',
    'No machine waits with this code: check the letters, or begin again there. Codes are good for 10 minutes',
  )
}
