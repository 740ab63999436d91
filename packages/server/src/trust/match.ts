import type { ClaimCondition, ClaimConditions } from '@keyward/contract/identities'
import type { IssuerPreset } from '@keyward/contract/issuers'
import { type Claims, claimAt, conditionText, holds, valueText } from './claim.ts'
import { hasGithubPrefix, isOfPullRequest, sameGithubSubject } from './github-subject.ts'

/**
 * Why a token's claims do not fit the conditions of a rule: for each one that does not hold, what it asks and what the token says. Empty
 * where they fit.
 */
export function claimMismatches(preset: IssuerPreset, conditions: ClaimConditions, claims: Claims): string[] {
  const names = Object.keys(conditions)
  if (names.length === 0) return ['the rule asks for nothing, so that it fits nobody']
  const reasons = names.flatMap((name) => {
    const condition = conditions[name]
    if (condition === undefined || conditionHolds(preset, name, condition, claims)) return []
    return [`${name}: the rule asks for ${conditionText(condition)}, the token says ${valueText(claimAt(claims, name))}`]
  })
  if (preset === 'github' && !names.includes('event_name') && isOfPullRequest(claims))
    reasons.push('event_name: the run was started by a pull request, and the rule has no condition on event_name that allows it')
  return reasons
}

/** The same without the words, for the path that every mint takes. */
export function claimsFit(preset: IssuerPreset, conditions: ClaimConditions, claims: Claims): boolean {
  let asked = 0
  for (const name in conditions) {
    const condition = conditions[name]
    if (condition === undefined) continue
    asked += 1
    if (!conditionHolds(preset, name, condition, claims)) return false
  }
  return asked > 0 && !(preset === 'github' && conditions.event_name === undefined && isOfPullRequest(claims))
}

function conditionHolds(preset: IssuerPreset, name: string, condition: ClaimCondition, claims: Claims): boolean {
  if (preset !== 'github' || (name !== 'sub' && name !== '/sub')) return holds(condition, claimAt(claims, name))
  if (Array.isArray(condition)) return condition.some((one) => sameGithubSubject(String(one), claims))
  if (typeof condition !== 'object') return sameGithubSubject(String(condition), claims)
  return 'prefix' in condition && hasGithubPrefix(condition.prefix, claims)
}
