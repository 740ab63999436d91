import type { ClaimCondition } from '@keyward/contract/identities'

export type Claims = Readonly<Record<string, unknown>>

/**
 * The claim that a name means: a member of the token itself, or by a JSON pointer (RFC 6901) one that lies deeper. A name that begins with a
 * slash is a pointer. Undefined where there is none.
 */
export function claimAt(claims: Claims, name: string): unknown {
  if (!name.startsWith('/')) return ownMember(claims, name)
  let value: unknown = claims
  for (const step of name.slice(1).split('/')) value = ownMember(value, step.replaceAll('~1', '/').replaceAll('~0', '~'))
  return value
}

/** The claim's own name, without the way to it: `/kubernetes.io/serviceaccount/uid` -> `uid`. */
export function lastSegment(name: string): string {
  return name.startsWith('/') ? name.slice(name.lastIndexOf('/') + 1) : name
}

/** True where the claim says what the condition asks. */
export function holds(condition: ClaimCondition, value: unknown): boolean {
  if (Array.isArray(condition)) return condition.some((one) => same(one, value))
  if (typeof condition !== 'object') return same(condition, value)
  if ('prefix' in condition) return typeof value === 'string' && value.startsWith(condition.prefix)
  return Array.isArray(value) && value.some((one) => same(condition.contains, one))
}

/** What a condition asks, in words. */
export function conditionText(condition: ClaimCondition): string {
  if (Array.isArray(condition)) return `one of ${condition.map(valueText).join(', ')}`
  if (typeof condition !== 'object') return valueText(condition)
  return 'prefix' in condition
    ? `something that begins with ${valueText(condition.prefix)}`
    : `a list with ${valueText(condition.contains)}`
}

const shownCharsMax = 200

/** A claim's value for its sender or an administrator to read, shortened. */
export function valueText(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text
}

/** The texts that a condition compares with. */
export function textsOf(condition: ClaimCondition): string[] {
  if (Array.isArray(condition)) return condition.map(String)
  if (typeof condition !== 'object') return [String(condition)]
  return ['prefix' in condition ? condition.prefix : condition.contains]
}

/** Numbers and texts that read the same are the same; a number that JSON could have rounded is the same as nothing. */
function same(one: string | number | boolean, other: unknown): boolean {
  if (typeof other !== 'string' && typeof other !== 'number' && typeof other !== 'boolean') return false
  return isExact(one) && isExact(other) && String(one) === String(other)
}

function isExact(value: string | number | boolean): boolean {
  return typeof value !== 'number' || Math.abs(value) <= Number.MAX_SAFE_INTEGER
}

function ownMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return /^(?:0|[1-9]\d{0,5})$/.test(name) ? value[Number(name)] : undefined
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
}
