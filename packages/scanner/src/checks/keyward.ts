import type { Check } from './check.ts'
import { crc32Base62 } from './crc32.ts'

/** Keyward's own `kwu_`, `kwc_`, `kwr_` and so on (contract/secret-format): the last six characters are the CRC-32 of everything before them, prefix included, in base 62. */
export const keyward: Check = (secret) => (crc32Base62(secret.slice(0, -6)) === secret.slice(-6) ? 'proved' : 'refuted')
