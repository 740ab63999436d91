import { createHash } from 'node:crypto'
import { base32 } from './base32.ts'
import type { Check } from './check.ts'

/**
 * `github_pat_…`: of the last sixteen characters the first eight are the beginning of SHA-256 over all before them, in base 32.
 * Source: verified on published fixtures; GitHub does not document it.
 */
export const githubFineGrained: Check = (secret) => {
  const signed = secret.slice(0, -16)
  const sum = base32(createHash('sha256').update(signed, 'latin1').digest()).slice(0, 8)
  return sum === secret.slice(-16, -8) ? 'proved' : 'refuted'
}
