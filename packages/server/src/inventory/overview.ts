import type { Overview } from '@keyward/contract/records'
import { type Kysely, sql } from 'kysely'
import { listNodes } from '../changes/nodes.ts'
import type { Tables } from '../db/tables.ts'
import type { Permit } from '../people/permit.ts'
import { usageOfDay } from '../policy/usage.ts'
import { ownedWithin, ownersWithin } from './reach.ts'
import { resourcesWithin } from './resources.ts'

const expiresSoonDays = 14

/** What the console's first page shows, as far as the permit reaches. */
export async function showOverview(
  db: Kysely<Tables>,
  permit: Permit<'overview:read'>,
  organisation: string,
  node: string,
): Promise<Overview> {
  const [counts, usage, attention] = await Promise.all([
    countThings(db, permit),
    usageOfDay(db, permit.reach),
    attentionOf(db, permit, node),
  ])
  return {
    organisation,
    counts,
    last_24h: { calls: usage.calls, refused: usage.refused, cost_usd: usage.costUsd, p50_overhead_ms: usage.p50OverheadMs },
    spend_by_hour: usage.byHour.map(({ at, costUsd, calls }) => ({ at, cost_usd: costUsd, calls })),
    attention,
    first_run: {
      credential: counts.credentials > 0,
      resource: counts.resources > 0,
      workload: counts.workloads > 0,
      grant: counts.grants > 0,
      call: usage.anyCall,
    },
  }
}

async function countThings(db: Kysely<Tables>, permit: Permit): Promise<Overview['counts']> {
  const { reach } = permit
  const workloads = ownedWithin(reach, 'workloads')
  const { rows } = await sql<Record<keyof Overview['counts'], bigint>>`select
    (select count(*) from credentials where state = 'active' and ${ownedWithin(reach, 'credentials')}) as credentials,
    (select count(*) from owners where ${ownersWithin(reach, 'owners')}) as owners,
    (select count(*) from workloads where state = 'active' and ${workloads}) as workloads,
    (select count(*) from resources where ${resourcesWithin(reach)}) as resources,
    (select count(*) from grants join workloads on workloads.id = grants.workload_id where grants.state = 'active' and ${workloads}) as grants,
    (select count(*) from tokens join grants on grants.id = tokens.grant_id join workloads on workloads.id = tokens.workload_id
      where tokens.expires_at > now() and tokens.revoked_at is null and grants.state = 'active' and workloads.state = 'active' and ${workloads}) as live_tokens`.execute(
    db,
  )
  const [row] = rows
  if (!row) throw new Error('counting gave no row')
  return {
    credentials: Number(row.credentials),
    owners: Number(row.owners),
    workloads: Number(row.workloads),
    resources: Number(row.resources),
    grants: Number(row.grants),
    live_tokens: Number(row.live_tokens),
  }
}

async function attentionOf(db: Kysely<Tables>, permit: Permit, node: string): Promise<Overview['attention']> {
  const { reach } = permit
  const { rows } = await sql<{ kind: string; id: string; name: string }>`
    (select case when expires_at < now() then 'expired' else 'expires' end as kind, id, name from credentials
      where state = 'active' and expires_at < now() + make_interval(days => ${expiresSoonDays}) and ${ownedWithin(reach, 'credentials')}
      order by expires_at limit 5)
    union all
    (select distinct 'unusable', resources.id, resources.name from resources
      join resource_credentials b on b.resource_id = resources.id join credentials on credentials.id = b.credential_id
      where ${ownedWithin(reach, 'credentials')} and (credentials.state = 'revoked' or not exists (
        select 1 from credential_versions v where v.credential_id = credentials.id and v.state = 'current')) limit 5)`.execute(db)
  const nodes = reach === 'all' ? await listNodes(db, node) : []
  return [
    ...nodes
      .filter((one) => one.deaf)
      .map((one) => ({
        kind: 'node_deaf',
        text: `The node ${one.id} has not been heard of since ${one.heard_at}`,
        fix: 'It refuses all calls. Look at its log, or stop it.',
        link: null,
      })),
    ...rows.map((row) =>
      row.kind !== 'unusable'
        ? {
            kind: 'credential_expires',
            text: `The credential ${row.name} ${row.kind === 'expired' ? 'has expired' : `expires within ${expiresSoonDays} days`}`,
            fix: 'Store a new secret for it, and its new end.',
            link: `/credentials/${row.id}`,
          }
        : {
            kind: 'resource_unusable',
            text: `The resource ${row.name} has a credential that is revoked or has no secret`,
            fix: 'Store a secret, or give the resource another credential.',
            link: `/resources/${row.id}`,
          },
    ),
  ]
}
