import { KeywardError } from '@keyward/contract/errors'
import type { Passkey } from '@keyward/contract/people'
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import { type Selectable, sql } from 'kysely'
import type { PasskeysTable } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import { countAttempt } from './attempts.ts'
import { lockAdmins } from './built-in-admin.ts'
import { newChallenge, useChallenge } from './challenges.ts'
import { type Caller, type People, recordOf, type Trx } from './people.ts'
import type { Principal } from './principal.ts'
import { type RelyingParty, relyingParty } from './relying-party.ts'
import { type StartedSession, startSession } from './sessions.ts'
import { signInFailed } from './sign-in-failed.ts'

/** Options for `navigator.credentials.get`: any passkey of this installation, with the person verified by their device. */
export async function passkeySignInOptions(people: People, caller: Caller): Promise<Record<string, unknown>> {
  const { id } = relyingParty(people, caller)
  const challenge = await newChallenge(people, 'passkey-sign-in')
  return {
    ...(await generateAuthenticationOptions({
      rpID: id,
      challenge: fromBase64url(challenge.text),
      userVerification: 'required',
      timeout: ceremonyMsMax,
    })),
  }
}

/**
 * Signs in with a passkey.
 * @throws KeywardError `sign-in-failed`, `too-many-requests`
 */
export async function signInByPasskey(people: People, caller: Caller, response: Record<string, unknown>): Promise<StartedSession> {
  const attempt = await countAttempt(people, caller)
  const party = relyingParty(people, caller)
  const id = typeof response.id === 'string' ? response.id : ''
  const passkey = await people.db.selectFrom('passkeys').selectAll().where('webauthn_id', '=', id).executeTakeFirst()
  const signCount = passkey && (await verifySignIn(people, party, passkey, response))
  if (passkey === undefined || signCount === undefined) throw await signInFailed(people, caller, 'passkey', passkey?.user_id)
  const started = await people.db.transaction().execute(async (trx) => {
    // A counter that another sign-in has moved meanwhile is a copy of the key at work.
    const counted = await trx
      .updateTable('passkeys')
      .set({ sign_count: signCount, last_used_at: sql`now()` })
      .where('id', '=', passkey.id)
      .where('sign_count', '=', passkey.sign_count)
      .returning('id')
      .executeTakeFirst()
    if (counted === undefined) return undefined
    return startSession(people, trx, caller, passkey.user_id, 'passkey')
  })
  if (started === undefined) throw await signInFailed(people, caller, 'passkey', passkey.user_id)
  await attempt.succeeded()
  return started
}

/** Options for `navigator.credentials.create`: a discoverable passkey with user verification, none that this user has already. */
export async function passkeyAddOptions(people: People, caller: Caller, principal: Principal): Promise<Record<string, unknown>> {
  const { id } = relyingParty(people, caller)
  const challenge = await newChallenge(people, 'passkey-add', principal.user.id)
  const own = await people.db
    .selectFrom('passkeys')
    .select(['webauthn_id', 'transports'])
    .where('user_id', '=', principal.user.id)
    .execute()
  const options = await generateRegistrationOptions({
    rpName: `Keyward (${people.organisation})`,
    rpID: id,
    userName: principal.user.email ?? principal.user.name,
    userDisplayName: principal.user.name,
    userID: new Uint8Array(Buffer.from(principal.user.id)),
    challenge: fromBase64url(challenge.text),
    timeout: ceremonyMsMax,
    attestationType: 'none',
    supportedAlgorithmIDs: [...algorithms],
    excludeCredentials: own.map((one) => ({ id: one.webauthn_id, transports: one.transports })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
  return { ...options }
}

/** @throws KeywardError `sign-in-failed` where the answer is not right, was given before or came too late */
export async function addPasskey(
  people: People,
  caller: Caller,
  principal: Principal,
  input: { name?: string | undefined; response: Record<string, unknown> },
): Promise<Passkey> {
  const party = relyingParty(people, caller)
  const { challenge, matches } = challengeKeeper()
  const verified = await attemptOrUndefined(() =>
    verifyRegistrationResponse({
      response: input.response as unknown as RegistrationResponseJSON,
      expectedChallenge: matches,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...algorithms],
    }),
  )
  if (!verified?.verified || !(await useChallenge(people, 'passkey-add', challenge(), principal.user.id))) {
    throw new KeywardError('sign-in-failed', 'The passkey was not made as asked, or that took longer than 5 minutes: try again')
  }
  const { credential } = verified.registrationInfo
  return people.db.transaction().execute(async (trx) => {
    const row = await trx
      .insertInto('passkeys')
      .values({
        id: newId('passkey'),
        user_id: principal.user.id,
        webauthn_id: credential.id,
        public_key: Buffer.from(credential.publicKey),
        sign_count: credential.counter,
        transports: (credential.transports ?? []).filter((one) => /^[a-z-]{1,20}$/.test(one)).slice(0, 8),
        name: input.name ?? 'Passkey',
      })
      .onConflict((conflict) => conflict.column('webauthn_id').doNothing())
      .returningAll()
      .executeTakeFirst()
    if (row === undefined) throw new KeywardError('sign-in-failed', 'This passkey is known already')
    await record(people, trx, caller, principal, 'passkey.add', row.id)
    return showPasskey(row)
  })
}

export async function listPasskeys(people: People, principal: Principal): Promise<Passkey[]> {
  const rows = await people.db
    .selectFrom('passkeys')
    .selectAll()
    .where('user_id', '=', principal.user.id)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(showPasskey)
}

/** @throws KeywardError `not-found`; `conflict` where it is the only way in */
export async function removePasskey(people: People, trx: Trx, caller: Caller, principal: Principal, id: string): Promise<void> {
  await lockAdmins(trx)
  const removed = await trx
    .deleteFrom('passkeys')
    .where('id', '=', id)
    .where('user_id', '=', principal.user.id)
    .returning('id')
    .executeTakeFirst()
  if (removed === undefined) throw new KeywardError('not-found')
  const left = await sql<{ any: boolean }>`
    select exists (select from passkeys where user_id = ${principal.user.id}) or exists (select from passwords where user_id = ${principal.user.id}) as any`.execute(
    trx,
  )
  if (!left.rows[0]?.any) throw new KeywardError('conflict', 'This is your only way to sign in: add another passkey or a password first')
  await record(people, trx, caller, principal, 'passkey.remove', id)
}

/** The authenticator's new counter, or undefined where the answer is not right. */
async function verifySignIn(
  people: People,
  party: RelyingParty,
  passkey: Selectable<PasskeysTable>,
  response: Record<string, unknown>,
): Promise<number | undefined> {
  const { challenge, matches } = challengeKeeper()
  const verified = await attemptOrUndefined(() =>
    verifyAuthenticationResponse({
      response: response as unknown as AuthenticationResponseJSON,
      expectedChallenge: matches,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      credential: {
        id: passkey.webauthn_id,
        publicKey: new Uint8Array(passkey.public_key),
        counter: Number(passkey.sign_count),
        transports: passkey.transports,
      },
    }),
  )
  if (!verified?.verified || !isHandleOf(response, passkey.user_id)) return undefined
  if (!(await useChallenge(people, 'passkey-sign-in', challenge()))) return undefined
  return verified.authenticationInfo.newCounter
}

/** Takes the challenge out of an answer while that is verified; whether it is one of ours is judged after everything else. */
function challengeKeeper(): { challenge(): string; matches(challenge: string): boolean } {
  let kept = ''
  return {
    challenge: () => kept,
    matches(challenge) {
      kept = challenge
      return true
    },
  }
}

/** The user handle is optional (WebAuthn Level 3, section 5.2.2); where it is there it has to be the key's own user. */
function isHandleOf(response: Record<string, unknown>, userId: string): boolean {
  const inner = response.response
  const handle = typeof inner === 'object' && inner !== null && 'userHandle' in inner ? inner.userHandle : undefined
  return handle === undefined || handle === null || (typeof handle === 'string' && Buffer.from(handle, 'base64url').toString() === userId)
}

/** The verifier throws on every answer that is not right, malformed ones included: all of them are the same to the caller. */
async function attemptOrUndefined<T>(verify: () => Promise<T>): Promise<T | undefined> {
  try {
    return await verify()
  } catch {
    return undefined
  }
}

function record(people: People, trx: Trx, caller: Caller, principal: Principal, action: string, id: string): Promise<void> {
  return people.audit.recordIn(trx, {
    action,
    decision: 'done',
    actor: { kind: 'user', id: principal.user.id },
    target: { kind: 'passkey', id },
    ...recordOf(caller, principal.user.id),
  })
}

function showPasskey(row: Selectable<PasskeysTable>): Passkey {
  return { id: row.id, name: row.name, created_at: row.created_at.toISOString(), last_used_at: row.last_used_at?.toISOString() ?? null }
}

/** COSE algorithms (IANA): EdDSA, ES256, RS256, which together every authenticator in use speaks one of. */
const algorithms = [-8, -7, -257] as const

/** As long as a challenge lives (challenges.ts). */
const ceremonyMsMax = 300_000

function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(text, 'base64url'))
}
