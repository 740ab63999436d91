import type { GrantScope } from '@keyward/contract/grants'
import type { AssuranceLevel } from '@keyward/contract/words'
import type pg from 'pg'
import { isRefusal } from '../audit/database-refusal.ts'
import { GroupCommit } from '../audit/group-commit.ts'

/** What minting under a grant needs to know, as it is in the database now. */
export interface MintFacts {
  readonly id: string
  readonly workload: string
  readonly resource: string
  readonly resourceName: string
  readonly resourceKind: string
  readonly provider: string | null
  readonly tenant: string | null
  readonly tenantState: string | null
  readonly state: string
  readonly workloadState: string
  readonly environment: string
  readonly team: string | null
  readonly expiresAtMs: number | null
  readonly ttlSeconds: number
  readonly requireDpop: boolean
  readonly requireMtls: boolean
  readonly minimumAssurance: AssuranceLevel | null
  readonly delegates: readonly string[]
  readonly scope: GrantScope
}

const columns = `
g.id, g.workload_id as workload, g.resource_id as resource, r.name as "resourceName", r.kind as "resourceKind", r.provider,
  g.tenant_id as tenant, t.state as "tenantState", g.state, w.state as "workloadState", w.environment,
  case when o.kind = 'team' then o.id else o.team end as team,
  (extract(epoch from g.expires_at) * 1000)::float8 as "expiresAtMs", g.ttl_seconds as "ttlSeconds", g.require_dpop as "requireDpop",
  g.require_mtls as "requireMtls", g.minimum_assurance as "minimumAssurance", g.delegates, g.scope`
const joins = `
join workloads w on w.id = g.workload_id
join owners o on o.id = w.owner
join resources r on r.id = g.resource_id
left join tenants t on t.id = g.tenant_id`
const byId = { name: 'mint_facts', text: `select ${columns} from grants g ${joins} where g.id = any($1)` }
/** Of each asked workload (and resource, where one is named) two at most: more than one is answered as a question back. */
const byWorkload = {
  name: 'mint_facts_of',
  text: `
select a.n::int as n, f.* from unnest($1::text[], $2::text[], $3::json[]) with ordinality a (workload, resource, held, n)
cross join lateral (
  select ${columns} from grants g ${joins}
  where g.workload_id = a.workload and g.state = 'active' and (a.resource is null or r.name = a.resource)
    and (a.held is null or g.id in (select json_array_elements_text(a.held)))
  limit 2
) f`,
}
const inFlightMax = 2
const batchMax = 200
/** Some seconds at full speed; beyond it callers are told to come back. */
const waitingMax = 5_000
const answerMsMax = 5_000

/** Which grants of a workload are asked for. */
export interface GrantsAsked {
  readonly workload: string
  /** Name of a resource; undefined: any. */
  readonly resource: string | undefined
  /** The grants that its identity is held to; null: all. */
  readonly held: readonly string[] | null
}

/** Reads grants for minting: all that are asked for in one turn of the event loop with one statement, whose plan is kept. */
export class MintFactsReader {
  readonly #byId: GroupCommit<string, MintFacts | undefined>
  readonly #byWorkload: GroupCommit<GrantsAsked, readonly MintFacts[]>

  constructor(pool: Pick<pg.Pool, 'query'>) {
    const bounds = { isRefusal, inFlightMax, waitingMax, batchMax }
    this.#byId = new GroupCommit<string, MintFacts | undefined>({
      flush: async (batch) => {
        const query: pg.QueryConfig & { query_timeout: number } = { ...byId, values: [[...new Set(batch)]], query_timeout: answerMsMax }
        const { rows } = await pool.query<MintFacts>(query)
        const found = new Map(rows.map((row) => [row.id, row]))
        return batch.map((grant) => found.get(grant))
      },
      ...bounds,
    })
    this.#byWorkload = new GroupCommit<GrantsAsked, readonly MintFacts[]>({
      flush: async (batch) => {
        const query: pg.QueryConfig & { query_timeout: number } = {
          ...byWorkload,
          values: [
            batch.map((one) => one.workload),
            batch.map((one) => one.resource ?? null),
            batch.map((one) => (one.held === null ? null : JSON.stringify(one.held))),
          ],
          query_timeout: answerMsMax,
        }
        const { rows } = await pool.query<MintFacts & { n: number }>(query)
        const found = Map.groupBy(rows, (row) => row.n)
        return batch.map((_, index) => found.get(index + 1) ?? [])
      },
      ...bounds,
    })
  }

  /** @throws OverloadError, or the database's error */
  read(grant: string): Promise<MintFacts | undefined> {
    return this.#byId.submit(grant)
  }

  /** Active grants of a workload, two at most. @throws OverloadError, or the database's error */
  of(asked: GrantsAsked): Promise<readonly MintFacts[]> {
    return this.#byWorkload.submit(asked)
  }
}
