import type { Check } from './check.ts'
import { crc32Base36 } from './crc32.ts'

/** GitLab's routable tokens end in the CRC-32 of everything before, in base 36 with seven digits. Source: GitLab's token generator; a published fixture. */
export const gitlabRoutable: Check = (secret) => (crc32Base36(secret.slice(0, -7)) === secret.slice(-7) ? 'proved' : 'refuted')
