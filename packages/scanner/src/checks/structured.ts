import { base64Json, base64Text, isPrintable } from './base64-text.ts'
import type { Check } from './check.ts'

/** Groq's keys carry `WGdyb3FY` after the first twenty characters. Its absence refutes nothing: Groq does not document it. */
export const groq: Check = (secret) => (secret.slice(24, 32) === 'WGdyb3FY' ? 'proved' : 'unknown')

/** The parts before and behind the mark that OpenAI's keys have been seen with. */
const openaiHalves = new Set([20, 58, 74])

/**
 * OpenAI's project, service-account and admin keys have `T3BlbkFJ` (base64 of "OpenAI") between two parts of equal length. Equal ones of a
 * length that was not seen yet are left open, for OpenAI documents none.
 */
export const openaiKeyHalves: Check = (secret) => {
  const [head, tail] = secret.replace(/^sk-[a-z]+-/, '').split('T3BlbkFJ')
  if (head === undefined || tail === undefined || head.length !== tail.length) return 'refuted'
  return openaiHalves.has(head.length) ? 'proved' : 'unknown'
}

/** Base64 of `user:password` in printable ASCII (RFC 7617). */
export const basicAuth: Check = (secret) => (basicPassword(secret) === undefined ? 'refuted' : 'proved')

/** The password in a Basic credential, or undefined where it is none. */
export function basicPassword(secret: string): string | undefined {
  const text = base64Text(secret)
  const cut = text.indexOf(':')
  return cut >= 0 && isPrintable(text) && text.length - cut > 3 ? text.slice(cut + 1) : undefined
}

/** The first part of a Discord bot token is the bot's number in base64. */
export const discordBot: Check = (secret) => (/^\d{17,20}$/.test(base64Text(secret.split('.')[0] ?? '')) ? 'proved' : 'refuted')

/** Sentry's organisation tokens hold a JSON object with the site and the time between two underscores. */
export const sentryOrganization: Check = (secret) => {
  const claims = base64Json(secret.split('_')[1] ?? '')
  return claims !== undefined && 'iat' in claims ? 'proved' : 'refuted'
}
