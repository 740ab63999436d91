import type { Authority, CredentialKind, Purpose } from '@keyward/contract/words'
import type { CredentialFacts } from '../checks/facts.ts'
import type { Detector, Severity } from '../detector.ts'
import type { Notice } from '../finding.ts'
import type { Place } from '../place.ts'

/** One secret with all places where it was seen. Holds nothing from which the secret could be had. */
export interface Detection {
  readonly fingerprint: string
  /** SHA-256 of the secret, for a server's inventory to match; missing where the secret could be guessed from it. */
  readonly digest?: string
  readonly detector: string
  readonly name: string
  readonly provider: string
  readonly providerName: string
  readonly kind: CredentialKind
  readonly purpose: Purpose
  readonly authority: readonly Authority[]
  readonly severity: Severity
  /** How likely it is what the name says, 0 to 1, and why. */
  readonly confidence: number
  readonly verdict: 'secret' | 'unlikely' | 'not-a-secret'
  readonly reason: string
  readonly masked: string
  readonly parts: readonly { readonly detector: string; readonly masked: string; readonly fingerprint: string }[]
  /** What it says about itself: account, issuer, scopes, end. */
  readonly facts?: CredentialFacts
  readonly revoke: Detector['revoke']
  readonly sightings: readonly Sighting[]
  /** Sightings beyond `sightingsMax` are counted only. */
  readonly sightingsTotal: number
  readonly allowed?: Allowed
  readonly life?: 'alive' | 'dead' | 'unknown'
  /** What a server's inventory said of it, where it was asked. */
  readonly inventory?: Inventoried
  /** `keyward adopt` and `--verify` can work with it: some sighting is in a plain file of this machine. */
  readonly next: string
}

export interface Inventoried {
  /** Id of the detection there. */
  readonly id: string
  readonly state: 'open' | 'adopted' | 'dismissed'
  readonly known: boolean
  /** The credential that has this secret, where who asked may see it. */
  readonly credential: string | null
}

export interface Sighting extends Place {
  readonly line: number
  readonly column: number
  /** How it had to be decoded, outermost first. */
  readonly via: readonly string[]
}

export interface Allowed {
  readonly by: 'inline' | 'file' | 'baseline'
  readonly reason: string
  readonly owner?: string
  readonly until?: string
}

/** Places told for one secret. A key that is in every commit of a history would fill the report. */
export const sightingsMax = 200

export interface Report {
  readonly detections: readonly Detection[]
  readonly notices: readonly Notice[]
  /** Notices beyond the first thousand are counted only. */
  readonly noticesLeftOut: number
  /** Something that was asked for was not looked at. */
  readonly partial: boolean
  readonly counts: { readonly files: number; readonly bytes: number; readonly commits: number }
  readonly tookMs: number
  readonly detectorsVersion: string
  /** Matches that judgement found to be none. */
  readonly dismissed: number
  /** Allowances that no longer hold or match nothing. */
  readonly remarks: readonly string[]
}
