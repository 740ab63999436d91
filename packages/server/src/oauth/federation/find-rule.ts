import { claimsFit } from '../../trust/match.ts'
import { isApiServerAudience } from '../../trust/presets/kubernetes.ts'
import { spiffeIdFits } from '../../trust/spiffe-id.ts'
import { type FederationHints, FederationRefused } from './federation.ts'
import { type Assertion, oidcProblems, svidProblems } from './read-assertion.ts'
import type { RuleSet } from './rule-set.ts'
import type { TrustedIssuer, TrustRule } from './trust-rule.ts'

export interface Fit {
  readonly issuer: TrustedIssuer
  readonly rule: TrustRule
}

export interface Candidate {
  readonly issuer: TrustedIssuer
  readonly rules: RuleSet
}

/** The audiences that mean this Keyward where a rule names none: the issuer, and its token endpoint for those whose drafts ask for that. */
export function ownAudiences(issuer: string): ReadonlySet<string> {
  return new Set([issuer, `${issuer}/`, `${issuer}/oauth2/token`])
}

/**
 * The one rule that a token's claims fit, before its signature was looked at.
 * @throws FederationRefused `audience`, `no_rule`, `ambiguous`, `type`
 */
export function findRule(candidates: readonly Candidate[], assertion: Assertion, hints: FederationHints, own: ReadonlySet<string>): Fit {
  const fits: Fit[] = []
  let refused: FederationRefused | undefined
  for (const { issuer, rules } of candidates) {
    const [problem] = issuerProblems(issuer, assertion)
    if (problem !== undefined) {
      refused ??= problem
      continue
    }
    if (!rules.hears(assertion.audiences, own)) {
      if (rules.all.length > 0) refused ??= wrongAudience()
      continue
    }
    let named = 0
    let audible = 0
    for (const rule of rules.candidates(assertion.claims)) {
      if (hints.workload !== undefined && hints.workload !== rule.workload) continue
      if (hints.identity !== undefined && hints.identity !== rule.identity) continue
      if (hints.method !== undefined && hints.method !== rule.method) continue
      named += 1
      if (!audienceFits(rule, assertion.audiences, own)) continue
      audible += 1
      if (ruleFits(issuer, rule, assertion)) fits.push({ issuer, rule })
    }
    if (named > 0 && audible === 0) refused ??= wrongAudience()
  }
  const [first] = fits
  if (first === undefined) {
    const narrowed = hints.workload !== undefined || hints.identity !== undefined
    throw (
      refused ??
      new FederationRefused('no_rule', narrowed ? 'its claims do not fit the trust rule that was named' : 'its claims fit no trust rule')
    )
  }
  if (fits.some(({ rule }) => rule.workload !== first.rule.workload))
    throw new FederationRefused(
      'ambiguous',
      'its claims fit trust rules of several workloads: name yours by client_id, or its grant by scope=grant:ID',
    )
  return fits.find(({ rule }) => hasAsked(rule, hints)) ?? first
}

function wrongAudience(): FederationRefused {
  return new FederationRefused('audience', 'its aud is not the one that is asked for here')
}

/** What is wrong with a token for this kind of issuer, whatever the rules say. */
export function issuerProblems(issuer: TrustedIssuer, assertion: Assertion): FederationRefused[] {
  const found = (issuer.kind === 'spiffe' ? svidProblems(assertion) : oidcProblems(assertion)).map(
    (text) => new FederationRefused('type', text),
  )
  if (issuer.preset === 'kubernetes' && assertion.audiences.some((one) => isApiServerAudience(one, issuer.issuer)))
    found.push(new FederationRefused('audience', 'it is good at the cluster’s own API server: project one with an audience of its own'))
  return found
}

export function audienceFits(rule: TrustRule, audiences: readonly string[], own: ReadonlySet<string>): boolean {
  const accepted = rule.audiences ?? own
  return audiences.some((one) => accepted.has(one))
}

export function ruleFits(issuer: TrustedIssuer, rule: TrustRule, { claims, subject }: Pick<Assertion, 'claims' | 'subject'>): boolean {
  if (rule.method === 'spiffe_jwt') return rule.spiffeId !== undefined && spiffeIdFits(rule.spiffeId, subject)
  return claimsFit(issuer.preset, rule.claims, claims)
}

function hasAsked({ grants }: TrustRule, { grant, resource }: FederationHints): boolean {
  if (grants === null) return true
  if (grant !== undefined) return grants.some(({ id }) => id === grant)
  return resource === undefined || grants.some((one) => one.resource === resource)
}
