import type { Candidate } from './candidate.ts'
import { entropyOf } from './entropy.ts'
import { knownName, knownPrefix } from './known-formats.ts'
import { lineBefore, nameBefore } from './surroundings.ts'
import { isWords } from './words.ts'

const uuid = /^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$/

/** What keeps a value that only its name calls a secret from being one; `unlikely` where it may still be. */
export interface Doubt {
  readonly verdict: 'unlikely' | 'not-a-secret'
  readonly reason: string
}

const no = (reason: string): Doubt => ({ verdict: 'not-a-secret', reason })
const unlikely = (reason: string): Doubt => ({ verdict: 'unlikely', reason })

/** For values that are found by the name before them alone. */
export function genericDoubt(candidate: Candidate): Doubt | undefined {
  const { secret, detector } = candidate
  if (knownPrefix.test(secret)) return no('It begins like a known format but is none: its length, alphabet or checksum is wrong.')
  if (secret.startsWith('/') || secret.startsWith('.') || /^[\w.-]+(?:\/[\w.-]+)+\.[a-z]{1,5}$/.test(secret)) return no('It is a path.')
  if (/^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+$/.test(secret) && !/\d{3}/.test(secret))
    return no('It is an expression of a program, not a value.')
  if (/^(?:projects|arn|secrets|vault|ssm|op|keyvault|gcp|aws|file|env)[:/]/i.test(secret))
    return no('It is a reference to where a secret is kept.')
  if (isWords(secret)) return no('It is made of words.')
  if (isIdentifier(candidate)) return no('It is a name in a program, not a value.')
  if (/^[\d.,:+-]+$/.test(secret)) return no('It is a number, a date or a version.')
  if (/^v?\d+\.\d+\.\d+/.test(secret)) return no('It is a version.')
  const line = lineBefore(candidate)
  if (/^\s*(?:>>>|\.\.\.) /.test(line)) return unlikely('It stands in the example of a manual.')
  const name = nameBefore(line)
  if (/public|publishable|anon|NEXT_PUBLIC|VITE_|site_?key|sitekey|measurement|tracking/i.test(name))
    return unlikely('Its name says that it is public.')
  if (
    /(?:page|next|continuation|cursor|sync|csrf|xsrf|idempotency|cache|cancell?ation|lexer|parser)[_.-]?(?:token|key)|(?:primary|foreign|partition|sort|index|map|object|storage|i18n|translation|registry|query|react|cache|group|hash|route|row)[_.-]?key/i.test(
      name,
    )
  )
    return no('Its name says that it is a key of another sort.')
  if (knownName.test(name)) return unlikely('It is named for a provider, but is not in the form of that provider’s keys.')
  if (detector.id !== 'generic-password' && !/\d/.test(secret) && !mixedCase(secret))
    return no('It has no digit: a name rather than a secret.')
  if (detector.id === 'generic-password') return passwordDoubt(secret)
  if (uuid.test(secret) && !/(?:key|token|secret)$/i.test(name)) return unlikely('It is a UUID: an identifier more often than a secret.')
  if (entropyOf(secret) < Math.min(3.3, Math.log2(secret.length) - 0.9)) return unlikely('It is not random enough.')
  return undefined
}

function passwordDoubt(secret: string): Doubt | undefined {
  if (/^[A-Za-z_$][\w$]*(?:[.[\]?][\w$]*)+$/.test(secret) && !/\d.*\d/.test(secret))
    return no('It is a name or an expression of a program.')
  if (/passw/i.test(secret)) return unlikely('It has the word password in it.')
  const classes = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((one) => one.test(secret)).length
  return classes < 3 && entropyOf(secret) < 3.6 ? unlikely('It is too plain for a generated password.') : undefined
}

function mixedCase(secret: string): boolean {
  return /[a-z]/.test(secret) && /[A-Z]/.test(secret)
}

const code = /\.(?:[cm]?[jt]sx?|py|go|java|kt|rb|rs|php|cs|swift|scala|c|cc|cpp|h|hpp|vue|svelte|dart|ex|exs|lua|pl|pm|m|mm|sh|bash)$/i

/** An unquoted name without a digit in a program's source stands for a value, it is none. */
function isIdentifier({ secret, before, path }: Candidate): boolean {
  return /^[A-Za-z_$][A-Za-z_$]*[=:]?$/.test(secret) && (code.test(path) || /[=:]$/.test(secret)) && !/["'`]$/.test(before)
}
