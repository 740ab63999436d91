import { KeywardError } from '@keyward/contract/errors'

/** What the caller read (its ETag), or `*` to overwrite whatever is there. */
export type Revision = number | '*'

/** @throws KeywardError `precondition-failed` where it changed since */
export function requireRevision(now: number, read: Revision): void {
  if (read !== '*' && read !== now) throw new KeywardError('precondition-failed')
}
