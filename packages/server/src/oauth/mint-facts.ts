import type { GrantScope } from '@keyward/contract/grants'
import type { AssuranceLevel } from '@keyward/contract/words'
import type pg from 'pg'
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

const statement = {
  name: 'mint_facts',
  text: `
select g.id, g.workload_id as workload, g.resource_id as resource, r.name as "resourceName", r.kind as "resourceKind", r.provider,
  g.tenant_id as tenant, t.state as "tenantState", g.state, w.state as "workloadState", w.environment,
  case when o.kind = 'team' then o.id else o.team end as team,
  (extract(epoch from g.expires_at) * 1000)::float8 as "expiresAtMs", g.ttl_seconds as "ttlSeconds", g.require_dpop as "requireDpop",
  g.require_mtls as "requireMtls", g.minimum_assurance as "minimumAssurance", g.delegates, g.scope
from grants g
join workloads w on w.id = g.workload_id
join owners o on o.id = w.owner
join resources r on r.id = g.resource_id
left join tenants t on t.id = g.tenant_id
where g.id = any($1)`,
}
const inFlightMax = 2
const batchMax = 200
/** Some seconds at full speed; beyond it callers are told to come back. */
const waitingMax = 5_000
const answerMsMax = 5_000

/** Reads grants for minting: all that are asked for in one turn of the event loop with one statement. */
export class MintFactsReader {
  readonly #reads: GroupCommit<string, MintFacts | undefined>

  constructor(pool: Pick<pg.Pool, 'query'>) {
    this.#reads = new GroupCommit<string, MintFacts | undefined>({
      flush: async (batch) => {
        const query: pg.QueryConfig & { query_timeout: number } = {
          ...statement,
          values: [[...new Set(batch)]],
          query_timeout: answerMsMax,
        }
        const { rows } = await pool.query<MintFacts>(query)
        const byId = new Map(rows.map((row) => [row.id, row]))
        return batch.map((grant) => byId.get(grant))
      },
      isRefusal: () => false,
      inFlightMax,
      waitingMax,
      batchMax,
    })
  }

  /** @throws OverloadError, or the database's error */
  read(grant: string): Promise<MintFacts | undefined> {
    return this.#reads.submit(grant)
  }
}
