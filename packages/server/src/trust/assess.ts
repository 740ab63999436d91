import type { ClaimConditions } from '@keyward/contract/identities'
import type { IssuerPreset, TrustAssessment } from '@keyward/contract/issuers'
import { textsOf } from './claim.ts'
import { lookAlike } from './look-alike.ts'
import { type Preset, prefixOf } from './preset.ts'
import { entra } from './presets/entra.ts'
import { generic } from './presets/generic.ts'
import { github } from './presets/github.ts'
import { gitlab } from './presets/gitlab.ts'
import { google } from './presets/google.ts'
import { kubernetes } from './presets/kubernetes.ts'

const presets: Readonly<Record<IssuerPreset, Preset>> = { github, gitlab, kubernetes, google, entra, generic }

/** Claims that are checked in every token: a condition on one of them would be a second opinion on the first. */
const checked = new Set(['iss', 'aud', 'exp', 'nbf', 'iat', 'jti'])

/** Whose tokens these are, by the issuer's identifier; `generic` where nobody is known by it. */
export function presetOf(issuer: string): IssuerPreset {
  for (const [name, { issuers }] of Object.entries(presets)) if (issuers?.test(issuer)) return name as IssuerPreset
  return 'generic'
}

/**
 * What a rule with these conditions would match that its owner hardly means. `refused`: too much to be a rule; `warnings`: to be shown with
 * it. Each says what is matched, and the fix.
 */
export function assessClaims(preset: IssuerPreset, conditions: ClaimConditions): TrustAssessment {
  const known = presets[preset]
  const entries = Object.entries(conditions)
  if (entries.length === 0) return { refused: [`the rule would fit everybody whom the issuer vouches for: ${known.pin}`], warnings: [] }
  const refused: string[] = []
  const warnings: string[] = []
  for (const [name, condition] of entries) {
    if (checked.has(name))
      refused.push(`${name}: is checked in every token: remove the condition${name === 'aud' ? ', and use audiences' : ''}`)
    for (const text of textsOf(condition)) {
      const strange = lookAlike(text, known.asciiOnly)
      if (strange !== undefined) refused.push(`${name}: ${strange}`)
      if (text.includes('*'))
        refused.push(`${name}: a star stands for itself alone, so that ${text} fits nothing: use {"prefix": "…"}, or give the value whole`)
    }
  }
  const judged = entries.map(([name, condition]) => ({
    name,
    prefix: prefixOf(condition) !== undefined,
    ...known.judge(pointerless(name), condition, conditions),
  }))
  const strength = judged.some((one) => one.strength === 'id') ? 'id' : judged.some((one) => one.strength === 'name') ? 'name' : 'none'
  const problems = judged.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`]))
  if (strength === 'none')
    refused.push(...(problems.length > 0 ? problems : [`no condition tells one workload from the others: ${known.pin}`]))
  else {
    // What identifies carries the rule; a prefix that is cut short beside it still deserves a look.
    warnings.push(...judged.flatMap(({ name, problem, prefix }) => (problem !== undefined && prefix ? [`${name}: ${problem}`] : [])))
    warnings.push(...judged.flatMap(({ name, warning }) => (warning === undefined ? [] : [`${name}: ${warning}`])))
    if (strength === 'name') warnings.push(known.nameOnly)
    warnings.push(...known.context(conditions))
  }
  return { refused: [...new Set(refused)], warnings: [...new Set(warnings)] }
}

/** The same for one audience that a rule is to accept. */
export function assessAudience(
  preset: IssuerPreset,
  audience: string,
  issuer: string,
): { readonly refused?: string; readonly warning?: string } {
  const strange = lookAlike(audience, true)
  if (strange !== undefined) return { refused: strange }
  if (audience.includes('*')) return { refused: 'a star stands for itself alone: give the audience whole' }
  return presets[preset].audience(audience, issuer) ?? presets.generic.audience(audience, issuer) ?? {}
}

/** `/sub` is `sub`. */
function pointerless(name: string): string {
  return /^\/[^/~]+$/.test(name) ? name.slice(1) : name
}
