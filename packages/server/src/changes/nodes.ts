import { limits } from '@keyward/contract/limits'
import type { NodeStatus } from '@keyward/contract/records'
import { type Kysely, sql } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { Pause } from './pause.ts'

/** Whether another node had applied a change when it was asked. */
export interface NodeHeard {
  readonly node: string
  readonly heard: boolean
  /** From the question until its row said so. */
  readonly heardAfterMs: number | null
}

/** How often the rows are looked at while somebody waits for an answer. */
const lookMs = 20
/** A node that has been silent for this long is dead to the list and to whoever waits. */
const forgetSeconds = 3_600

/** The nodes on this database that have not stopped and were heard within the hour, the oldest first. */
export async function listNodes(db: Kysely<Tables>, here: string): Promise<NodeStatus[]> {
  const rows = await db
    .selectFrom('nodes')
    .selectAll()
    .select(sql<boolean>`heard_at < clock_timestamp() - ${limits.deafAfterMs} * interval '1 millisecond'`.as('deaf'))
    .where('stopped_at', 'is', null)
    .where('heard_at', '>', sql<Date>`clock_timestamp() - ${forgetSeconds} * interval '1 second'`)
    .orderBy('started_at')
    .orderBy('id')
    .execute()
  return rows.map((row) => ({
    id: row.id,
    started_at: row.started_at.toISOString(),
    heard_at: row.heard_at.toISOString(),
    heard_seq: row.heard_seq.toString(),
    version: row.version,
    here: row.id === here,
    deaf: row.deaf,
    revocation_ms: { last: row.last_effect_ms, max_24h: row.max_effect_ms },
  }))
}

/**
 * Waits until every other node that can hear has applied the feed up to `seq`, for at most `withinMs`. A node that is deaf is not waited for:
 * it refuses everything.
 */
export async function heardBy(db: Kysely<Tables>, here: string, seq: bigint, withinMs: number): Promise<NodeHeard[]> {
  const started = performance.now()
  const pause = new Pause()
  const heardAfter = new Map<string, number>()
  for (;;) {
    const rows = await db
      .selectFrom('nodes')
      .select(['id', 'heard_seq', sql<boolean>`heard_at < clock_timestamp() - ${limits.deafAfterMs} * interval '1 millisecond'`.as('deaf')])
      .where('id', '<>', here)
      .where('stopped_at', 'is', null)
      .where('heard_at', '>', sql<Date>`clock_timestamp() - ${forgetSeconds} * interval '1 second'`)
      .orderBy('id')
      .execute()
    const passed = performance.now() - started
    for (const row of rows) if (row.heard_seq >= seq && !heardAfter.has(row.id)) heardAfter.set(row.id, passed)
    if (passed >= withinMs || rows.every((row) => row.deaf || heardAfter.has(row.id)))
      return rows.map(({ id }) => ({ node: id, heard: heardAfter.has(id), heardAfterMs: heardAfter.get(id) ?? null }))
    await pause.for(lookMs)
  }
}
