import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { isRefusal } from '../audit/database-refusal.ts'
import { GroupCommit } from '../audit/group-commit.ts'
import { safeWord } from '../audit/neutralise.ts'
import type { DatabaseLog } from '../db/log.ts'
import { type CallOutcome, totalTokens } from './call.ts'

export interface SettlementOptions {
  /** A pool that the control API does not use: at least `inFlightMax` connections. */
  readonly pool: pg.Pool
  readonly node: string
  readonly log: DatabaseLog
}

const inFlightMax = 2
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
const gatherMs = 4

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
      isRefusal,
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

  /** Ends the repeating of batches that fail: for a stop while the database is away. */
  stop(): void {
    this.#stopped = true
  }

  async #flush(batch: readonly CallOutcome[]): Promise<readonly null[]> {
    const query = statement(this.#options.node, batch)
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

function statement(node: string, batch: readonly CallOutcome[]): pg.QueryConfig & { query_timeout: number } {
  const calls: string[] = []
  const costs: (bigint | null)[] = []
  const tokens: (number | null)[] = []
  const events: object[] = []
  for (const one of batch) {
    calls.push(one.callId)
    costs.push(one.costNano)
    tokens.push(one.usage === undefined ? null : totalTokens(one.usage))
    events.push(eventOf(one))
  }
  return {
    name: 'settle_calls',
    text: 'select settle_calls($1, $2, $3, $4, $5) as answer',
    values: [node, `{${calls.join(',')}}`, array(costs), array(tokens), JSON.stringify(events)],
    query_timeout: answerMsMax,
  }
}

function array(list: readonly (number | bigint | null)[]): string {
  return `{${list.map((one) => one ?? 'null').join(',')}}`
}

function eventOf(outcome: CallOutcome): object {
  const { usage } = outcome
  return {
    call: outcome.callId,
    at: outcome.at.getTime(),
    held: outcome.held,
    attempt: outcome.attempt ?? 1,
    workload: outcome.workload,
    grant_id: outcome.grant,
    token: outcome.token,
    resource: outcome.resource,
    credential: outcome.credential,
    version: outcome.version,
    tenant: outcome.tenant,
    team: outcome.team ?? undefined,
    environment: outcome.environment,
    operation: outcome.operation,
    model: safeWord(outcome.model),
    outcome: outcome.outcome,
    status: outcome.status,
    streamed: outcome.streamed,
    input: usage?.inputTokens,
    cached: usage?.cachedInputTokens,
    cache_write: usage?.cacheWriteTokens,
    output: usage?.outputTokens,
    estimated: outcome.estimated,
    latency: outcome.latencyMs,
    first_byte: outcome.firstByteMs,
    overhead: outcome.overheadMs,
  }
}
