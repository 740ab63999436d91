import type { Detector } from '../detector.ts'

/** A match that waits for its judgement, with as much of its surroundings as the engine has. */
export interface Candidate {
  readonly detector: Detector
  readonly secret: string
  /** Up to 200 characters before the secret, the line breaks included. */
  readonly before: string
  /** Up to 200 characters after it. */
  readonly after: string
  /** The line on which it begins, cut to some 500 characters round the secret where longer. */
  readonly line: string
  /** Relative path of the file with `/`, or the source's name; may be empty. */
  readonly path: string
}

/**
 * `secret`: report it. `unlikely`: report it only where all is asked for. `not-a-secret`: count it, don't show it.
 * `confidence` is how likely it is a live format of that name, 0 to 1; `reason` is one sentence for people, without the secret.
 */
export interface Judgement {
  readonly verdict: 'secret' | 'unlikely' | 'not-a-secret'
  readonly confidence: number
  readonly reason: string
}
