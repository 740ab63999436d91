import type { Confidence, Detector } from './detector.ts'

/**
 * One match of a detector's pattern, as checks (`checks/registry.ts`) and judgement (`judgement/judge.ts`) see it. Text is decoded
 * byte by byte (latin1), so that offsets are bytes.
 */
export interface Candidate {
  readonly detector: Detector
  /** Named group `secret`, else group 1, else the whole match. */
  readonly secret: string
  /** The text round the match: at least the line, at most `contextBytesMax` on each side. */
  readonly text: string
  /** Where the secret begins and ends in `text`. */
  readonly start: number
  readonly end: number
  /** Path or name of what is scanned, with `/`; empty for a stream without a name. */
  readonly path: string
}

/** Text on each side of a match that a candidate carries. Long minified lines must not make judgement slow. */
export const contextBytesMax = 512

/** `proved`: the checksum or structure is right. `refuted`: it can't be what the detector says. `unknown`: the check can't tell. */
export type CheckResult = 'proved' | 'refuted' | 'unknown'
export type Check = (candidate: Candidate) => CheckResult

/**
 * What judgement says. `secret: false` means that it is reported only on request (`--all`), with the reason: `placeholder`, `example in
 * documentation`, `hash`, …
 */
export interface Judgement {
  readonly secret: boolean
  readonly confidence: Confidence
  /** One short phrase for people, such as `checksum is right` or `repeats one character`. */
  readonly reason: string
}
export type Judge = (candidate: Candidate, checked: CheckResult) => Judgement
