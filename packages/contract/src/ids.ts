import { z } from 'zod'

/**
 * Ids are `prefix_` + 26 characters of Crockford base32 (48 bits of milliseconds, 80 random bits): they sort by time of creation,
 * tell what they name, and say nothing else. They are no secrets.
 */
export const idPrefixes = {
  installation: 'ins',
  owner: 'own',
  tenant: 'ten',
  credential: 'cred',
  version: 'ver',
  detection: 'det',
  sighting: 'sgt',
  workload: 'wl',
  identity: 'idn',
  issuer: 'iss',
  resource: 'res',
  grant: 'grt',
  budget: 'bud',
  token: 'tok',
  consent: 'con',
  oauthClient: 'cli',
  refreshToken: 'rft',
  tokenFamily: 'fam',
  call: 'call',
  audit: 'aud',
  user: 'usr',
  identityProvider: 'idp',
  secondOpinion: 'sop',
  roleBinding: 'rol',
  session: 'ses',
  apiToken: 'uat',
  passkey: 'pky',
  price: 'prc',
  node: 'node',
  request: 'req',
} as const

export type IdKind = keyof typeof idPrefixes

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** Makes an id from a time in milliseconds and at least 10 random bytes, both of which the caller provides (this package does no IO). */
export function formatId(kind: IdKind, timeMs: number, random: Uint8Array): string {
  let time = ''
  let rest = Math.trunc(timeMs)
  for (let i = 0; i < 10; i++) {
    time = alphabet[rest % 32] + time
    rest = Math.floor(rest / 32)
  }
  let tail = ''
  let bits = 0
  let held = 0
  for (let i = 0; i < 10; i++) {
    held = (held << 8) | (random[i] ?? 0)
    bits += 8
    while (bits >= 5) {
      bits -= 5
      tail += alphabet[(held >> bits) & 31]
      held &= (1 << bits) - 1
    }
  }
  return `${idPrefixes[kind]}_${time}${tail}`
}

/** The schema of one kind of id. */
export function idSchema(kind: IdKind): z.ZodString {
  return z
    .string()
    .regex(new RegExp(`^${idPrefixes[kind]}_[0-9a-hjkmnp-tv-z]{26}$`), `must be an id of the form ${idPrefixes[kind]}_…`)
    .meta({
      description: `Id of a ${kind}`,
      examples: [`${idPrefixes[kind]}_01k0000000000000000000000`.slice(0, idPrefixes[kind].length + 27)],
    })
}
