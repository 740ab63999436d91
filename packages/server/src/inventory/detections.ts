import type { Detection, DetectionQuery, DetectionWithSightings, Dismiss } from '@keyward/contract/detections'
import { KeywardError } from '@keyward/contract/errors'
import { limits } from '@keyward/contract/limits'
import { type Kysely, type SqlBool, sql, type Transaction } from 'kysely'
import { type Page, pageOf } from '../db/page.ts'
import type { Tables } from '../db/tables.ts'
import type { Permit } from '../people/permit.ts'
import { invalid } from './conflicts.ts'
import { detectionOf, detectionRows, detectionsWithin, effectiveState, sightingOf } from './detection-rows.ts'
import { matches } from './search.ts'

/*
 * Detections: secrets that scanners saw outside their home. They begin `open`, become `adopted` when their secret is taken into the vault
 * (credential-versions.ts) and `dismissed` by a person with a reason. Each can be open again: an adopted one that is still seen
 * (detection-report.ts), a dismissed one at its end, and both by hand.
 */

type Db = Kysely<Tables>
type Trx = Transaction<Tables>

/** @throws KeywardError `invalid-cursor` */
export async function listDetections(db: Db, permit: Permit<'detection:read'>, query: DetectionQuery): Promise<Page<Detection>> {
  let rows = detectionRows(db).where(detectionsWithin(permit))
  if (query.state !== undefined) rows = rows.where(effectiveState, '=', query.state)
  if (query.provider !== undefined) rows = rows.where('detections.provider', '=', query.provider)
  if (query.severity !== undefined) rows = rows.where('detections.severity', '=', query.severity)
  if (query.source !== undefined)
    rows = rows.where(sql<SqlBool>`exists (select from sightings s where s.detection_id = detections.id and s.source = ${query.source})`)
  if (query.q !== undefined)
    rows = rows.where(
      sql<SqlBool>`(${matches('detections', query.q)} or detections.id in (select sightings.detection_id from sightings
        where ${matches('sightings', query.q.replaceAll(/[^\p{L}\p{N}]+/gu, ' '))}))`,
    )
  return await pageOf(rows, 'detections', query, detectionOf, 'first_seen_at')
}

/** @throws KeywardError `not-found` */
export async function showDetection(db: Db, permit: Permit<'detection:read'>, id: string): Promise<DetectionWithSightings> {
  const row = await detectionRows(db).where('detections.id', '=', id).where(detectionsWithin(permit)).executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  const sightings = await db
    .selectFrom('sightings')
    .select(['id', 'detection_id', 'source', 'origin', 'path', 'line', 'commit', 'author', 'email', 'what', 'seen_at'])
    .select(['first_reported_at', 'last_reported_at'])
    .where('detection_id', '=', id)
    .orderBy('last_reported_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limits.sightingsShownMax)
    .execute()
  return { ...detectionOf(row), sightings: sightings.map(sightingOf) }
}

/** @throws KeywardError `not-found`, `conflict` for what was adopted, `invalid-request` for an end that has passed */
export async function dismissDetection(trx: Trx, permit: Permit<'detection:triage'>, id: string, input: Dismiss): Promise<Detection> {
  const before = await lockDetection(trx, permit, id)
  if (before.state_now === 'adopted') throw new KeywardError('conflict', 'Its secret is in the vault already: there is nothing to dismiss')
  if (input.until !== undefined && Date.parse(input.until) <= Date.now()) throw invalid('/until', 'must be in the future')
  return await setState(trx, permit, id, 'dismissed', input.reason, input.until)
}

/** @throws KeywardError `not-found`, `conflict` for what is open */
export async function reopenDetection(trx: Trx, permit: Permit<'detection:triage'>, id: string): Promise<Detection> {
  const before = await lockDetection(trx, permit, id)
  if (before.state_now === 'open') throw new KeywardError('conflict', 'The detection is open')
  return await setState(trx, permit, id, 'open', null)
}

async function setState(
  trx: Trx,
  permit: Permit<'detection:triage'>,
  id: string,
  state: Detection['state'],
  reason: string | null,
  until?: string,
): Promise<Detection> {
  await trx
    .updateTable('detections')
    .set({
      state,
      state_reason: reason,
      state_by: permit.principal.user.id,
      state_at: sql<Date>`now()`,
      dismissed_until: until ?? null,
    })
    .where('id', '=', id)
    .execute()
  return detectionOf(await detectionRows(trx).where('detections.id', '=', id).executeTakeFirstOrThrow())
}

async function lockDetection(trx: Trx, permit: Permit<'detection:triage'>, id: string): Promise<{ state_now: Detection['state'] }> {
  const row = await trx
    .selectFrom('detections')
    .select(effectiveState.as('state_now'))
    .where('detections.id', '=', id)
    .where(detectionsWithin(permit))
    .forUpdate()
    .executeTakeFirst()
  if (!row) throw new KeywardError('not-found')
  return row
}
