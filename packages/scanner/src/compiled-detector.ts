import type { Detector } from './detector.ts'

/** A detector as the engine wants it: what can be computed from its pattern is computed, its examples are left behind. */
export interface CompiledDetector extends Omit<Detector, 'examples'> {
  readonly provider: string
  readonly providerName: string
  /** Which engine runs the pattern: built-in patterns were proved linear for JavaScript's, others run where nothing can backtrack. */
  readonly dialect: 'js' | 're2'
  /** The most bytes that a match spans, capped at `matchBytesMax`. */
  readonly widthBytesMax: number
  /** For each keyword the range of its offset in a match, or null where it may stand anywhere in the match or its context. */
  readonly keywordOffsets: readonly (readonly [number, number] | null)[]
  /** Which of two detectors is right where both match the same bytes: the higher. */
  readonly specificity: number
  /** Only files whose path matches (gitleaks' `path`). */
  readonly path?: string
  /** Where users' rules say that a match is none: gitleaks' allow-lists. */
  readonly allowances?: readonly Allowance[]
}

/** One allow-list of a user's rule. With `all` each named condition must hold, otherwise one is enough. */
export interface Allowance {
  readonly all: boolean
  readonly paths: readonly string[]
  readonly patterns: readonly string[]
  readonly target: 'secret' | 'match' | 'line'
  readonly stopwords: readonly string[]
  readonly commits: readonly string[]
}

export interface DetectorSet {
  /** Digest of all detectors: what was scanned with it need not be scanned again. */
  readonly version: string
  readonly detectors: readonly CompiledDetector[]
}

/** No credential is longer than an 8192-bit RSA key in PEM (6.4 KiB) or a large JWT; the cap is what bounds the work at one place. */
export const matchBytesMax = 16_384
