import type { CompiledDetector } from '../compiled-detector.ts'
import type { Judgement } from '../judgement/candidate.ts'

/** One place where a detector's pattern matched, judged. Holds the secret: it never leaves the process in this form. */
export interface Match {
  readonly detector: CompiledDetector
  /** As it stands there, decoded where it was encoded; latin1. */
  readonly secret: string
  /** Byte offsets of the secret in the document; of the encoded run that holds it where `via` isn't empty. */
  readonly start: number
  readonly end: number
  /** First line is 1. */
  readonly line: number
  /** First byte of a line is 1. */
  readonly column: number
  /** How it had to be decoded, outermost first: `base64`, `hex`, … */
  readonly via: readonly string[]
  readonly judgement: Judgement
  /** The text round it says `keyward:allow …`. */
  readonly inlineAllow?: string
  /** Secrets of the other parts that were found near it. */
  readonly parts?: readonly MatchPart[]
}

export interface MatchPart {
  readonly detectorId: string
  readonly secret: string
}
