import type pg from 'pg'
import { testDatabase } from '../../../../tests/support/postgres.ts'
import { type Database, databaseOn } from '../../src/db/database.ts'
import { silentLog } from '../../src/db/log.ts'
import { type ConnectionParts, createPool } from '../../src/db/pool.ts'
import { newId } from '../../src/observe/ids.ts'
import { Admission } from '../../src/policy/admission.ts'
import type { Admitted, CallIntent, CallOutcome, Verdict } from '../../src/policy/call.ts'
import { Settlement } from '../../src/policy/settlement.ts'

/** A database with one of everything that a call needs. */
export interface Ledger {
  readonly connection: ConnectionParts
  readonly pool: pg.Pool
  readonly db: Database
  readonly installation: string
  readonly team: string
  readonly person: string
  readonly workload: string
  readonly resource: string
  readonly grant: string
  close(): Promise<void>
}

export async function openLedger(): Promise<Ledger> {
  const database = await testDatabase()
  const pool = createPool(database.connection, { name: 'test', connectionsMax: 8, log: silentLog })
  const db = databaseOn(pool)
  await pool.query('select ensure_partitions(2)')
  const ids = {
    installation: newId('installation'),
    team: newId('owner'),
    person: newId('owner'),
    workload: newId('workload'),
    resource: newId('resource'),
    grant: newId('grant'),
  }
  await pool.query("insert into installation (id, organisation, fingerprint_key) values ($1, 'Test', '{}')", [ids.installation])
  await pool.query("insert into owners (id, kind, name, contact) values ($1, 'team', 'Support', 'support@example.test')", [ids.team])
  await pool.query("insert into owners (id, kind, name, contact, team) values ($1, 'person', 'Ada', 'ada@example.test', $2)", [
    ids.person,
    ids.team,
  ])
  await pool.query("insert into workloads (id, name, type, owner, environment) values ($1, 'agent', 'agent', $2, 'production')", [
    ids.workload,
    ids.person,
  ])
  await pool.query(
    `insert into resources (id, name, kind, upstream, provider, injection)
     values ($1, 'openai', 'llm', 'https://api.openai.com', 'openai', '{"style": "bearer"}')`,
    [ids.resource],
  )
  await addGrant(pool, ids.grant, ids.workload, ids.resource)
  return {
    ...ids,
    connection: database.connection,
    pool,
    db,
    async close() {
      await pool.end()
      await database.drop()
    },
  }
}

export async function addGrant(pool: pg.Pool, grant: string, workload: string, resource: string): Promise<void> {
  await pool.query(`insert into grants (id, workload_id, resource_id, scope, ttl_seconds) values ($1, $2, $3, '{"models": ["*"]}', 600)`, [
    grant,
    workload,
    resource,
  ])
}

export async function addBudget(
  pool: pg.Pool,
  level: 'org' | 'team' | 'workload' | 'grant',
  subject: string,
  limitNano: bigint,
  window = 'total',
): Promise<string> {
  const id = newId('budget')
  await pool.query('insert into budgets (id, level, subject, limit_nano, time_window) values ($1, $2, $3, $4, $5)', [
    id,
    level,
    subject,
    limitNano,
    window,
  ])
  return id
}

/** What a budget's windows hold together, in nano-dollars. */
export async function balance(pool: pg.Pool, budget: string): Promise<{ spent: bigint; reserved: bigint }> {
  const { rows } = await pool.query<{ spent: string; reserved: string }>(
    'select coalesce(sum(spent_nano), 0)::text as spent, coalesce(sum(reserved_nano), 0)::text as reserved from budget_windows where budget_id = $1',
    [budget],
  )
  return { spent: BigInt(rows[0]?.spent ?? 0), reserved: BigInt(rows[0]?.reserved ?? 0) }
}

/** What all settled calls cost, or those of one grant. */
export async function usageSum(pool: pg.Pool, grant: string | null = null): Promise<bigint> {
  const { rows } = await pool.query<{ sum: string }>(
    'select coalesce(sum(cost_nano), 0)::text as sum from usage_events where $1::text is null or grant_id = $1',
    [grant],
  )
  return BigInt(rows[0]?.sum ?? 0)
}

export async function count(pool: pg.Pool, from: string, values: unknown[] = []): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(`select count(*)::int as n from ${from}`, values)
  return rows[0]?.n ?? 0
}

/** One node's way into the ledger. */
export function ledgerNode(pool: pg.Pool, node = newId('node')) {
  const settlement = new Settlement({ pool, node, log: silentLog })
  const admission = new Admission({ pool, node, log: silentLog, onUnknown: (calls) => void settlement.abandon(calls) })
  return { node, admission, settlement }
}

export function intentOf(ledger: Pick<Ledger, 'grant' | 'workload' | 'resource'>, changes: Partial<CallIntent> = {}): CallIntent {
  const callId = newId('call')
  return {
    callId,
    grant: ledger.grant,
    workload: ledger.workload,
    amountNano: 1_000n,
    reserveSeconds: 60,
    tokensWorstCase: 100,
    limits: {},
    audit: {
      resource: ledger.resource,
      credential: 'cred_test',
      environment: 'production',
      model: 'gpt-4.1',
      operation: 'chat.completions',
      effect: 'spend',
    },
    ...changes,
  }
}

export function outcomeOf(intent: CallIntent, verdict: Admitted, costNano: bigint | null, changes: Partial<CallOutcome> = {}): CallOutcome {
  return {
    callId: intent.callId,
    at: verdict.at,
    held: verdict.held,
    workload: intent.workload,
    grant: intent.grant,
    resource: intent.audit.resource ?? '',
    credential: 'cred_test',
    environment: 'production',
    operation: 'chat.completions',
    model: 'gpt-4.1',
    outcome: 'ok',
    status: 200,
    streamed: false,
    costNano,
    ...changes,
  }
}

export function admitted(verdict: Verdict): Admitted {
  if (!verdict.admitted) throw new Error(`refused: ${verdict.code}`)
  return verdict
}

export function codeOf(verdict: Verdict): string {
  return verdict.admitted ? 'admitted' : verdict.code
}
