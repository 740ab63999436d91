import { CredentialQuery } from '@keyward/contract/credentials'
import type { RoleBinding } from '@keyward/contract/people'
import { Kysely, PostgresDialect } from 'kysely'
import { testDatabase } from '../../../../tests/support/postgres.ts'
import { databaseOn } from '../../src/db/database.ts'
import { silentLog } from '../../src/db/log.ts'
import { createPool } from '../../src/db/pool.ts'
import type { Tables } from '../../src/db/tables.ts'
import { listCredentials } from '../../src/inventory/credentials.ts'
import { loadCredentials } from './million.ts'
import { permitFor } from './principals.ts'

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Plan Rows': number
  readonly Plans?: readonly PlanNode[]
}

/** How PostgreSQL answers one form of the list. */
export interface ListPlan {
  readonly asked: string
  /** Node types with the rows that the planner expects of each, the root first. */
  readonly nodes: readonly { readonly type: string; readonly relation: string | undefined; readonly rows: number }[]
}

/** A database with that many credentials, and the plans of the list as it is really asked. */
export async function startListPlans(count: number) {
  const database = await testDatabase()
  const pool = createPool(database.connection, { name: 'plans', connectionsMax: 2, log: silentLog, statementMsMax: 0 })
  await loadCredentials(databaseOn(pool), count)
  let statement: { readonly sql: string; readonly parameters: readonly unknown[] } | undefined
  const db = new Kysely<Tables>({
    dialect: new PostgresDialect({ pool }),
    log: ({ query }) => {
      if (query.sql.includes('page_micros')) statement = query
    },
  })

  async function planOf(query: Record<string, string>, roles: readonly RoleBinding[]): Promise<ListPlan & { next: string | null }> {
    const page = await listCredentials(db, permitFor('credential:read', roles), CredentialQuery.parse(query))
    if (!statement) throw new Error('the list asked nothing')
    const { rows } = await pool.query(`explain (format json) ${statement.sql}`, [...statement.parameters])
    const root = (rows[0] as { 'QUERY PLAN': [{ Plan: PlanNode }] })['QUERY PLAN'][0].Plan
    return { asked: JSON.stringify({ query, roles }), nodes: flat(root), next: page.next_cursor }
  }

  return {
    planOf,
    async stop() {
      await pool.end()
      await database.drop()
    },
  }
}

function flat(node: PlanNode): ListPlan['nodes'] {
  const own = { type: node['Node Type'], relation: node['Relation Name'], rows: node['Plan Rows'] }
  return [own, ...(node.Plans ?? []).flatMap(flat)]
}

const filters = {
  environment: 'production',
  owner: 'own_00000000000000000000000007',
  provider: 'openai',
  purpose: 'model',
  kind: 'api_key',
  state: 'active',
}
const rare = {
  environment: 'development',
  owner: 'own_00000000000000000000000499',
  provider: 'stripe',
  purpose: 'deploy',
  kind: 'certificate',
  state: 'revoked',
}

/** Every combination of the filters that the API offers, common and rare values, with and without words. */
export function combinations(): Record<string, string>[] {
  const made: Record<string, string>[] = []
  for (const values of [filters, rare]) {
    const names = Object.keys(values) as (keyof typeof filters)[]
    for (let mask = 0; mask < 2 ** names.length; mask++) {
      made.push(Object.fromEntries(names.filter((_, bit) => (mask >> bit) & 1).map((name) => [name, values[name]])))
    }
  }
  for (const q of ['service', 'crm', 'platform rotated', 'service 4711', 'nothinghasthis', 's']) {
    made.push({ q }, { q, environment: 'production' }, { q, ...rare })
  }
  return made
}

export const reaches: readonly (readonly RoleBinding[])[] = [
  [{ role: 'admin' }],
  [{ role: 'viewer', team: 'own_00000000000000000000000003' }],
  [{ role: 'viewer', environment: 'staging' }],
  [
    { role: 'viewer', team: 'own_00000000000000000000000400', environment: 'production' },
    { role: 'viewer', team: 'own_00000000000000000000000002' },
  ],
]
