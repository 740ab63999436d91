import { timingSafeEqual } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { KeywardError } from '@keyward/contract/errors'
import { sql } from 'kysely'
import { createLocalToken } from './api-tokens.ts'
import { countAttempt } from './attempts.ts'
import { builtInAdminId } from './built-in-admin.ts'
import { type Challenge, newChallenge, useChallenge } from './challenges.ts'
import type { LocalLoginKey } from './local-login-key.ts'
import { type LocalLoginFile, localLoginFileName, localLoginInfo, localProof } from './local-proof.ts'
import { type Caller, type People, recordOf } from './people.ts'
import { writePrivateFile } from './private-file.ts'

/** Writes what `keyward login --local` needs into the data folder, once the server listens; removes what an earlier start left otherwise. */
export function publishLocalLogin(people: Pick<People, 'dataFolder' | 'localLogin'>, address: string): void {
  const path = join(people.dataFolder, localLoginFileName)
  if (people.localLogin === undefined) {
    rmSync(path, { force: true })
    return
  }
  const file: LocalLoginFile = {
    address,
    login_key: people.localLogin.bytes.toString('base64'),
    key_encryption_key: people.localLogin.key.uri,
  }
  writePrivateFile(path, `${JSON.stringify(file, null, 2)}\n`)
}

/** @throws KeywardError `sign-in-failed` for callers that are not on this machine, `too-many-requests` */
export async function beginLocalLogin(people: People, caller: Caller): Promise<Challenge> {
  requireLocal(people, caller)
  return newChallenge(people, 'local-login')
}

/**
 * One hour as the built-in administrator, for whoever answered the challenge with both keys.
 * @throws KeywardError `sign-in-failed`, `too-many-requests`
 */
export async function finishLocalLogin(
  people: People,
  caller: Caller,
  answer: { challenge: string; proof: string },
): Promise<{ token: string; expiresAt: Date }> {
  const { bytes, key } = requireLocal(people, caller)
  const attempt = await countAttempt(people, caller)
  const proofKey = await people.vault.deriveForHolder(key.id, localLoginInfo, bytes)
  const right = proofKey !== undefined && sameText(localProof(proofKey, answer.challenge), answer.proof)
  if (!right || !(await useChallenge(people, 'local-login', answer.challenge))) {
    await people.audit.record({
      action: 'session.start',
      decision: 'refused',
      code: 'sign-in-failed',
      actor: { kind: 'anonymous' },
      details: { method: 'local' },
      ...recordOf(caller, undefined),
    })
    throw new KeywardError('sign-in-failed', 'The proof is not right, or the challenge was used or is older than 5 minutes')
  }
  await attempt.succeeded()
  return people.db.transaction().execute(async (trx) => {
    const userId = await builtInAdminId(trx)
    const { id, token, expiresAt } = await createLocalToken(trx, userId)
    await trx.updateTable('users').set({ last_sign_in_at: sql`now()` }).where('id', '=', userId).execute()
    await people.audit.recordIn(trx, {
      action: 'session.start',
      decision: 'done',
      actor: { kind: 'user', id: userId },
      target: { kind: 'api_token', id },
      details: { method: 'local' },
      ...recordOf(caller, userId),
    })
    return { token, expiresAt }
  })
}

/** Programs on this machine only: no browser, no proxy in between. */
function requireLocal(people: People, caller: Caller): LocalLoginKey {
  if (people.localLogin === undefined)
    throw new KeywardError('sign-in-failed', 'This installation has no local login: its key-encryption key is in no file')
  const isBrowser = caller.headers.has('origin') || caller.headers.has('sec-fetch-site')
  const isForwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) => caller.headers.has(name))
  const { ip } = caller
  const isLoopback = ip !== undefined && (ip === '::1' || /^127\.\d+\.\d+\.\d+$/.test(ip))
  if (isBrowser || isForwarded || !isLoopback)
    throw new KeywardError('sign-in-failed', 'Local login is for programs on the machine that runs Keyward')
  return people.localLogin
}

function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
