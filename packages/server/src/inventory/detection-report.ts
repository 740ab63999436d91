import { createHash } from 'node:crypto'
import { type DetectionsReport, type DetectionsReported, isGuessable, type SightingReport } from '@keyward/contract/detections'
import { KeywardError } from '@keyward/contract/errors'
import { sql, type Transaction } from 'kysely'
import type { Tables } from '../db/tables.ts'
import { newId } from '../observe/ids.ts'
import type { Permit } from '../people/permit.ts'
import { ownedWithin } from './reach.ts'

/*
 * A scanner's report. It brings SHA-256 digests of secrets; only HMAC(installation key, digest) is kept, which is how versions of credentials
 * are known, too. Who reports may name any place, so nothing in a report changes what an earlier, surer one said of the same secret.
 */

type Trx = Transaction<Tables>

/** What matching needs of the vault: HMAC(installation key, SHA-256 of the secret). */
export interface DigestKeeper {
  fingerprintOfDigest(sha256: Uint8Array): Buffer
}

interface Stored {
  readonly id: string
  readonly fingerprint: string
  readonly is_new: boolean
  readonly state: 'open' | 'adopted' | 'dismissed'
  readonly known: boolean
  readonly credential: string | null
}

/**
 * Keeps what was reported, and says what the inventory knows of it, in the order of the report.
 * @throws KeywardError `invalid-request` for a secret that could be guessed from its digest, and for a member that is the secret itself
 */
export async function reportDetections(
  trx: Trx,
  permit: Permit<'detection:report'>,
  input: DetectionsReport,
  keeper: DigestKeeper,
): Promise<DetectionsReported> {
  requireDigestsAlone(input)
  const reported = input.detections.map((one) => ({
    ...one,
    fingerprint: keeper.fingerprintOfDigest(Buffer.from(one.sha256, 'hex')).toString('hex'),
  }))
  // In one order everywhere, so that two reports of the same secrets wait for each other instead of locking each other out.
  const ordered = reported.toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
  const rows = ordered.map((one) => ({
    id: newId('detection'),
    fingerprint: one.fingerprint,
    detector: one.detector,
    provider: one.provider,
    name: one.name,
    severity: one.severity,
    confidence_percent: Math.round(one.confidence * 100),
    masked: one.masked,
  }))
  const kept = await sql<{ id: string; fingerprint: string; is_new: boolean }>`
    insert into detections as d (id, fingerprint, detector, provider, name, severity, confidence_percent, masked, credential_id, version_id)
    select r.id, decode(r.fingerprint, 'hex'), r.detector, r.provider, r.name, r.severity, r.confidence_percent, r.masked, v.credential_id, v.id
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(
      id text, fingerprint text, detector text, provider text, name text, severity text, confidence_percent integer, masked text)
    left join lateral (select v.id, v.credential_id from credential_versions v where v.fingerprint = decode(r.fingerprint, 'hex')
      order by v.created_at desc limit 1) v on true
    order by r.fingerprint
    on conflict (fingerprint) do update set
      last_seen_at = now(),
      credential_id = coalesce(excluded.credential_id, d.credential_id),
      version_id = coalesce(excluded.version_id, d.version_id),
      detector = case when excluded.confidence_percent > d.confidence_percent then excluded.detector else d.detector end,
      provider = case when excluded.confidence_percent > d.confidence_percent then excluded.provider else d.provider end,
      name = case when excluded.confidence_percent > d.confidence_percent then excluded.name else d.name end,
      severity = case when excluded.confidence_percent > d.confidence_percent then excluded.severity else d.severity end,
      masked = case when excluded.confidence_percent > d.confidence_percent then excluded.masked else d.masked end,
      confidence_percent = greatest(excluded.confidence_percent, d.confidence_percent)
    returning d.id, encode(d.fingerprint, 'hex') as fingerprint, d.id = any (${rows.map((row) => row.id)}::text[]) as is_new`.execute(trx)
  const idOf = new Map(kept.rows.map((row) => [row.fingerprint, row]))
  const places = ordered.flatMap((one) => {
    const detection = idOf.get(one.fingerprint)?.id
    return detection === undefined ? [] : one.sightings.map((sighting) => placeRow(detection, input.origin ?? null, sighting))
  })
  await keepSightings(trx, permit.principal.user.id, places)
  const stored = await statesOf(
    trx,
    permit,
    kept.rows.map((row) => row.id),
  )
  return {
    items: reported.map(({ fingerprint, sha256 }) => {
      const id = idOf.get(fingerprint)?.id
      const row = id === undefined ? undefined : stored.get(id)
      if (row === undefined) throw new Error('a reported detection was not stored')
      return {
        id: row.id,
        sha256,
        state: row.state,
        is_new: idOf.get(fingerprint)?.is_new ?? false,
        known: row.known,
        credential: row.credential,
      }
    }),
  }
}

function requireDigestsAlone(input: DetectionsReport): void {
  const errors = input.detections.flatMap((one, index) => {
    const at = `/detections/${index}`
    if (isGuessable(one.detector))
      return [
        {
          field: `${at}/detector`,
          message: `finds what people choose, which can be guessed from a digest: leave ${one.detector} out (keyward scan --report-to does), and handle it where it was found`,
        },
      ]
    const texts = [one.masked, one.name, ...one.sightings.flatMap(({ path, author, email, what }) => [path, author, email, what])]
    const told = texts.some((text) => text !== undefined && createHash('sha256').update(text).digest('hex') === one.sha256)
    return told ? [{ field: at, message: 'holds the secret itself: send its digest and its masked form only' }] : []
  })
  if (errors.length > 0) throw new KeywardError('invalid-request', undefined, { errors })
}

type PlaceRow = ReturnType<typeof placeRow>

function placeRow(detection: string, origin: string | null, { source, path, line, commit, author, email, what, seen_at }: SightingReport) {
  const place = createHash('sha256')
    .update(JSON.stringify([source, origin, path, line, commit ?? null]))
    .digest('hex')
  return { id: newId('sighting'), detection_id: detection, place, source, origin, path, line, commit, author, email, what, seen_at }
}

/** What was adopted and is still seen is open again: in the history of git only at a new place, for a history keeps what it has. */
async function keepSightings(trx: Trx, reporter: string, rows: readonly PlaceRow[]): Promise<void> {
  await sql`
    with kept as (
      insert into sightings as s (id, detection_id, place, source, origin, path, line, commit, author, email, what, seen_at, reported_by)
      select distinct on (r.detection_id, r.place) r.id, r.detection_id, decode(r.place, 'hex'), r.source, r.origin, r.path, r.line, r.commit,
        r.author, r.email, r.what, r.seen_at, ${reporter}
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(id text, detection_id text, place text, source text, origin text, path text,
        line integer, commit text, author text, email text, what text, seen_at timestamptz)
      order by r.detection_id, r.place
      on conflict (detection_id, place) do update set last_reported_at = now()
      returning s.detection_id, s.source, s.id
    )
    update detections d set state = 'open', state_reason = 'still seen outside the vault', state_by = null, state_at = now()
    where d.state = 'adopted' and exists (select from kept k where k.detection_id = d.id
      and (k.source <> 'git' or k.id = any (${rows.map((row) => row.id)}::text[])))`.execute(trx)
}

async function statesOf(trx: Trx, permit: Permit<'detection:report'>, ids: readonly string[]): Promise<Map<string, Stored>> {
  const { rows } = await sql<Stored>`
    select detections.id, encode(detections.fingerprint, 'hex') as fingerprint, false as is_new,
      case when detections.state = 'dismissed' and detections.dismissed_until <= now() then 'open' else detections.state end as state,
      detections.credential_id is not null as known, credentials.id as credential
    from detections left join credentials on credentials.id = detections.credential_id and ${ownedWithin(permit.reach, 'credentials')}
    where detections.id = any (${ids}::text[])`.execute(trx)
  return new Map(rows.map((row) => [row.id, row]))
}
