import { RE2JS } from 're2js'
import type { Allowance, CompiledDetector } from '../compiled-detector.ts'

const compiled = new Map<string, RE2JS>()

/** Whether a user's rule excuses the match: gitleaks' allow-lists, evaluated as gitleaks does. */
export function isAllowed(detector: CompiledDetector, match: { secret: string; match: string; line: string; path: string }): boolean {
  return (detector.allowances ?? []).some((allowance) => applies(allowance, match))
}

function applies(allowance: Allowance, match: { secret: string; match: string; line: string; path: string }): boolean {
  const results: boolean[] = []
  if (allowance.paths.length > 0) results.push(allowance.paths.some((path) => found(path, match.path)))
  if (allowance.patterns.length > 0) results.push(allowance.patterns.some((pattern) => found(pattern, match[allowance.target])))
  if (allowance.stopwords.length > 0) results.push(allowance.stopwords.some((word) => match.secret.toLowerCase().includes(word)))
  if (results.length === 0) return false
  return allowance.all ? results.every(Boolean) : results.some(Boolean)
}

/** Whether the text holds the pattern (RE2). */
export function found(pattern: string, text: string): boolean {
  let expression = compiled.get(pattern)
  if (!expression) {
    expression = RE2JS.compile(pattern)
    compiled.set(pattern, expression)
  }
  return expression.matcher(text).find()
}
