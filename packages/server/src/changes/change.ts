import type { ChangeKind } from './record.ts'

/** One entry of the feed, as listeners get it: in order, each once. */
export interface ChangeEntry {
  readonly op: 'changed' | 'revoked'
  readonly seq: bigint
  readonly kind: ChangeKind
  /** Id of what changed. */
  readonly subject: string
  readonly reason: string | null
  readonly node: string | null
}

/** Changes were missed (the node slept longer than they are kept, or the database went back): whatever was cached has to go. */
export interface ChangeReset {
  readonly op: 'reset'
  readonly seq: bigint
}

export type Change = ChangeEntry | ChangeReset
