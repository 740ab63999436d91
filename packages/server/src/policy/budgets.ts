import type { Budget, BudgetCreate, BudgetQuery, BudgetScope, BudgetUpdate } from '@keyward/contract/budgets'
import { KeywardError } from '@keyward/contract/errors'
import { formatUsd } from '@keyward/contract/money'
import { type Kysely, sql, type Transaction } from 'kysely'
import { type Reach, teamOf, within } from '../audit/reach.ts'
import { type Page, pageOf } from '../db/page.ts'
import type { Tables } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import { nano } from './price-table.ts'
import { type Revision, requireRevision } from './revision.ts'

/*
 * Budgets: hard ceilings over the organisation, a team, a workload or a grant. A budget counts from its creation: what was spent before, and
 * what calls that were already running cost, is not in it. Whoever changes one records the act and then, last, the change (kind `budget`).
 */

type Db = Kysely<Tables>
type Trx = Transaction<Tables>
type Level = 'org' | 'team' | 'workload' | 'grant'

/**
 * @throws KeywardError `invalid-request` where the subject is unknown or outside the reach, `forbidden` for the organisation's budget without
 *   reach over everything, `conflict` where it has one for that window already
 */
export async function createBudget(trx: Trx, reach: Reach, input: BudgetCreate): Promise<Budget> {
  const { level, subject } = await subjectOf(trx, reach, input.scope)
  const created = await trx
    .insertInto('budgets')
    .values({ id: newId('budget'), level, subject, limit_nano: nano(input.limit_usd), time_window: input.window })
    .onConflict((conflict) => conflict.columns(['level', 'subject', 'time_window']).doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!created) throw new KeywardError('conflict', `This ${level} has a budget for the window "${input.window}" already: change that one`)
  return await showBudget(trx, reach, created.id)
}

/** Each with what is spent and held in its running window. @throws KeywardError `invalid-cursor` */
export async function listBudgets(db: Db, reach: Reach, query: BudgetQuery): Promise<Page<Budget>> {
  let rows = budgetRows(db, reach)
  if (query.team !== undefined) rows = rows.where('budgets.level', '=', 'team').where('budgets.subject', '=', query.team)
  if (query.workload !== undefined) rows = rows.where('budgets.level', '=', 'workload').where('budgets.subject', '=', query.workload)
  if (query.grant !== undefined) rows = rows.where('budgets.level', '=', 'grant').where('budgets.subject', '=', query.grant)
  return await pageOf(rows, 'budgets', query, budgetOf)
}

/** @throws KeywardError `not-found`, also where it is outside the reach */
export async function showBudget(db: Db, reach: Reach, id: string): Promise<Budget> {
  const row = await budgetRows(db, reach).where('budgets.id', '=', id).executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  return budgetOf(row)
}

/** What is spent stays counted; a limit below it refuses every further call of the window. @throws KeywardError `not-found`, `precondition-failed` */
export async function updateBudget(trx: Trx, reach: Reach, id: string, input: BudgetUpdate, revision: Revision): Promise<Budget> {
  const before = await lockBudget(trx, reach, id)
  requireRevision(before.revision, revision)
  if (input.limit_usd !== undefined)
    await trx
      .updateTable('budgets')
      .set({ limit_nano: nano(input.limit_usd), updated_at: sql<Date>`now()`, revision: before.revision + 1 })
      .where('id', '=', id)
      .execute()
  return await showBudget(trx, reach, id)
}

/** @throws KeywardError `not-found`, `precondition-failed`, `in-use` while running calls hold some of it */
export async function deleteBudget(trx: Trx, reach: Reach, id: string, revision: Revision): Promise<void> {
  const before = await lockBudget(trx, reach, id)
  requireRevision(before.revision, revision)
  // In the order of admission and settlement, so that neither can wait for this one in a circle.
  const windows = await trx
    .selectFrom('budget_windows')
    .select(['window_start', 'reserved_nano'])
    .where('budget_id', '=', id)
    .orderBy('window_start')
    .forUpdate()
    .execute()
  const reserved = windows.reduce((sum, window) => sum + window.reserved_nano, 0n)
  if (reserved > 0n)
    throw new KeywardError(
      'in-use',
      `Running calls hold ${formatUsd(reserved)} USD of it: try again when they have ended, or revoke them`,
      {
        extra: { used_by: [{ kind: before.level, id: before.subject, name: before.subject }] },
      },
    )
  await trx.deleteFrom('budget_windows').where('budget_id', '=', id).execute()
  await trx.deleteFrom('budgets').where('id', '=', id).execute()
}

async function lockBudget(trx: Trx, reach: Reach, id: string): Promise<{ revision: number; level: Level; subject: string }> {
  const row = await trx
    .selectFrom('budgets')
    .select(['revision', 'level', 'subject'])
    .where('id', '=', id)
    .where(visible(reach))
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  return row
}

/** The budget's team and environment lie within the reach; the organisation's is seen only by those who reach everything. */
function visible(reach: Reach) {
  if (reach === 'all') return sql<boolean>`true`
  const workload = sql`(select 1 from workloads join owners on owners.id = workloads.owner
    where workloads.id = case budgets.level when 'workload' then budgets.subject else (select workload_id from grants where grants.id = budgets.subject) end
      and ${within(reach, teamOf(), sql.ref('workloads.environment'))})`
  return sql<boolean>`case budgets.level
    when 'org' then false
    when 'team' then ${within(reach, sql.ref('budgets.subject'), sql`null::text`)}
    else exists ${workload} end`
}

function budgetRows(db: Db, reach: Reach) {
  return db
    .selectFrom('budgets')
    .leftJoin('budget_windows as w', (join) =>
      join.onRef('w.budget_id', '=', 'budgets.id').on(sql<boolean>`w.window_start = window_start(budgets.time_window, now())`),
    )
    .selectAll('budgets')
    .select([
      sql<bigint>`coalesce(w.spent_nano, 0)`.as('spent'),
      sql<bigint>`coalesce(w.reserved_nano, 0)`.as('reserved'),
      sql<Date>`window_start(budgets.time_window, now())`.as('window_start'),
      sql<Date | null>`window_end(budgets.time_window, now())`.as('window_end'),
    ])
    .where(visible(reach))
}

async function subjectOf(trx: Trx, reach: Reach, scope: BudgetScope): Promise<{ level: Level; subject: string }> {
  if (scope.org !== undefined) return { level: 'org', subject: await organisation(trx, reach, scope.org) }
  if (scope.team !== undefined) {
    const row = await trx
      .selectFrom('owners')
      .select('id')
      .where('id', '=', scope.team)
      .where('kind', '=', 'team')
      .where(within(reach, sql.ref('owners.id'), sql`null::text`))
      .forKeyShare()
      .executeTakeFirst()
    return { level: 'team', subject: known('/scope/team', row) }
  }
  const ofWorkloads = trx
    .selectFrom('workloads')
    .innerJoin('owners', 'owners.id', 'workloads.owner')
    .where(within(reach, teamOf(), sql.ref('workloads.environment')))
  if (scope.workload !== undefined) {
    const row = await ofWorkloads
      .select('workloads.id')
      .where('workloads.id', '=', scope.workload)
      .forKeyShare('workloads')
      .executeTakeFirst()
    return { level: 'workload', subject: known('/scope/workload', row) }
  }
  const row = await ofWorkloads
    .innerJoin('grants', 'grants.workload_id', 'workloads.id')
    .select('grants.id')
    .where('grants.id', '=', scope.grant ?? '')
    .forKeyShare('grants')
    .executeTakeFirst()
  return { level: 'grant', subject: known('/scope/grant', row) }
}

async function organisation(trx: Trx, reach: Reach, named: string): Promise<string> {
  if (reach !== 'all') throw new KeywardError('forbidden', "The organisation's budget needs a role over everything")
  const row = await trx.selectFrom('installation').select('id').executeTakeFirst()
  return known('/scope/org', row && (named === 'org' || named === row.id) ? row : undefined)
}

function known(field: string, row: { id: string } | undefined): string {
  if (!row) throw new KeywardError('invalid-request', undefined, { errors: [{ field, message: 'is not one that you can use here' }] })
  return row.id
}

interface BudgetRow {
  id: string
  level: Level
  subject: string
  limit_nano: bigint
  time_window: Budget['window']
  spent: bigint
  reserved: bigint
  window_start: Date
  window_end: Date | null
  created_at: Date
  updated_at: Date
  revision: number
}

function budgetOf(row: BudgetRow): Budget {
  const remaining = row.limit_nano - row.spent - row.reserved
  return {
    id: row.id,
    scope: { [row.level]: row.subject },
    limit_usd: formatUsd(row.limit_nano),
    window: row.time_window,
    spent_usd: formatUsd(row.spent),
    reserved_usd: formatUsd(row.reserved),
    remaining_usd: formatUsd(remaining > 0n ? remaining : 0n),
    window_start: row.window_start.toISOString(),
    window_end: row.window_end?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    revision: row.revision,
  }
}
