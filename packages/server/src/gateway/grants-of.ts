import type pg from 'pg'

const grantsMax = 20
const statement = {
  name: 'gateway_grants_of',
  text: `select id from grants
where workload_id = $1 and resource_id = $2 and state = 'active' and (expires_at is null or expires_at > now())
order by created_at desc, id desc limit ${grantsMax}`,
}

/** The active grants of a workload for a resource, the newest first. Asked only where a call was refused for what its token may not do. */
export async function grantsOf(pool: Pick<pg.Pool, 'query'>, workload: string, resource: string): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>({ ...statement, values: [workload, resource] })
  return rows.map(({ id }) => id)
}
