import { z } from 'zod'

/**
 * Money is integer nano-dollars inside (bigint, 1 USD = 1,000,000,000 nano-dollars) and decimal strings in the API (`"250.00"`).
 * Floats never touch a ledger; a price that comes as a float is rounded up once, per call.
 */
export const nanoPerDollar = 1_000_000_000n
/** Largest amount that a ledger column (signed 64 bits) and our sums can hold with room to add: 1,000,000,000 USD. */
export const dollarsMax = 1_000_000_000n

const pattern = /^(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,9}))?$/

/** Parses `"250"`, `"250.00"` or `"0.000000001"` into nano-dollars. Returns undefined for anything else (signs, exponents, more than 9 decimals). */
export function parseUsd(text: string): bigint | undefined {
  const match = pattern.exec(text)
  if (!match) return undefined
  const nano = BigInt(match[1] ?? '0') * nanoPerDollar + BigInt((match[2] ?? '').padEnd(9, '0') || '0')
  return nano <= dollarsMax * nanoPerDollar ? nano : undefined
}

/** Formats nano-dollars as a decimal string with at least two and at most nine decimals: exact, no rounding. */
export function formatUsd(nano: bigint): string {
  const sign = nano < 0n ? '-' : ''
  const absolute = nano < 0n ? -nano : nano
  const decimals = (absolute % nanoPerDollar)
    .toString()
    .padStart(9, '0')
    .replace(/0{1,7}$/, '')
  return `${sign}${absolute / nanoPerDollar}.${decimals}`
}

export const UsdAmount = z
  .string()
  .refine((text) => parseUsd(text) !== undefined, 'must be a decimal string of US dollars with at most 9 decimals, such as "250.00"')
  .meta({ description: 'US dollars as a decimal string', examples: ['250.00'] })
