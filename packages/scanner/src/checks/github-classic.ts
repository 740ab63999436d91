import type { Check } from './check.ts'
import { crc32Base62 } from './crc32.ts'

/**
 * `ghp_`, `gho_`, `ghu_`, `ghs_` (36 characters) and `ghr_` (76): the last six characters are the CRC-32 of the body before them
 * (without the prefix) in base 62. Some installation tokens (`ghs_`) were issued without it, so there a mismatch refutes nothing.
 * Source: GitHub's post on its token format (2021); verified on published fixtures.
 */
export const githubClassic: Check = (secret) => {
  const body = secret.slice(4)
  if (crc32Base62(body.slice(0, -6)) === body.slice(-6)) return 'proved'
  return secret.startsWith('ghs_') ? 'unknown' : 'refuted'
}
