import { type GatewayErrorCode, gatewayErrors } from '@keyward/contract/gateway-errors'
import type pg from 'pg'
import { isPassing, isRefusal, sqlState } from '../audit/database-refusal.ts'
import { GroupCommit, OverloadError } from '../audit/group-commit.ts'
import type { AuditRecord } from '../audit/record.ts'
import { type CallRow, callRowOf } from '../audit/row.ts'
import type { DatabaseLog } from '../db/log.ts'
import { texts, values, words } from './array-literal.ts'
import type { CallIntent, Refused, Verdict } from './call.ts'

export interface AdmissionOptions {
  /** A pool that the control API does not use: at least `inFlightMax` connections. */
  readonly pool: pg.Pool
  readonly node: string
  readonly log: DatabaseLog
  /** False where there is too little room on the disk for a call of this effect: it is refused (audit/disk.ts). */
  readonly mayWrite?: (effect: AuditRecord['effect']) => boolean
  /** Calls of which nobody knows whether they were admitted: the connection broke. None of them goes upstream. */
  readonly onUnknown?: (callIds: readonly string[]) => void
}

const inFlightMax = 1
const batchMax = 400
/** Calls that may wait to be recorded: half a second at full speed. Beyond it they are refused at once. */
const waitingMax = 6_000
/** A database that does not answer for this long is away: the caller gets an error that it may repeat. */
const answerMsMax = 5_000
/** A reservation outlives the longest that its call can last, so that the call's own settle comes first. */
const reserveMarginSeconds = 30

interface Asked {
  readonly intent: CallIntent
  readonly row: CallRow
}

interface Answer {
  readonly at: number
  /** One letter a grant of the batch: what its admitted calls hold. */
  readonly held: string
  readonly refused: readonly (readonly [n: number, code: GatewayErrorCode, retryAfterSeconds: number | null, detail: string | null])[]
}

/**
 * Decides whether calls may go upstream (promises 4 and 6): everything that applies is reserved at the worst case and the call is recorded,
 * in one group commit for all calls that wait. The budgets that apply are found by the database, so that no cache can forget one.
 */
export class Admission {
  readonly #options: AdmissionOptions
  readonly #commits: GroupCommit<Asked, Verdict>

  constructor(options: AdmissionOptions) {
    this.#options = options
    this.#commits = new GroupCommit<Asked, Verdict>({
      flush: (batch) => this.#flush(batch),
      // An intent that can't be written as a statement is found and refused alone, like one that the database refuses.
      isRefusal: (error) => error instanceof TypeError || isRefusal(error),
      isPassing,
      inFlightMax,
      waitingMax,
      batchMax,
    })
  }

  /** Never rejects: what goes wrong is a refusal, `not_recorded` or `overloaded`. */
  admit(intent: CallIntent): Promise<Verdict> {
    if (this.#options.mayWrite?.(intent.audit.effect) === false)
      return Promise.resolve(refusal('not_recorded', 'there is too little room on the disk'))
    const row = callRowOf(intent.audit)
    return this.#commits.submit({ intent, row }).catch((error: unknown) => this.#failed(error))
  }

  drained(): Promise<void> {
    return this.#commits.drained()
  }

  #failed(error: unknown): Refused {
    if (error instanceof OverloadError) return refusal('overloaded', undefined, 1)
    this.#options.log.error({ err: error }, 'calls could not be recorded and were refused')
    return refusal('not_recorded', undefined, 1)
  }

  async #flush(batch: readonly Asked[]): Promise<readonly Verdict[]> {
    const { query, callGrants } = statement(this.#options.node, batch)
    let answer: Answer
    try {
      const { rows } = await this.#options.pool.query<{ answer: Answer }>(query)
      const [row] = rows
      if (!row) throw new Error('admit_calls answered nothing')
      answer = row.answer
    } catch (error) {
      if (sqlState(error) === undefined) this.#options.onUnknown?.(batch.map((one) => one.intent.callId))
      throw error
    }
    return verdictsOf(batch, callGrants, answer)
  }
}

const text = `select admit_calls(${Array.from({ length: 31 }, (_, index) => `$${index + 1}`).join(', ')}) as answer`

interface Statement {
  readonly query: pg.QueryConfig & { query_timeout: number }
  /** Of each call: which of the batch's grants is its, from 1. */
  readonly callGrants: readonly number[]
}

function statement(node: string, batch: readonly Asked[]): Statement {
  const grants = new Map<string, AskedOfGrant>()
  const callGrants: number[] = []
  for (const { intent } of batch) callGrants.push(askedOf(grants, intent).index)
  const perGrant = [...grants.values()]
  const query = {
    name: 'admit_calls',
    text,
    values: [
      node,
      words([...grants.keys()]),
      words(perGrant.map((grant) => grant.workload)),
      all(perGrant, (grant) => grant.rpm),
      all(perGrant, (grant) => grant.tpm),
      all(perGrant, (grant) => grant.calls),
      all(perGrant, (grant) => grant.tokens),
      all(perGrant, (grant) => grant.amountNano),
      words(batch.map(({ intent }) => intent.callId)),
      `{${callGrants.join(',')}}`,
      all(batch, ({ intent }) => intent.amountNano),
      values(batch, ({ intent }) => (intent.amountNano === null ? intent.whyNoAmount?.code : null)),
      all(batch, ({ intent }) => intent.tokensWorstCase),
      all(batch, ({ intent }) => intent.reserveSeconds + reserveMarginSeconds),
      texts(batch, ({ row }) => row.behalf),
      texts(batch, ({ row }) => row.token),
      texts(batch, ({ row }) => row.credential),
      texts(batch, ({ row }) => row.version),
      texts(batch, ({ row }) => row.resource),
      texts(batch, ({ row }) => row.tenant),
      texts(batch, ({ row }) => row.team),
      texts(batch, ({ row }) => row.environment),
      texts(batch, ({ row }) => row.model),
      texts(batch, ({ row }) => row.operation),
      texts(batch, ({ row }) => row.effect),
      texts(batch, ({ row }) => row.correlation),
      texts(batch, ({ row }) => row.reason),
      texts(batch, ({ row }) => (row.details === undefined ? null : JSON.stringify(row.details))),
      texts(batch, ({ row }) => row.person),
      texts(batch, ({ row }) => row.ip),
      texts(batch, ({ row }) => row.agent),
    ],
    query_timeout: answerMsMax,
  }
  return { query, callGrants }
}

/** What one batch asks of one grant. */
interface AskedOfGrant {
  /** From 1, as PostgreSQL counts. */
  readonly index: number
  readonly workload: string
  rpm: number | null
  tpm: number | null
  calls: number
  tokens: number
  /** Null where one of its calls has no worst case. */
  amountNano: bigint | null
}

function askedOf(grants: Map<string, AskedOfGrant>, intent: CallIntent): AskedOfGrant {
  const { requestsPerMinute: rpm = null, tokensPerMinute: tpm = null } = intent.limits
  const { grant, workload, amountNano, tokensWorstCase } = intent
  const known = grants.get(grant)
  if (known === undefined) {
    const first = { index: grants.size + 1, workload, rpm, tpm, calls: 1, tokens: tokensWorstCase, amountNano }
    grants.set(grant, first)
    return first
  }
  // Two calls that were planned before and after a change of the grant: the tighter limit holds for both.
  known.rpm = least(known.rpm, rpm)
  known.tpm = least(known.tpm, tpm)
  known.calls += 1
  known.tokens += tokensWorstCase
  known.amountNano = known.amountNano === null || amountNano === null ? null : known.amountNano + amountNano
  return known
}

/** The function needs these arrays in full, also where every element is null. */
function all<Row>(rows: readonly Row[], value: (row: Row) => number | bigint | null): string {
  return values(rows, value) ?? `{${rows.map(() => 'null').join(',')}}`
}

function verdictsOf(batch: readonly Asked[], callGrants: readonly number[], answer: Answer): Verdict[] {
  const at = new Date(answer.at)
  const verdicts = callGrants.map((grant): Verdict => {
    const letter = answer.held[grant - 1]
    return { admitted: true, budgeted: letter === 'b', held: letter !== 'a', at }
  })
  for (const [n, code, retryAfterSeconds, detail] of answer.refused) {
    const whyNone = batch[n - 1]?.intent.whyNoAmount?.detail
    verdicts[n - 1] = refusal(code, detail ?? whyNone ?? undefined, retryAfterSeconds ?? undefined)
  }
  return verdicts
}

function refusal(code: GatewayErrorCode, detail?: string, retryAfterSeconds?: number): Refused {
  return {
    admitted: false,
    code: code in gatewayErrors ? code : 'not_recorded',
    ...(detail === undefined ? {} : { detail }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  }
}

function least(a: number | null, b: number | null): number | null {
  if (a === null) return b
  return b === null ? a : Math.min(a, b)
}
