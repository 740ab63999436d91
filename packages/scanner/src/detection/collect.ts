import { factsOf } from '../checks/facts.ts'
import type { CompiledDetector } from '../compiled-detector.ts'
import type { Match } from '../engine/match.ts'
import type { Place } from '../place.ts'
import type { Allowed, Detection, Sighting } from './detection.ts'
import { sightingsMax } from './detection.ts'
import { digestOf, fingerprintOf } from './fingerprint.ts'
import { mask } from './mask.ts'

/** Knows what happens to an image's files in higher layers. */
export interface SightingMarker {
  mark(sighting: Sighting): Sighting
}

/** Who excuses a sighting. */
export type Excuse = (
  sighting: Sighting,
  detection: { readonly fingerprint: string; readonly detector: string },
  inline: string | undefined,
) => Allowed | undefined

interface Group {
  best: Match
  readonly sightings: Sighting[]
  readonly inline: (string | undefined)[]
  readonly seen: Set<string>
  total: number
}

/** Brings matches together to one detection a secret. Keeps the secrets in memory until it is thrown away, and gives them to nobody but `secretOf`. */
export class Collector {
  readonly #groups = new Map<string, Group>()
  readonly #key: Uint8Array | undefined
  readonly #groupOf = new WeakMap<Detection, Group>()
  readonly #marker: SightingMarker | undefined
  dismissed = 0

  constructor(key: Uint8Array | undefined, marker?: SightingMarker) {
    this.#key = key
    this.#marker = marker
  }

  /** Takes a match in. Returns true where its secret is new. */
  add(match: Match, place: Place): boolean {
    if (match.judgement.verdict === 'not-a-secret') {
      this.dismissed++
      return false
    }
    const id = digestOf(match.secret)
    const sighting: Sighting = { ...place, line: match.line, column: match.column, via: match.via }
    let group = this.#groups.get(id)
    const isNew = group === undefined
    if (!group) {
      group = { best: match, sightings: [], inline: [], seen: new Set(), total: 0 }
      this.#groups.set(id, group)
    } else if (stands(match) > stands(group.best)) group.best = match
    const where = [place.source, place.commit, place.layer, place.path, match.line, match.column].join('\0')
    if (group.seen.has(where)) return isNew
    if (group.seen.size < sightingsMax * 4) group.seen.add(where)
    group.total++
    if (group.sightings.length < sightingsMax) {
      group.sightings.push(sighting)
      group.inline.push(match.inlineAllow)
    }
    return isNew
  }

  /** All detections, the gravest first. */
  detections(excuse: Excuse): Detection[] {
    const order = ['critical', 'high', 'medium', 'low']
    return [...this.#groups.values()]
      .map((group) => this.#detection(group, excuse))
      .sort(
        (a, b) =>
          order.indexOf(a.severity) - order.indexOf(b.severity) ||
          b.confidence - a.confidence ||
          inOrder(a.sightings[0]?.path ?? '', b.sightings[0]?.path ?? '') ||
          (a.sightings[0]?.line ?? 0) - (b.sightings[0]?.line ?? 0),
      )
  }

  /** A detection as of its first sighting. */
  first(match: Match, place: Place): Detection {
    const sighting: Sighting = { ...place, line: match.line, column: match.column, via: match.via }
    const group: Group = { best: match, sightings: [sighting], inline: [match.inlineAllow], seen: new Set(), total: 1 }
    return this.#detection(group, () => undefined)
  }

  /** The secret of a detection, for adoption and verification in this process. */
  secretOf(detection: Detection): string | undefined {
    return this.#groupOf.get(detection)?.best.secret
  }

  /** Secrets of a detection's other parts, by the detector that found them. */
  partsOf(detection: Detection): Readonly<Record<string, string>> {
    return Object.fromEntries((this.#groupOf.get(detection)?.best.parts ?? []).map((part) => [part.detectorId, part.secret]))
  }

  #detection(group: Group, excuse: Excuse): Detection {
    const { detector, secret, judgement, parts } = group.best
    const path = group.sightings[0]?.path ?? ''
    const fingerprint = fingerprintOf(secret, { ...this.#keyed(), detector: detector.id, path })
    const facts = factsOf(detector.id, secret)
    const digest = fingerprint.startsWith('place:') ? undefined : digestOf(secret)
    const excuses = group.sightings.map((sighting, index) => excuse(sighting, { fingerprint, detector: detector.id }, group.inline[index]))
    const allowed = excuses.every((one) => one !== undefined) ? excuses[0] : undefined
    const sightings = group.sightings.map((one) => this.#marker?.mark(one) ?? one).sort(byPlace)
    const detection: Detection = {
      fingerprint,
      ...(digest === undefined ? {} : { digest }),
      detector: detector.id,
      name: detector.name,
      provider: detector.provider,
      providerName: detector.providerName,
      kind: detector.kind,
      purpose: detector.purpose,
      authority: detector.authority,
      severity: detector.severity,
      confidence: judgement.confidence,
      verdict: judgement.verdict,
      reason: judgement.reason,
      masked: mask(secret),
      parts: (parts ?? []).map((part) => ({
        detector: part.detectorId,
        masked: mask(part.secret),
        fingerprint: fingerprintOf(part.secret, { ...this.#keyed(), detector: part.detectorId, path }),
      })),
      ...(Object.keys(facts).length === 0 ? {} : { facts }),
      revoke: detector.revoke,
      sightings,
      sightingsTotal: group.total,
      ...(allowed === undefined ? {} : { allowed }),
      next: nextStep(detector, sightings),
    }
    this.#groupOf.set(detection, group)
    return detection
  }

  #keyed(): { key?: Uint8Array } {
    return this.#key ? { key: this.#key } : {}
  }
}

/** Files first, then what is older: the commit that brought it stands before those that moved it. */
function byPlace(a: Sighting, b: Sighting): number {
  const rank = (one: Sighting) => (one.source === 'git' ? 1 : 0)
  return rank(a) - rank(b) || inOrder(a.at ?? '', b.at ?? '') || inOrder(a.path, b.path) || a.line - b.line
}

/** By code units: the same everywhere, and without the locale data of ICU. */
function inOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function stands(match: Match): number {
  return match.judgement.confidence + match.detector.specificity / 1000
}

/** What to do first, as one command or sentence. */
function nextStep(detector: CompiledDetector, sightings: readonly Sighting[]): string {
  const shared = sightings.some((sighting) => sighting.source !== 'file' || sighting.ignored !== true)
  const file = sightings.find((sighting) => sighting.source === 'file' && !sighting.path.includes('!'))
  if (shared && sightings.some((sighting) => sighting.source !== 'file')) return `Revoke it: ${detector.revoke.how}`
  return file ? `keyward adopt ${/[\s'"]/.test(file.path) ? JSON.stringify(file.path) : file.path}` : `Revoke it: ${detector.revoke.how}`
}
