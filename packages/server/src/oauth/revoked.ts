import { limits } from '@keyward/contract/limits'
import type { Change } from '../changes/change.ts'
import type { Database } from '../db/database.ts'

const longestLifeMs = limits.tokenSecondsMax * 1000
/** After an id's own end, until it is forgotten: more than any clock differs. */
const marginMs = 60_000

/**
 * Tokens and identities that were revoked and whose tokens might still be presented: loaded at start, kept by the change feed. Revoked
 * grants, workloads, credentials and tenants are not here: their state is part of what a call's plan is made of.
 */
export class Revoked {
  readonly #db: Database
  readonly #nowMs: () => number
  readonly #onError: (error: unknown) => void
  #ids = new Map<string, number>()
  #complete = false
  #loads = 0

  constructor(options: { db: Database; nowMs: () => number; onError: (error: unknown) => void }) {
    this.#db = options.db
    this.#nowMs = options.nowMs
    this.#onError = options.onError
  }

  /** False until everything that was revoked before this node listened is known: no token may be taken for good before. */
  get complete(): boolean {
    return this.#complete
  }

  has(id: string): boolean {
    return this.#ids.has(id)
  }

  /** For the change feed. A reset means that changes were missed: everything is read again, and nothing is complete until then. */
  apply(change: Change): void {
    if (change.op === 'reset') {
      this.#complete = false
      this.load().catch(this.#onError)
    } else if (change.op === 'revoked' && (change.kind === 'token' || change.kind === 'identity')) {
      this.#ids.set(change.subject, this.#nowMs() + longestLifeMs)
    }
  }

  /** Reads what was revoked. Call it once the feed has its starting point, so that nothing falls between. Retries until it succeeds. */
  async load(): Promise<void> {
    const mine = ++this.#loads
    for (;;) {
      try {
        const read = await this.#read()
        if (mine !== this.#loads) return
        // What the feed brought meanwhile stays.
        for (const [id, until] of this.#ids) if (!read.has(id)) read.set(id, until)
        this.#ids = read
        this.#complete = true
        return
      } catch (error) {
        this.#onError(error)
        await new Promise((resolve) => setTimeout(resolve, 200))
        if (mine !== this.#loads) return
      }
    }
  }

  /** Forgets what has ended by itself; for a timer. */
  forgetEnded(): void {
    const now = this.#nowMs()
    for (const [id, until] of this.#ids) if (until + marginMs < now) this.#ids.delete(id)
  }

  async #read(): Promise<Map<string, number>> {
    const now = this.#nowMs()
    const tokens = await this.#db
      .selectFrom('tokens')
      .select(['id', 'expires_at'])
      .where('revoked_at', 'is not', null)
      .where('expires_at', '>', new Date(now - marginMs))
      .execute()
    const identities = await this.#db
      .selectFrom('workload_identities')
      .select('id')
      .where('revoked_at', '>', new Date(now - longestLifeMs - marginMs))
      .execute()
    return new Map([
      ...tokens.map((token) => [token.id, token.expires_at.getTime()] as const),
      ...identities.map((identity) => [identity.id, now + longestLifeMs] as const),
    ])
  }
}
