import { KeywardError } from '@keyward/contract/errors'
import { sql, type Transaction } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import type { Permit } from '../people/permit.ts'
import { type Bind, credentialBind } from '../vault/bind.ts'
import type { Sealed } from '../vault/envelope.ts'
import { hintOf } from '../vault/hint.ts'
import { Secret } from '../vault/secret.ts'
import { ownedWithin } from './reach.ts'

/** What storing a secret needs of the vault. */
export interface SecretStore {
  /** Seals for good, in the transaction that stores the result. */
  seal(secret: Secret, bind: Bind, trx: Transaction<Tables>): Promise<Sealed>
  fingerprint(secret: Secret): Buffer
}

type Trx = Transaction<Tables>

/**
 * Seals a secret as the next version of a credential whose row the caller has locked (or just made), and makes it current. The version that
 * was current becomes `previous`.
 * @throws KeywardError `conflict` where some credential has this secret, or ever had it
 */
export async function storeVersion(
  trx: Trx,
  permit: Permit,
  credentialId: string,
  input: { readonly secret: string; readonly provider_key_id?: string | undefined },
  store: SecretStore,
): Promise<void> {
  const secret = Secret.of(input.secret)
  try {
    const fingerprint = store.fingerprint(secret)
    await requireUnknown(trx, permit, credentialId, fingerprint)
    const { number } = await trx
      .selectFrom('credential_versions')
      .select(sql<number>`coalesce(max(number), 0) + 1`.as('number'))
      .where('credential_id', '=', credentialId)
      .executeTakeFirstOrThrow()
    const sealed = await store.seal(secret, credentialBind(credentialId, number), trx)
    await trx
      .updateTable('credential_versions')
      .set({ state: 'previous' })
      .where('credential_id', '=', credentialId)
      .where('state', '=', 'current')
      .execute()
    const id = newId('version')
    await trx
      .insertInto('credential_versions')
      .values({
        id,
        credential_id: credentialId,
        number,
        state: 'current',
        ciphertext: sealed.ciphertext,
        nonce: sealed.nonce,
        wrapped_key: sealed.wrappedKey,
        encryption_key: sealed.encryptionKey,
        fingerprint,
        hint: hintOf(secret),
        provider_key_id: input.provider_key_id ?? null,
        activated_at: sql<Date>`now()`,
      })
      .execute()
    await adoptDetection(trx, permit, fingerprint, credentialId, id)
  } finally {
    secret.destroy()
  }
}

/** A scanner may have reported this secret before it came into the vault. */
async function adoptDetection(trx: Trx, permit: Permit, fingerprint: Buffer, credentialId: string, versionId: string): Promise<void> {
  await trx
    .updateTable('detections')
    .set({
      credential_id: credentialId,
      version_id: versionId,
      state: 'adopted',
      state_reason: 'taken into the vault',
      state_by: permit.principal.user.id,
      state_at: sql<Date>`now()`,
      dismissed_until: null,
    })
    .where('fingerprint', '=', fingerprint)
    .execute()
}

/**
 * One secret belongs to one credential: else revoking the one would leave the other. The lock makes two requests with one secret wait for
 * each other, since no index can say this across states.
 */
async function requireUnknown(trx: Trx, permit: Permit, credentialId: string, fingerprint: Buffer): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`fingerprint ${fingerprint.toString('hex')}`}, 0))`.execute(trx)
  const holder = await trx
    .selectFrom('credential_versions as v')
    .innerJoin('credentials', 'credentials.id', 'v.credential_id')
    .select([
      'credentials.id',
      'credentials.name',
      'v.number',
      'v.state',
      sql<boolean>`${ownedWithin(permit.reach, 'credentials')}`.as('visible'),
    ])
    .where('v.fingerprint', '=', fingerprint)
    .orderBy('v.created_at', 'desc')
    .executeTakeFirst()
  if (!holder) return
  const dead = holder.state === 'revoked' || holder.state === 'retired'
  const what = dead ? `held this secret before, and it is ${holder.state}: make a new one at the provider` : 'holds this secret already'
  if (!holder.visible) throw conflict(dead ? `Another credential ${what}` : `A credential ${what}`)
  throw conflict(
    holder.id === credentialId
      ? `Version ${holder.number} of this credential ${what}`
      : `The credential ${holder.name} (${holder.id}) ${what}`,
  )
}

function conflict(detail: string): KeywardError {
  return new KeywardError('conflict', detail, { errors: [{ field: '/secret', message: 'is known already' }] })
}
