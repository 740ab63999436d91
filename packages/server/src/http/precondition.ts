import { KeywardError } from '@keyward/contract/errors'
import type { Revision } from '../policy/revision.ts'

/** An entity tag names the revision (RFC 9110, section 8.8.3). */
export function etagOf(revision: number): string {
  return `"${revision}"`
}

/**
 * Reads `If-Match` (RFC 9110, section 13.1.1): the tag that was read, or `*`.
 * @throws KeywardError `precondition-required` without the header, `precondition-failed` for a tag that cannot match (weak, or not ours),
 *   `invalid-request` for several tags
 */
export function readIfMatch(header: string | null): Revision {
  const tag = header?.trim() ?? ''
  if (tag === '') throw new KeywardError('precondition-required')
  if (tag === '*') return '*'
  if (tag.includes(',')) {
    throw new KeywardError('invalid-request', undefined, { errors: [{ field: 'header.If-Match', message: 'must be one ETag, or *' }] })
  }
  const revision = /^"(\d{1,9})"$/.exec(tag)?.[1]
  if (revision === undefined) throw new KeywardError('precondition-failed')
  return Number(revision)
}
