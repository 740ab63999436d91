import { KeywardError } from '@keyward/contract/errors'

/** What a caller says of the state that it changes: the revisions it would accept, or whatever is there. */
export type IfMatch = readonly number[] | 'any'

/** An entity tag names the revision (RFC 9110, section 8.8.3). */
export function etagOf(revision: number): string {
  return `"${revision}"`
}

/**
 * Reads `If-Match` (RFC 9110, section 13.1.1). Weak tags and tags that are not ours match nothing.
 * @throws KeywardError `precondition-required` without the header
 */
export function readIfMatch(header: string | null): IfMatch {
  if (header === null || header.trim() === '') throw new KeywardError('precondition-required')
  if (header.trim() === '*') return 'any'
  return header.split(',').flatMap((tag) => {
    const revision = /^\s*"(\d{1,9})"\s*$/.exec(tag)?.[1]
    return revision === undefined ? [] : [Number(revision)]
  })
}

/** @throws KeywardError `precondition-failed` where the revision that is there is none of those */
export function checkIfMatch(ifMatch: IfMatch, revision: number): void {
  if (ifMatch !== 'any' && !ifMatch.includes(revision)) {
    throw new KeywardError('precondition-failed', `It is at revision ${revision} now`)
  }
}
