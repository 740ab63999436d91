import { limits } from '@keyward/contract/limits'
import type { Database } from '../db/database.ts'

/** What the change feed tells a listener. */
export interface FeedChange {
  readonly kind: string
  readonly subject: string
  readonly op: 'changed' | 'revoked'
}

/**
 * Tokens and identities that were revoked and whose tokens might still be presented: loaded at start, kept by the change feed. Revoked
 * grants, workloads, credentials and tenants are not here: their state is part of what a call's plan is made of.
 */
export class Revoked {
  readonly #db: Database
  readonly #ids = new Map<string, number>()

  constructor(db: Database) {
    this.#db = db
  }

  /** Reads what was revoked before this node listened. Call it after the feed has its starting point, so that nothing falls between. */
  async load(nowMs: number): Promise<void> {
    const tokens = await this.#db
      .selectFrom('tokens')
      .select(['id', 'expires_at'])
      .where('revoked_at', 'is not', null)
      .where((eb) => eb('expires_at', '>', eb.fn<Date>('now')))
      .execute()
    for (const token of tokens) this.#ids.set(token.id, token.expires_at.getTime())
    const longestLife = limits.tokenSecondsMax * 1000
    const identities = await this.#db
      .selectFrom('workload_identities')
      .select('id')
      .where('revoked_at', '>', new Date(nowMs - longestLife - 60_000))
      .execute()
    for (const identity of identities) this.#ids.set(identity.id, nowMs + longestLife)
  }

  apply(change: FeedChange, nowMs: number): void {
    if (change.op !== 'revoked' || (change.kind !== 'token' && change.kind !== 'identity')) return
    this.#ids.set(change.subject, nowMs + limits.tokenSecondsMax * 1000)
    if (this.#ids.size % 1_000 === 0) this.forgetEnded(nowMs)
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  /** Forgets what has ended by itself. */
  forgetEnded(nowMs: number): void {
    for (const [id, until] of this.#ids) if (until + 60_000 < nowMs) this.#ids.delete(id)
  }
}
