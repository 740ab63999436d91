import { createHash } from 'node:crypto'
import { KeywardError } from '@keyward/contract/errors'
import { limits } from '@keyward/contract/limits'
import { sql, type Transaction } from 'kysely'
import type { Database } from '../db/database.ts'
import type { JsonValue, Tables } from '../db/tables.ts'

/** A request that may be repeated without being done twice: the same key by the same person for the same request gives the same answer. */
export interface IdempotentRequest {
  readonly actor: string
  readonly key: string
  readonly route: string
  /** Keyed digest of the request: the body may hold a secret, which a bare digest would let be guessed. */
  readonly digest: Buffer
}

export interface StoredAnswer {
  readonly status: number
  readonly answer: JsonValue
  readonly etag: string | undefined
}

const keepSeconds = limits.idempotencySecondsMax

/**
 * Reads the `Idempotency-Key` header.
 * @throws KeywardError `invalid-request`
 */
export function readIdempotencyKey(header: string | null): string | undefined {
  if (header === null) return undefined
  if (!/^[\x21-\x7e]+$/.test(header) || header.length > limits.idempotencyKeyCharsMax) {
    throw new KeywardError('invalid-request', undefined, {
      errors: [
        {
          field: 'header.Idempotency-Key',
          message: `must be 1 to ${limits.idempotencyKeyCharsMax} printable ASCII characters, such as a UUID`,
        },
      ],
    })
  }
  return header
}

/** What makes two requests the same: route, address and body. `keyed` is the vault's HMAC. */
export function requestDigest(route: string, path: string, body: Uint8Array, keyed: (sha256: Buffer) => Buffer): Buffer {
  return keyed(createHash('sha256').update(`${route}\n${path}\n`).update(body).digest())
}

/**
 * The answer that was given before, if there was one.
 * @throws KeywardError `idempotency-conflict` where the key belongs to another request, or its answer was not kept
 */
export async function findAnswer(db: Database | Transaction<Tables>, request: IdempotentRequest): Promise<StoredAnswer | undefined> {
  const row = await db
    .selectFrom('idempotency_keys')
    .select(['route', 'request_digest', 'status', 'answer', 'etag'])
    .where('actor', '=', request.actor)
    .where('key', '=', request.key)
    .where('created_at', '>', sql<Date>`clock_timestamp() - make_interval(secs => ${keepSeconds})`)
    .executeTakeFirst()
  if (!row) return undefined
  if (row.route !== request.route || !row.request_digest.equals(request.digest)) throw new KeywardError('idempotency-conflict')
  if (row.status === null || row.answer === null) {
    throw new KeywardError(
      'idempotency-conflict',
      'This request was done before. Its answer held a secret that is shown once and is not kept: look at what was made, and make a new secret where you lost it',
    )
  }
  return { status: row.status, answer: row.answer, etag: row.etag ?? undefined }
}

/**
 * Holds the key until the transaction ends.
 * @returns the answer of a request that committed since `findAnswer`
 * @throws KeywardError `idempotency-conflict` while another request with this key runs
 */
export async function claimKey(trx: Transaction<Tables>, request: IdempotentRequest): Promise<StoredAnswer | undefined> {
  const { rows } = await sql<{ held: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${`idempotency ${request.actor} ${request.key}`}, 0)) as held`.execute(trx)
  if (rows[0]?.held !== true) {
    throw new KeywardError('idempotency-conflict', 'A request with this key is running: wait for its answer, then repeat it')
  }
  return findAnswer(trx, request)
}

/** Remembers the answer, in the transaction of the act. `stored.answer` null: it held what is shown once. */
export async function storeAnswer(
  trx: Transaction<Tables>,
  request: IdempotentRequest,
  stored: { readonly status: number; readonly answer: unknown; readonly etag: string | undefined },
): Promise<void> {
  const values = {
    route: request.route,
    request_digest: request.digest,
    status: stored.status,
    answer: stored.answer === null ? null : JSON.stringify(stored.answer),
    etag: stored.etag ?? null,
  }
  await trx
    .insertInto('idempotency_keys')
    .values({ actor: request.actor, key: request.key, ...values })
    .onConflict((conflict) => conflict.columns(['actor', 'key']).doUpdateSet({ ...values, created_at: sql<Date>`clock_timestamp()` }))
    .execute()
}

/** Forgets keys that have had their day, at most `rowsMax` at once. For the worker, now and then. @returns how many went */
export async function forgetOldKeys(db: Database, rowsMax = 10_000): Promise<number> {
  const { rows } = await sql`
    delete from idempotency_keys where (actor, key) in (
      select actor, key from idempotency_keys where created_at < now() - make_interval(secs => ${keepSeconds}) limit ${rowsMax}
    ) returning key`.execute(db)
  return rows.length
}
