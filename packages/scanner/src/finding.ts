import type { Match } from './engine/match.ts'
import type { Place } from './place.ts'

/** A match at its place: what sources bring. Holds the secret, stays inside the process. */
export interface Finding {
  readonly match: Match
  readonly place: Place
}

/** Something that was not, or not wholly, looked at. */
export interface Notice {
  readonly path: string
  readonly reason: NoticeReason
  readonly text: string
}

export type NoticeReason = 'unreadable' | 'bounded' | 'unsupported' | 'broken' | 'changed' | 'skipped' | 'git'

/** Reasons that make a scan partial: something that was asked for was not looked at. */
export const partialReasons: ReadonlySet<NoticeReason> = new Set(['unreadable', 'bounded', 'broken', 'git'])

export interface Counts {
  files: number
  bytes: number
  commits: number
}

/** What sources report to while they work. */
export interface Sink {
  found(match: Match, place: Place): void
  notice(notice: Notice): void
  /** A layer of an image deletes a path (a folder where it ends in `/`). */
  removed(layerNumber: number, path: string): void
  readonly counts: Counts
}
