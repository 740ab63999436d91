import { z } from 'zod'
import { Provider, Reason } from './fields.ts'
import { idSchema } from './ids.ts'
import { limits } from './limits.ts'
import { PageQuery, pageOf, Timestamp } from './page.ts'

/** What a scanner tells a server of a secret: its digest, what it is and where it was seen. Never the secret. */

export const detectionStates = ['open', 'adopted', 'dismissed'] as const
export const severities = ['critical', 'high', 'medium', 'low'] as const
export const sightingSources = ['file', 'git', 'staged', 'image', 'log', 'stdin', 'environment', 'process'] as const

const DetectionState = z.enum(detectionStates).meta({
  description: 'adopted: its secret was taken into the vault after it had been found; it is open again where it is still seen',
})
const Severity = z.enum(severities)
const SightingSource = z.enum(sightingSources)

/**
 * Detectors whose secrets people choose (passwords and what contains them). From the digest of such a secret it can be guessed: they are
 * matched on the machine that scans, and are never reported.
 */
export function isGuessable(detector: string): boolean {
  return /(?:^|-)(?:password|passphrase|pgpass|passwd|basic-header|basic-auth|connection-string|dsn)(?:-|$)/.test(detector)
}

/** One line of text for people, from a machine that is not trusted: nothing in it can steer a terminal. */
const line = (charsMax: number) =>
  z
    .string()
    .min(1)
    .max(charsMax)
    .regex(/^[^\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]*$/u, 'must not contain control characters')

const DetectorId = z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,119}$/, 'must be the id of a detector')

export const SightingReport = z
  .strictObject({
    source: SightingSource,
    path: line(limits.pathCharsMax),
    line: z.number().int().min(0).max(2_147_483_647),
    commit: z
      .string()
      .regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/, 'must be a commit of git')
      .optional(),
    author: line(200).optional(),
    email: line(320).optional(),
    seen_at: Timestamp.optional().meta({ description: 'When it got there, where that is known: the time of the commit' }),
    what: line(120).optional().meta({ description: 'What sort of file it is: `dotenv`, `shell history` …' }),
  })
  .meta({ id: 'SightingReport' })

export const DetectionReport = z
  .strictObject({
    detector: DetectorId,
    provider: Provider,
    name: line(200),
    severity: Severity,
    confidence: z.number().min(0).max(1),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be the SHA-256 of the secret, 64 hexadecimal digits')
      .meta({ description: 'Only a keyed digest of it is kept' }),
    masked: line(80)
      .regex(/[…•]/, 'must be the masked form of the scanner')
      .meta({ description: 'Enough to recognise the secret, too little to use it' }),
    sightings: z.array(SightingReport).min(1).max(limits.reportSightingsMax),
  })
  .meta({ id: 'DetectionReport' })

export const DetectionsReport = z
  .strictObject({
    origin: line(300).optional().meta({ description: 'Where the paths are: the repository’s address, or machine and folder' }),
    detections: z
      .array(DetectionReport)
      .min(1)
      .max(limits.reportDetectionsMax)
      .refine((all) => new Set(all.map((one) => one.sha256)).size === all.length, 'names one secret twice: bring its sightings together'),
  })
  .meta({ id: 'DetectionsReport' })

export const ReportedDetection = z
  .object({
    id: idSchema('detection'),
    sha256: z.string(),
    state: DetectionState,
    is_new: z.boolean(),
    known: z.boolean().meta({ description: 'The inventory has a credential with this secret' }),
    credential: idSchema('credential').nullable().meta({ description: 'Which one, where you may see it' }),
  })
  .meta({ id: 'ReportedDetection' })

export const DetectionsReported = z.object({ items: z.array(ReportedDetection) }).meta({ id: 'DetectionsReported' })

export const Sighting = z
  .object({
    id: idSchema('sighting'),
    source: SightingSource,
    origin: z.string().nullable(),
    path: z.string(),
    line: z.number().int(),
    commit: z.string().nullable(),
    author: z.string().nullable(),
    email: z.string().nullable(),
    what: z.string().nullable(),
    seen_at: Timestamp.nullable().meta({ description: 'When it got there, where that is known' }),
    first_reported_at: Timestamp,
    last_reported_at: Timestamp,
  })
  .meta({ id: 'Sighting' })

export const Detection = z
  .object({
    id: idSchema('detection'),
    detector: z.string(),
    provider: z.string(),
    name: z.string(),
    severity: Severity,
    confidence: z.number(),
    masked: z.string(),
    credential: idSchema('credential').nullable().meta({ description: 'The credential of the inventory with this secret' }),
    version: idSchema('version').nullable(),
    state: DetectionState,
    state_reason: z.string().nullable(),
    state_by: idSchema('user').nullable(),
    state_at: Timestamp.nullable(),
    dismissed_until: Timestamp.nullable(),
    owner_guess: z
      .object({ name: z.string().nullable(), email: z.string().nullable(), owner: idSchema('owner').nullable() })
      .nullable()
      .meta({ description: 'Who committed it first, and the owner who has that address as contact' }),
    sources: z.array(SightingSource),
    sightings_total: z.number().int(),
    first_place: z.string().nullable().meta({ description: 'One place, `path:line`' }),
    first_seen_at: Timestamp,
    last_seen_at: Timestamp,
  })
  .meta({ id: 'Detection' })

export const DetectionWithSightings = Detection.extend({
  sightings: z.array(Sighting).meta({ description: `The last reported first, at most ${limits.sightingsShownMax}` }),
}).meta({ id: 'DetectionWithSightings' })

export const DetectionPage = pageOf(Detection)

export const DetectionQuery = PageQuery.extend({
  state: DetectionState.optional(),
  provider: Provider.optional(),
  source: SightingSource.optional(),
  severity: Severity.optional(),
  q: z.string().max(200).optional().meta({ description: 'Words (or beginnings of words) of name, provider, detector or path' }),
})

export const Dismiss = z
  .strictObject({
    reason: Reason,
    until: Timestamp.optional().meta({ description: 'When it is to be looked at again. Default: never' }),
  })
  .meta({ id: 'Dismiss' })

export type DetectionsReport = z.infer<typeof DetectionsReport>
export type DetectionReport = z.infer<typeof DetectionReport>
export type SightingReport = z.infer<typeof SightingReport>
export type DetectionsReported = z.infer<typeof DetectionsReported>
export type Detection = z.infer<typeof Detection>
export type DetectionWithSightings = z.infer<typeof DetectionWithSightings>
export type DetectionQuery = z.infer<typeof DetectionQuery>
export type Sighting = z.infer<typeof Sighting>
export type Dismiss = z.infer<typeof Dismiss>
