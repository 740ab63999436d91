import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { isRefusal } from '../audit/database-refusal.ts'
import { GroupCommit } from '../audit/group-commit.ts'
import { safeWord } from '../audit/neutralise.ts'
import type { DatabaseLog } from '../db/log.ts'
import { texts, values, words } from './array-literal.ts'
import { type CallOutcome, totalTokens } from './call.ts'

export interface SettlementOptions {
  /** A pool that the control API does not use: at least `inFlightMax` connections. */
  readonly pool: pg.Pool
  readonly node: string
  readonly log: DatabaseLog
}

const inFlightMax = 1
const batchMax = 500
/**
 * Outcomes that may wait while the database is away: some seconds at full speed, 20 MB. What does not fit is not lost to the ledger: its
 * reservation is settled in full by the sweep, and a call without one gets its event from its audit entry.
 */
const waitingMax = 50_000
const answerMsMax = 5_000
const retryMs = 250
/** Together some nine seconds. */
const abandonAttemptsMax = 8
/** Settling is no hurry: collecting for this long makes fewer, larger batches. */
const gatherMs = 30

/**
 * The one terminal settle of every admitted call: the usage event is written, and what was held becomes what was spent. Repeating a settle
 * changes nothing, so a batch whose answer was lost is simply sent again.
 */
export class Settlement {
  readonly #options: SettlementOptions
  readonly #commits: GroupCommit<CallOutcome, null>
  #dropped = 0
  #stopped = false

  constructor(options: SettlementOptions) {
    this.#options = options
    this.#commits = new GroupCommit<CallOutcome, null>({
      flush: (batch) => this.#flush(batch),
      isRefusal: (error) => error instanceof TypeError || isRefusal(error),
      inFlightMax,
      waitingMax,
      batchMax,
      gatherMs,
    })
  }

  /** Outcomes that this process could not write; the sweep accounts for them. */
  get dropped(): number {
    return this.#dropped
  }

  /** Queues the outcome and returns at once. */
  settle(outcome: CallOutcome): void {
    this.#commits.submit(outcome).catch((error: unknown) => {
      this.#dropped += 1
      if (this.#dropped % 1_000 === 1)
        this.#options.log.error(
          { err: error, dropped: this.#dropped },
          'a settle could not be written: the sweep will settle the call in full',
        )
    })
  }

  /**
   * For calls that were never made, of which nobody knows whether they were admitted: what they hold is freed and nothing is charged. Tried
   * for some seconds; what stays unknown is charged in full by the sweep.
   */
  async abandon(callIds: readonly string[]): Promise<void> {
    for (let attempt = 1; attempt <= abandonAttemptsMax && !this.#stopped; attempt++) {
      await sleep(retryMs * attempt)
      try {
        await this.#options.pool.query('select abandon_calls($1)', [callIds])
        return
      } catch (error) {
        this.#options.log.warn({ err: error, calls: callIds.length, attempt }, 'calls that were not made could not be freed')
      }
    }
  }

  /** Resolves when everything that was queued is on disk. */
  flush(): Promise<void> {
    return this.#commits.drained()
  }

  /** Before a stop: writes what is queued, for at most `withinMs`; what is left then is left to the sweep. */
  async stop(withinMs: number): Promise<void> {
    const given = new AbortController()
    await Promise.race([this.flush(), sleep(withinMs, undefined, { signal: given.signal }).catch(() => {})])
    given.abort()
    this.#stopped = true
  }

  async #flush(batch: readonly CallOutcome[]): Promise<readonly null[]> {
    const query = statement(this.#options.node, eachOnce(batch))
    for (;;) {
      try {
        const { rows } = await this.#options.pool.query<{ answer: { over: [string, string, string][] } }>(query)
        for (const [call, cost, reserved] of rows[0]?.answer.over ?? [])
          this.#options.log.error(
            { call, cost_nano: cost, reserved_nano: reserved },
            'a call cost more than its worst case: the price or bound is wrong',
          )
        return new Array<null>(batch.length).fill(null)
      } catch (error) {
        if (isRefusal(error) || this.#stopped) throw error
        this.#options.log.warn({ err: error, calls: batch.length }, 'settles could not be written and are repeated')
        await sleep(retryMs)
      }
    }
  }
}

/** The first settle of a call counts. */
function eachOnce(batch: readonly CallOutcome[]): readonly CallOutcome[] {
  const seen = new Set<string>()
  return batch.filter(({ callId }) => !seen.has(callId) && seen.add(callId))
}

const text = `select settle_calls(${Array.from({ length: 29 }, (_, index) => `$${index + 1}`).join(', ')}) as answer`

function statement(node: string, batch: readonly CallOutcome[]): pg.QueryConfig & { query_timeout: number } {
  return {
    name: 'settle_calls',
    text,
    values: [
      node,
      words(batch.map((one) => one.callId)),
      values(batch, (one) => one.costNano),
      values(batch, (one) => (one.usage === undefined ? null : totalTokens(one.usage))),
      values(batch, (one) => one.held),
      values(batch, (one) => one.at.getTime()),
      values(batch, (one) => one.attempt),
      texts(batch, (one) => one.workload),
      texts(batch, (one) => one.grant),
      texts(batch, (one) => one.token),
      texts(batch, (one) => one.resource),
      texts(batch, (one) => one.credential),
      texts(batch, (one) => one.version),
      texts(batch, (one) => one.tenant),
      texts(batch, (one) => one.team),
      texts(batch, (one) => one.environment),
      texts(batch, (one) => one.operation),
      texts(batch, (one) => safeWord(one.model)),
      texts(batch, (one) => one.outcome),
      values(batch, (one) => one.status),
      values(batch, (one) => one.streamed),
      values(batch, (one) => one.usage?.inputTokens),
      values(batch, (one) => one.usage?.cachedInputTokens),
      values(batch, (one) => one.usage?.cacheWriteTokens),
      values(batch, (one) => one.usage?.outputTokens),
      values(batch, (one) => one.estimated),
      values(batch, (one) => one.latencyMs),
      values(batch, (one) => one.firstByteMs),
      values(batch, (one) => one.overheadMs),
    ],
    query_timeout: answerMsMax,
  }
}
