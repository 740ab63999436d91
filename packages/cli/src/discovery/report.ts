import {
  type DetectionReport,
  type DetectionsReport,
  type DetectionsReported,
  isGuessable,
  type SightingReport,
} from '@keyward/contract/detections'
import { limits } from '@keyward/contract/limits'
import type { Detection, Inventoried, Report, Sighting } from '@keyward/scanner/detection/detection'
import { harmless } from '@keyward/scanner/detection/mask'
import type { Api } from '../connection/api.ts'
import { routeOf } from '../resource/routes.ts'

/** A body's bound less what its frame takes. */
const batchBytesMax = limits.apiBodyBytesMax - 16_384

export interface Reported {
  /** The report, each reported detection with what the inventory knows of it. */
  readonly report: Report
  readonly sent: number
  readonly known: number
  /** Not sent: passwords and the like, which could be guessed from a digest. */
  readonly keptBack: number
}

/**
 * Tells a server what was found: SHA-256 digests, masked forms and places, never a secret. What is allowed or unlikely is not told.
 * @param secretOf the secret of a detection, so that no path that holds it is sent as it is
 * @throws Failure where the server refuses or is away
 */
export async function reportTo(
  api: Pick<Api, 'call'>,
  report: Report,
  origin: string,
  secretOf: (detection: Detection) => string | undefined,
): Promise<Reported> {
  const open = report.detections.filter((one) => !one.allowed && one.verdict === 'secret')
  const bodies = open.flatMap((one) => {
    const body = bodyOf(one, secretOf(one))
    return body === undefined ? [] : [body]
  })
  const answers = new Map<string, Inventoried>()
  const route = await routeOf('detections', 'report')
  for (const detections of batches(bodies)) {
    const body: DetectionsReport = { origin: oneLine(origin, 300), detections }
    const { answer } = await api.call(route, { body })
    for (const { sha256, id, state, known, credential } of (answer as DetectionsReported).items)
      answers.set(sha256, { id, state, known, credential })
  }
  const detections = report.detections.map((one) => {
    const inventory = one.digest === undefined ? undefined : answers.get(one.digest)
    return inventory === undefined ? one : { ...one, inventory }
  })
  return {
    report: { ...report, detections },
    sent: bodies.length,
    known: [...answers.values()].filter((one) => one.known).length,
    keptBack: open.length - bodies.length,
  }
}

function bodyOf(one: Detection, secret: string | undefined): DetectionReport | undefined {
  if (one.digest === undefined || isGuessable(one.detector)) return undefined
  const told = (text: string, charsMax: number) =>
    oneLine(secret === undefined ? text : text.replaceAll(secret, () => one.masked), charsMax)
  return {
    detector: slug(one.detector, 120),
    provider: slug(one.provider, 64),
    name: told(one.name, 200),
    severity: one.severity,
    confidence: one.confidence,
    sha256: one.digest,
    masked: oneLine(one.masked, 80),
    sightings: one.sightings.slice(0, limits.reportSightingsMax).map((sighting) => sightingOf(sighting, told)),
  }
}

function sightingOf(
  { source, path, line, commit, author, email, at, what }: Sighting,
  told: (text: string, charsMax: number) => string,
): SightingReport {
  const seenAt = at === undefined ? Number.NaN : Date.parse(at)
  return {
    source,
    path: told(path, limits.pathCharsMax),
    line,
    ...(commit !== undefined && /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(commit) ? { commit } : {}),
    ...(author ? { author: told(author, 200) } : {}),
    ...(email ? { email: told(email, 320) } : {}),
    ...(Number.isNaN(seenAt) ? {} : { seen_at: new Date(seenAt).toISOString() }),
    ...(what ? { what: told(what, 120) } : {}),
  }
}

function* batches(all: readonly DetectionReport[]): Generator<DetectionReport[]> {
  let batch: DetectionReport[] = []
  let bytes = 0
  for (const one of all) {
    const size = Buffer.byteLength(JSON.stringify(one)) + 1
    if (batch.length > 0 && (batch.length >= limits.reportDetectionsMax || bytes + size > batchBytesMax)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(one)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

/** Control characters made visible, and no longer than the server takes. */
function oneLine(text: string, charsMax: number): string {
  const line = harmless(text.toWellFormed()).replaceAll(/[\u2028\u2029]/g, ' ')
  return line.length <= charsMax ? line || '?' : `${line.slice(0, charsMax - 1).toWellFormed()}…`
}

/** Users' own detectors may be called anything. */
function slug(text: string, charsMax: number): string {
  const made = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-')
    .slice(0, charsMax)
    .replaceAll(/^[_-]+|[_-]+$/g, '')
  return made === '' ? 'custom' : made
}
