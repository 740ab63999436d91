import { base32Number } from './base32.ts'
import { base64Text } from './base64-text.ts'
import type { Check } from './check.ts'

const accountMax = 999_999_999_999n

/**
 * The account that an access key id of the current scheme names (12 digits), or undefined for ids of the older one and numbers that no account
 * can have (which refutes nothing: a random id has a possible one nine times in ten). The 16 characters
 * after the prefix are base 32 of 80 bits: a one, 40 bits of account, a serial. Source: published analyses of the format.
 */
export function awsAccountOf(accessKeyId: string): string | undefined {
  const value = base32Number(accessKeyId.slice(4))
  if (value === undefined || value >> 79n === 0n) return undefined
  const account = (value >> 39n) & 0xff_ffff_ffffn
  return account <= accountMax ? String(account).padStart(12, '0') : undefined
}

/** Long-lived Bedrock keys hold `BedrockAPIKey-<user>-at-<account>:<secret>` in base64. */
export const bedrockLongLived: Check = (secret) => (base64Text(secret.slice(4)).startsWith('BedrockAPIKey') ? 'proved' : 'refuted')

/** Short-lived Bedrock keys hold a presigned URL in base64; one that is cut before its query proves nothing. */
export const bedrockShortLived: Check = (secret) => {
  const url = base64Text(secret.slice('bedrock-api-key-'.length))
  if (!url.startsWith('bedrock.amazonaws.com')) return 'refuted'
  return url.includes('X-Amz-') ? 'proved' : 'unknown'
}

/** When a short-lived Bedrock key ends (seconds since 1970), as its presigned URL says. */
export function bedrockExpiry(secret: string): number | undefined {
  const url = base64Text(secret.slice('bedrock-api-key-'.length))
  const made = /X-Amz-Date=(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z/.exec(url)
  const lifeSeconds = /X-Amz-Expires=(\d{1,6})/.exec(url)?.[1]
  if (made === null || lifeSeconds === undefined) return undefined
  const [year, month, day, hour, minute, second] = made.slice(1).map(Number) as [number, number, number, number, number, number]
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000 + Number(lifeSeconds)
}
