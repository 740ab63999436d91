import { createPrivateKey, createPublicKey, generateKeyPair, type JsonWebKey, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint, type JWK } from 'jose'
import type { Transaction } from 'kysely'
import type { Database } from '../db/database.ts'
import type { Tables } from '../db/tables.ts'
import { signingKeyBind } from '../vault/bind.ts'
import { Secret } from '../vault/secret.ts'
import type { Vault } from '../vault/vault.ts'

export type SigningAlg = 'ES256' | 'RS256'

/**
 * Keys that sign access tokens. Each algorithm has one `current` key and one `next`.
 *
 *   next      published, not yet used, so that every verifier has it before the first token that needs it
 *   current   signs
 *   previous  signs no more; published until the last token that it signed has ended
 *   retired   not published; its tokens are refused
 *
 * `rotate` moves next -> current -> previous and makes a new next, in one transaction under the row locks of that algorithm: two nodes that
 * rotate at once make one rotation. What may never be: two current keys of one algorithm (a unique index), a current key that was never published.
 */
export interface SigningKey {
  readonly kid: string
  readonly alg: SigningAlg
  readonly key: KeyObject
}

interface Deps {
  readonly db: Database
  readonly vault: Vault
  /** Announces a change in the transaction that makes it (changes/record.ts). */
  recordChange(trx: Transaction<Tables>, change: { kind: 'signing_key'; subject: string; op: 'changed' }): Promise<unknown>
}

const algs: readonly SigningAlg[] = ['ES256', 'RS256']
const generate = promisify(generateKeyPair)
/** Tokens live at most a working day (contract/limits.ts); a day covers that and every clock. */
const publishedAfterSeconds = 86_400
/** A month: what a stolen signing key is good for at the most, while nobody knows. */
const signingDaysMax = 30

export class SigningKeys {
  readonly #deps: Deps
  #current = new Map<SigningAlg, SigningKey>()
  #verification = new Map<string, { alg: SigningAlg; key: KeyObject }>()
  #jwks: { keys: JWK[] } = { keys: [] }

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Makes the first keys where there are none, and loads all that are published. */
  async start(): Promise<void> {
    for (const alg of algs) await this.#ensure(alg)
    await this.reload()
  }

  /** Reads the keys again: at start, and when the change feed says so. */
  async reload(): Promise<void> {
    const rows = await this.#deps.db
      .selectFrom('signing_keys')
      .selectAll()
      .where('state', '!=', 'retired')
      .where((eb) => eb.or([eb('published_until', 'is', null), eb('published_until', '>', eb.fn<Date>('now'))]))
      .orderBy('created_at')
      .execute()
    const current = new Map<SigningAlg, SigningKey>()
    const verification = new Map<string, { alg: SigningAlg; key: KeyObject }>()
    const jwks: JWK[] = []
    for (const row of rows) {
      const alg = row.alg as SigningAlg
      const jwk = row.public_jwk as JsonWebKey & JWK
      verification.set(row.kid, { alg, key: createPublicKey({ key: jwk, format: 'jwk' }) })
      jwks.push({ ...jwk, kid: row.kid, alg, use: 'sig' })
      if (row.state !== 'current') continue
      const sealed = { ciphertext: row.ciphertext, nonce: row.nonce, wrappedKey: row.wrapped_key, encryptionKey: row.encryption_key }
      const secret = await this.#deps.vault.open(sealed, signingKeyBind(row.kid))
      current.set(alg, { kid: row.kid, alg, key: createPrivateKey(secret.reveal()) })
      secret.destroy()
    }
    this.#current = current
    this.#verification = verification
    this.#jwks = { keys: jwks }
  }

  /** The key that signs now. */
  signer(alg: SigningAlg): SigningKey {
    const key = this.#current.get(alg)
    if (!key) throw new Error(`no current ${alg} signing key is loaded`)
    return key
  }

  /** The public key for a `kid` of ours, with the one algorithm that it is for; undefined for any other. */
  verifier(kid: string): { alg: SigningAlg; key: KeyObject } | undefined {
    return this.#verification.get(kid)
  }

  /** RFC 7517 set: next, current and previous keys. */
  jwks(): { keys: JWK[] } {
    return this.#jwks
  }

  /** Replaces the signing key of one algorithm by the one that has been published as next. Tokens of the old key stay valid to their end. */
  async rotate(alg: SigningAlg): Promise<{ kid: string }> {
    const fresh = await this.#generate(alg)
    const kid = await this.#deps.db.transaction().execute(async (trx) => {
      const rows = await trx
        .selectFrom('signing_keys')
        .select(['kid', 'state'])
        .where('alg', '=', alg)
        .where('state', 'in', ['current', 'next'])
        .orderBy('kid')
        .forUpdate()
        .execute()
      const next = rows.find((row) => row.state === 'next')
      if (!next) throw new Error(`there is no next ${alg} key to rotate to`)
      const until = new Date(Date.now() + publishedAfterSeconds * 1000)
      await trx
        .updateTable('signing_keys')
        .set({ state: 'previous', published_until: until })
        .where('alg', '=', alg)
        .where('state', '=', 'current')
        .execute()
      await trx.updateTable('signing_keys').set({ state: 'current', activated_at: new Date() }).where('kid', '=', next.kid).execute()
      await trx
        .insertInto('signing_keys')
        .values({ ...fresh, state: 'next' })
        .execute()
      await this.#deps.recordChange(trx, { kind: 'signing_key', subject: next.kid, op: 'changed' })
      return next.kid
    })
    await this.reload()
    return { kid }
  }

  /** Rotates each algorithm whose key has signed for its time. @returns the keys that sign from now on; none where nothing was due */
  async rotateDue(): Promise<string[]> {
    const due = await this.#deps.db
      .selectFrom('signing_keys')
      .select('alg')
      .where('state', '=', 'current')
      .where('activated_at', '<', new Date(Date.now() - signingDaysMax * 86_400_000))
      .execute()
    const rotated: string[] = []
    for (const { alg } of due) rotated.push((await this.rotate(alg as SigningAlg)).kid)
    return rotated
  }

  /** Takes keys out of the set whose last token has ended, and forgets assertions that would be refused as ended anyway. For a timer. */
  async tidy(): Promise<void> {
    const { db } = this.#deps
    const gone = await db
      .updateTable('signing_keys')
      .set({ state: 'retired' })
      .where('state', '=', 'previous')
      .where((eb) => eb('published_until', '<', eb.fn<Date>('now')))
      .returning('kid')
      .execute()
    await db
      .deleteFrom('assertion_replays')
      .where((eb) => eb('expires_at', '<', eb.fn<Date>('now')))
      .execute()
    if (gone.length > 0) await this.reload()
  }

  async #ensure(alg: SigningAlg): Promise<void> {
    const existing = await this.#deps.db
      .selectFrom('signing_keys')
      .select('kid')
      .where('alg', '=', alg)
      .where('state', '=', 'current')
      .executeTakeFirst()
    if (existing) return
    const [first, second] = await Promise.all([this.#generate(alg), this.#generate(alg)])
    await this.#deps.db.transaction().execute(async (trx) => {
      // Two nodes at their first start: the unique index lets one current key in, and the loser uses that.
      const made = await trx
        .insertInto('signing_keys')
        .values({ ...first, state: 'current', activated_at: new Date() })
        .onConflict((oc) => oc.column('alg').where('state', '=', 'current').doNothing())
        .returning('kid')
        .executeTakeFirst()
      if (made)
        await trx
          .insertInto('signing_keys')
          .values({ ...second, state: 'next' })
          .execute()
    })
  }

  async #generate(alg: SigningAlg) {
    const pair = alg === 'ES256' ? await generate('ec', { namedCurve: 'P-256' }) : await generate('rsa', { modulusLength: 2048 })
    const jwk = pair.publicKey.export({ format: 'jwk' }) as JWK
    const kid = await calculateJwkThumbprint(jwk)
    const secret = Secret.of(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())
    const sealed = await this.#deps.vault.seal(secret, signingKeyBind(kid))
    secret.destroy()
    return {
      kid,
      alg,
      public_jwk: JSON.stringify(jwk),
      ciphertext: sealed.ciphertext,
      nonce: sealed.nonce,
      wrapped_key: sealed.wrappedKey,
      encryption_key: sealed.encryptionKey,
    }
  }
}
