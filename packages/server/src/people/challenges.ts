import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { sql } from 'kysely'
import type { People } from './people.ts'

/*
 * Challenges of ceremonies (WebAuthn, local login). A challenge carries its own end and a MAC over it, so that handing one out stores
 * nothing and cannot fill the table; the table holds those that were used, until their end, so that each works once on every node.
 */

export type ChallengeKind = 'passkey-sign-in' | 'passkey-add' | 'local-login'

/** People look for their phone or key; a proof by a program takes less. */
const minutesMax = 5
const randomPartBytes = 16
const endBytes = 6
const macBytes = 16

export interface Challenge {
  /** base64url */
  readonly text: string
  readonly expiresAt: Date
}

/** A challenge for one kind of ceremony, and for one user where it is theirs alone. */
export async function newChallenge(people: People, kind: ChallengeKind, userId = ''): Promise<Challenge> {
  const { rows } = await sql<{ at: Date }>`select now() + make_interval(mins => ${minutesMax}) as at`.execute(people.db)
  const expiresAt = rows[0]?.at ?? new Date(0)
  const end = Buffer.alloc(endBytes)
  end.writeUIntBE(expiresAt.getTime(), 0, endBytes)
  const head = Buffer.concat([randomBytes(randomPartBytes), end])
  return { text: Buffer.concat([head, macOf(people, kind, userId, head)]).toString('base64url'), expiresAt }
}

/**
 * True once for each challenge that `newChallenge` made for this kind and user and whose time has not run out. Call it when everything
 * else about the answer was right.
 */
export async function useChallenge(people: People, kind: ChallengeKind, text: string, userId = ''): Promise<boolean> {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== randomPartBytes + endBytes + macBytes || bytes.toString('base64url') !== text) return false
  const head = bytes.subarray(0, randomPartBytes + endBytes)
  if (!timingSafeEqual(bytes.subarray(head.length), macOf(people, kind, userId, head))) return false
  const endMs = head.readUIntBE(randomPartBytes, endBytes)
  const { rows } = await sql`
    insert into challenges (id, kind, user_id, challenge, expires_at)
    select ${text}, ${kind}, ${userId === '' ? null : userId}, ${text}, to_timestamp(${endMs}::float8 / 1000)
    where to_timestamp(${endMs}::float8 / 1000) > now()
    on conflict (id) do nothing returning id`.execute(people.db)
  return rows.length === 1
}

function macOf(people: People, kind: ChallengeKind, userId: string, head: Buffer): Buffer {
  const key = people.vault.fingerprintOfDigest(createHash('sha256').update('keyward/challenges/1').digest())
  return createHmac('sha256', key)
    .update(JSON.stringify([kind, userId]))
    .update(head)
    .digest()
    .subarray(0, macBytes)
}
