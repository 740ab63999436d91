import { secretPrefixes } from '@keyward/contract/secret-format'

/** Every secret that Keyward itself issues. */
const own = new RegExp(`\\b(?:${Object.values(secretPrefixes).join('|')})_[0-9A-Za-z]{20,}`, 'g')

/**
 * The last door before a log line leaves the process: whatever looks like a secret is masked, whoever put it there. Forms, not field
 * names: a secret in a message, a stack or a URL is caught too. It is a net under the rule that nothing secret is logged, not the rule.
 */
const forms: readonly (readonly [RegExp, string])[] = [
  [own, 'kw*_[redacted]'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, '[redacted jwt]'],
  [/\b(?:sk|rk|pk|xai|gsk|pplx|hf|ghp|gho|ghs|ghu|ghr|glpat|AKIA|ASIA|AIza|xox[abprs])[-_]?[A-Za-z0-9_-]{16,}/g, '[redacted secret]'],
  [/\bgithub_pat_[A-Za-z0-9_]{20,}/g, '[redacted secret]'],
  [/\b(bearer|basic|dpop)\s+[A-Za-z0-9._~+/=-]{8,}/gi, '$1 [redacted]'],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s/:@"]*:)[^\s/@"]+@/gi, '$1[redacted]@'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[redacted private key]'],
]

/** `text` with everything that looks like a secret masked. */
export function redact(text: string): string {
  let clean = text
  for (const [form, mask] of forms) clean = clean.replace(form, mask)
  return clean
}
