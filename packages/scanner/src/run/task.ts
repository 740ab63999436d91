import type { Match } from '../engine/match.ts'
import type { Counts, Notice } from '../finding.ts'
import type { Place } from '../place.ts'
import type { FileTask } from '../sources/files.ts'

/** A piece of work that any thread can do. */
export type Task =
  | { readonly kind: 'files'; readonly files: readonly FileTask[] }
  | {
      readonly kind: 'commits'
      readonly repository: string
      readonly commits: readonly string[]
      readonly reach: Readonly<Record<string, string>>
    }
  | { readonly kind: 'layer'; readonly layer: LayerTask }

/** One layer of an image: where its tar is, and how it is told. */
export interface LayerTask {
  readonly file: string
  /** Where the layer's tar begins in the file and how long it is: a whole blob of an OCI layout, or a member of a saved tar. */
  readonly offset: number
  readonly length: number
  readonly place: Place
}

/** What a task brought. The detector is named by its index, so that it need not be copied between threads. */
export interface TaskResult {
  readonly findings: readonly { readonly match: Omit<Match, 'detector'>; readonly detector: number; readonly place: Place }[]
  readonly notices: readonly Notice[]
  readonly removed: readonly (readonly [layerNumber: number, path: string])[]
  readonly counts: Counts
}
