import type { Secret } from './secret.ts'

const mask = '••••'
/** Characters that stay hidden before the last four may be shown: 20 random ones are beyond guessing. */
const hiddenCharsMin = 20
const shownCharsMax = 4

/**
 * How a secret is shown to people so that they can tell it from another: its public prefix and, where enough stays hidden, its last four
 * characters (`sk-proj-••••abcd`). Of passwords, keys in PEM and files it shows the kind alone.
 */
export function hintOf(secret: Secret): string {
  const text = secret.reveal().trim()
  if (text.startsWith('-----BEGIN ')) return `${/^-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text)?.[1] ?? 'PEM'} ${mask}`
  if (text.startsWith('{')) return `JSON ${mask}`
  if (!/^[\x21-\x7e]+$/.test(text)) return mask
  const prefix = prefixOf(text)
  const rest = text.length - prefix.length
  if (rest < hiddenCharsMin + shownCharsMax) return rest < hiddenCharsMin ? mask : `${prefix}${mask}`
  return `${prefix}${mask}${text.slice(-shownCharsMax)}`
}

/**
 * Prefixes by which issuers name their secrets, longest first. A closed list: in a passphrase with hyphens, whatever looks like a prefix is
 * part of the secret.
 */
const prefixes =
  /^(?:sk-(?:proj-|svcacct-|admin-|ant-[a-z]{2,6}\d{2}-|or-v1-|lf-)?|pk-lf-|(?:sk|rk|pk)_(?:live|test)_|gh[opsur]_|github_pat_|glpat-|glrt-|xox[abeprs]-|xapp-|hf_|gsk_|xai-|pplx-|r8_|nvapi-|lsv2_(?:pt|sk)_|AIza|AKIA|ASIA|ya29\.|npm_|pypi-|dop_v1_|dapi|eyJ|whsec_|kw[ck]_)/

function prefixOf(text: string): string {
  return prefixes.exec(text)?.[0] ?? ''
}
