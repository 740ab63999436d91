/**
 * The form of every secret string that Keyward itself issues: a prefix that names it, 256 random bits in base62, and a CRC-32 of all
 * before it in six base62 digits (the scheme of GitHub's tokens), so that a scanner tells a real one from a look-alike offline.
 *   kwu_  API token of a person    kwc_  client secret of a workload    kwl_  one-time sign-in link    kws_  console session
 *   kwk_  key of one `keyward run`, useless anywhere else
 *   kwr_  refresh token of a connected client    kwa_  authorization code    kwd_  device code of a login
 */
export const secretPrefixes = {
  apiToken: 'kwu',
  clientSecret: 'kwc',
  signInLink: 'kwl',
  session: 'kws',
  runKey: 'kwk',
  refreshToken: 'kwr',
  authorizationCode: 'kwa',
  deviceCode: 'kwd',
} as const
export type SecretKind = keyof typeof secretPrefixes

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const bodyChars = 43
const checksumChars = 6

/** Formats 32 random bytes (the caller's) as a secret of the given kind: `kwu_` + 43 + 6 characters. */
export function formatSecret(kind: SecretKind, random: Uint8Array): string {
  if (random.length !== 32) throw new RangeError('a secret needs exactly 32 random bytes')
  let number = 0n
  for (const byte of random) number = (number << 8n) | BigInt(byte)
  const head = `${secretPrefixes[kind]}_${base62(number, bodyChars)}`
  return head + base62(BigInt(crc32(head)), checksumChars)
}

/** True where `text` has the form and the checksum of that kind of secret. Says nothing about whether it is known. */
export function isWellFormedSecret(kind: SecretKind, text: string): boolean {
  const prefix = `${secretPrefixes[kind]}_`
  if (text.length !== prefix.length + bodyChars + checksumChars || !text.startsWith(prefix)) return false
  if (!/^[0-9A-Za-z]+$/.test(text.slice(prefix.length))) return false
  const head = text.slice(0, -checksumChars)
  return text.slice(-checksumChars) === base62(BigInt(crc32(head)), checksumChars)
}

function base62(number: bigint, chars: number): string {
  let text = ''
  let rest = number
  for (let i = 0; i < chars; i++) {
    text = alphabet[Number(rest % 62n)] + text
    rest /= 62n
  }
  return text
}

function crc32(text: string): number {
  let crc = 0xffffffff
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}
