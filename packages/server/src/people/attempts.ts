import { createHash } from 'node:crypto'
import { KeywardError } from '@keyward/contract/errors'
import { sql } from 'kysely'
import type { Caller, People } from './people.ts'

/*
 * Guessing is counted by what is attacked and by who attacks. An attempt is counted before it is judged, so that a hundred at once do not
 * all see a counter that still allows one; a success takes it back. Keys are keyed digests: the table names no account and no address.
 */

/** Fifteen minutes: an honest person has found the password by then, a guesser gets 960 tries a day. */
const windowMinutes = 15
/** For one account: people mistype; ten times in a quarter of an hour they do not. */
export const accountFailuresMax = 10
/** For one address (of IPv6: one network): an office shares one. */
export const addressFailuresMax = 60

export interface Attempt {
  /** To be called when it turned out right: it does not count then, and the account's counter starts anew. */
  succeeded(): Promise<void>
}

/**
 * Counts an attempt from the caller's address, and against an account where one is named (known or not).
 * @throws KeywardError `too-many-requests` with `retryAfterSeconds`
 */
export async function countAttempt(people: People, caller: Caller, account?: string): Promise<Attempt> {
  const counters = [
    { key: keyOf(people, `address ${networkOf(caller.ip ?? 'unknown')}`), max: addressFailuresMax },
    ...(account === undefined ? [] : [{ key: keyOf(people, `account ${account}`), max: accountFailuresMax }]),
  ]
  for (const { key, max } of counters) await count(people, caller, key, max)
  return {
    async succeeded() {
      const [address, own] = counters
      if (own) await people.db.deleteFrom('attempt_counters').where('key', '=', own.key).execute()
      if (address) {
        await people.db
          .updateTable('attempt_counters')
          .set((eb) => ({ failures: eb('failures', '-', 1) }))
          .where('key', '=', address.key)
          .where('failures', '>', 0)
          .execute()
      }
    },
  }
}

async function count(people: People, caller: Caller, key: Buffer, max: number): Promise<void> {
  const { rows } = await sql<{ failures: number; seconds: number }>`
    insert into attempt_counters as c (key, failures, window_ends_at) values (${key}, 1, now() + make_interval(mins => ${windowMinutes}))
    on conflict (key) do update set
      failures = case when c.window_ends_at <= now() then 1 else least(c.failures + 1, ${max + 2}) end,
      window_ends_at = case when c.window_ends_at <= now() then now() + make_interval(mins => ${windowMinutes}) else c.window_ends_at end
    returning failures, extract(epoch from window_ends_at - now())::float8 as seconds`.execute(people.db)
  const [counter] = rows
  if (counter === undefined || counter.failures <= max) return
  if (counter.failures === max + 1) {
    await people.audit.record({
      action: 'session.start',
      decision: 'refused',
      code: 'too-many-requests',
      actor: { kind: 'anonymous' },
      correlationId: caller.correlationId,
      personal: { ip: caller.ip, userAgent: caller.userAgent },
    })
  }
  throw new KeywardError('too-many-requests', undefined, { extra: { retryAfterSeconds: counter.seconds } })
}

function keyOf(people: People, subject: string): Buffer {
  return people.vault.fingerprintOfDigest(createHash('sha256').update(`keyward/attempts/1 ${subject}`).digest())
}

/** The first 64 bits of an IPv6 address: whoever has one of a network has all 2^64, and would never run out of attempts. */
function networkOf(ip: string): string {
  if (!ip.includes(':')) return ip
  const [head = '', tail] = ip.split('::')
  const left = head.split(':').filter((group) => group !== '')
  // A run of zeros that ends within the network stands for as many groups as are missing.
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = right.length + (right.at(-1)?.includes('.') ? 1 : 0)
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - groups)
  const whole = [...left, ...Array.from({ length: zeros }, () => '0'), ...right]
  return whole
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
