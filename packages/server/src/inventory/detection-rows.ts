import type { Detection, Sighting } from '@keyward/contract/detections'
import { type Expression, type Kysely, type Selectable, type SqlBool, sql } from 'kysely'
import type { DetectionsTable, SightingsTable, Tables } from '../db/tables.ts'
import type { Permit } from '../people/permit.ts'
import { ownedWithin } from './reach.ts'
import { shown, shownOrNull } from './times.ts'

type Permitted = Permit<'detection:read'> | Permit<'detection:report'> | Permit<'detection:triage'>

/**
 * The state that counts: a dismissal has an end, and what was adopted is open again where its credential was deleted. Computed where it is
 * read, so that nothing has to run for it to be true.
 */
export const effectiveState = sql<Detection['state']>`
  case when detections.state = 'dismissed' and detections.dismissed_until <= now() then 'open'
    when detections.state = 'adopted' and detections.credential_id is null then 'open' else detections.state end`

/**
 * The condition that a detection may be seen: as its credential, where the inventory has one. What it does not know belongs to no team: a role
 * over everything sees it, and whoever reported it.
 */
export function detectionsWithin(permit: Permitted): Expression<SqlBool> {
  if (permit.reach === 'all') return sql<SqlBool>`true`
  return sql<SqlBool>`case when detections.credential_id is not null
    then exists (select from credentials where credentials.id = detections.credential_id and ${ownedWithin(permit.reach, 'credentials')})
    else exists (select from sightings s where s.detection_id = detections.id and s.reported_by = ${permit.principal.user.id}) end`
}

/** What a row of a list needs of its sightings and of the owners. */
interface Told {
  readonly state_now: Detection['state']
  readonly sources: Sighting['source'][]
  readonly sightings_total: number
  readonly first_place: string | null
  readonly author: string | null
  readonly email: string | null
  readonly owner: string | null
}

export type DetectionRow = Omit<Selectable<DetectionsTable>, 'search' | 'fingerprint'> & Told

/** Detections with what is told of their sightings, to be narrowed. */
export function detectionRows(db: Kysely<Tables>) {
  return db
    .selectFrom('detections')
    .select([
      ...(['id', 'detector', 'provider', 'name', 'severity', 'confidence_percent', 'masked', 'credential_id', 'version_id'] as const),
      ...(['state', 'state_reason', 'state_by', 'state_at', 'dismissed_until', 'first_seen_at', 'last_seen_at'] as const),
    ])
    .select([
      effectiveState.as('state_now'),
      sql<Sighting['source'][]>`array(select distinct s.source from sightings s where s.detection_id = detections.id order by 1)`.as(
        'sources',
      ),
      sql<number>`(select count(*)::integer from sightings s where s.detection_id = detections.id)`.as('sightings_total'),
      sql<string | null>`(select s.path || ':' || s.line from sightings s where s.detection_id = detections.id
        order by s.source = 'git', s.last_reported_at desc, s.id limit 1)`.as('first_place'),
      sql<string | null>`${firstCommitted('author')}`.as('author'),
      sql<string | null>`${firstCommitted('email')}`.as('email'),
      sql<
        string | null
      >`(select o.id from owners o where lower(o.contact) = lower(${firstCommitted('email')}) order by o.created_at limit 1)`.as('owner'),
    ])
}

/** Of whoever brought it: the oldest commit that is known. */
function firstCommitted(column: 'author' | 'email') {
  return sql`(select ${sql.ref(`s.${column}`)} from sightings s
    where s.detection_id = detections.id and (s.author is not null or s.email is not null) order by s.seen_at nulls last, s.id limit 1)`
}

export function detectionOf(row: DetectionRow): Detection {
  const isAsStored = row.state === row.state_now
  return {
    id: row.id,
    detector: row.detector,
    provider: row.provider,
    name: row.name,
    severity: row.severity,
    confidence: row.confidence_percent / 100,
    masked: row.masked,
    credential: row.credential_id,
    version: row.version_id,
    state: row.state_now,
    state_reason: isAsStored ? row.state_reason : row.state === 'dismissed' ? 'the dismissal has ended' : 'its credential was deleted',
    state_by: isAsStored ? row.state_by : null,
    state_at: isAsStored ? shownOrNull(row.state_at) : shownOrNull(row.dismissed_until),
    dismissed_until: isAsStored ? shownOrNull(row.dismissed_until) : null,
    owner_guess: row.author === null && row.email === null ? null : { name: row.author, email: row.email, owner: row.owner },
    sources: row.sources,
    sightings_total: row.sightings_total,
    first_place: row.first_place,
    first_seen_at: shown(row.first_seen_at),
    last_seen_at: shown(row.last_seen_at),
  }
}

export function sightingOf(row: Omit<Selectable<SightingsTable>, 'search' | 'place' | 'reported_by'>): Sighting {
  return {
    id: row.id,
    source: row.source,
    origin: row.origin,
    path: row.path,
    line: row.line,
    commit: row.commit,
    author: row.author,
    email: row.email,
    what: row.what,
    seen_at: shownOrNull(row.seen_at),
    first_reported_at: shown(row.first_reported_at),
    last_reported_at: shown(row.last_reported_at),
  }
}
