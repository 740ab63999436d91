import type { TrustTry, TrustTryResult } from '@keyward/contract/issuers'
import { type Claims, valueText } from '../../trust/claim.ts'
import { claimMismatches } from '../../trust/match.ts'
import { FederationRefused } from './federation.ts'
import { audienceFits, type Candidate, issuerProblems, ruleFits } from './find-rule.ts'
import { type Assertion, readAssertion, timeProblems } from './read-assertion.ts'
import type { TrustedIssuer, TrustRule } from './trust-rule.ts'
import type { TrustStore } from './trust-store.ts'

export interface TryOutDeps {
  readonly store: TrustStore
  readonly own: ReadonlySet<string>
  nowMs(): number
  candidates(assertion: Assertion): Promise<Candidate[]>
  /** @throws FederationRefused */
  verify(issuer: TrustedIssuer, assertion: Assertion): Promise<void>
}

/** The ones that fit, and the ones that miss it by least. */
const rulesShownMax = 50

type Tried = TrustTryResult['rules'][number]
type Visible = (workloads: readonly string[]) => Promise<ReadonlySet<string>>

/** What would become of a token, or of claims, with everything that is wrong told at once. */
export async function tryOut(deps: TryOutDeps, asked: TrustTry, visible: Visible): Promise<TrustTryResult> {
  return 'token' in asked ? await tryToken(deps, asked.token, visible) : await tryClaims(deps, asked.issuer, asked.claims, visible)
}

async function tryToken(deps: TryOutDeps, token: string, visible: Visible): Promise<TrustTryResult> {
  let assertion: Assertion
  try {
    assertion = readAssertion(token.trim())
  } catch (error) {
    if (error instanceof FederationRefused) return nothing([error.message])
    throw error
  }
  const candidates = await deps.candidates(assertion)
  const [first] = candidates
  if (first === undefined) {
    const whose = assertion.issuer === undefined ? assertion.subject : assertion.issuer
    return { ...nothing([`its issuer is not trusted here: ${valueText(whose)}`]), claims: assertion.claims }
  }
  const problems = [...timeProblems(assertion, deps.nowMs()), ...issuerProblems(first.issuer, assertion).map(({ message }) => message)]
  const signature = await deps.verify(first.issuer, assertion).then(
    () => 'valid' as const,
    (error: unknown) => {
      if (!(error instanceof FederationRefused)) throw error
      problems.push(error.code === 'keys_away' ? `${error.message}${causeText(error)}` : error.message)
      return error.code === 'keys_away' ? ('not_checked' as const) : ('invalid' as const)
    },
  )
  return await judged(deps, candidates, assertion, { signature, problems }, visible)
}

async function tryClaims(deps: TryOutDeps, id: string, claims: Claims, visible: Visible): Promise<TrustTryResult> {
  const issuer = await deps.store.byId(id)
  if (issuer === undefined) return nothing(['the issuer does not exist, or is revoked'])
  const rules = await deps.store.rulesOf(issuer)
  const { sub, aud } = claims
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((one) => typeof one === 'string')
  const shown = { claims, subject: typeof sub === 'string' ? sub : '', audiences: aud === undefined ? undefined : audiences }
  return await judged(deps, [{ issuer, rules }], shown, { signature: 'not_checked', problems: [] }, visible)
}

interface Shown {
  readonly claims: Claims
  readonly subject: string
  /** Undefined: nothing was said of it, so nothing is judged. */
  readonly audiences: readonly string[] | undefined
}

async function judged(
  deps: TryOutDeps,
  candidates: readonly Candidate[],
  shown: Shown,
  so: { readonly signature: TrustTryResult['signature']; readonly problems: string[] },
  visible: Visible,
): Promise<TrustTryResult> {
  const all = candidates.flatMap(({ issuer, rules }) =>
    rules.all.map((rule) => ({ rule, reasons: reasonsAgainst(deps, issuer, rule, shown) })),
  )
  const seen = await visible([...new Set(all.map(({ rule }) => rule.workload))])
  const fitting = new Set(all.filter(({ reasons }) => reasons.length === 0).map(({ rule }) => rule.workload))
  const problems = [...so.problems]
  if (fitting.size > 1) problems.push('it fits trust rules of several workloads: the sender has to name its own by client_id')
  const [only] = fitting
  const mints = problems.length === 0 && fitting.size === 1 && so.signature !== 'invalid' && only !== undefined && seen.has(only)
  const open = all.filter(({ rule }) => seen.has(rule.workload)).toSorted((a, b) => a.reasons.length - b.reasons.length)
  return {
    issuer: candidates[0]?.issuer.id ?? null,
    signature: so.signature,
    problems,
    claims: shown.claims,
    rules: open.slice(0, rulesShownMax).map(({ rule, reasons }) => tried(rule, reasons)),
    rules_left_out: Math.max(0, open.length - rulesShownMax),
    would_mint: mints ? only : null,
  }
}

function reasonsAgainst(deps: TryOutDeps, issuer: TrustedIssuer, rule: TrustRule, { claims, subject, audiences }: Shown): string[] {
  const reasons: string[] = []
  if (audiences !== undefined && !audienceFits(rule, audiences, deps.own)) {
    const [accepted = ''] = rule.audiences ?? deps.own
    reasons.push(`aud: the rule asks for ${valueText(accepted)}, the token says ${valueText(claims.aud)}`)
  }
  if (rule.method === 'oidc') reasons.push(...claimMismatches(issuer.preset, rule.claims, claims))
  else if (!ruleFits(issuer, rule, { claims, subject }))
    reasons.push(`sub: the rule asks for ${valueText(rule.spiffeId)}, the token says ${valueText(claims.sub)}`)
  return reasons
}

function tried(rule: TrustRule, reasons: string[]): Tried {
  return {
    workload: { id: rule.workload, name: rule.workloadName },
    identity: rule.identity,
    name: rule.name,
    method: rule.method,
    matches: reasons.length === 0,
    reasons,
  }
}

function nothing(problems: string[]): TrustTryResult {
  return { issuer: null, signature: 'not_checked', problems, claims: null, rules: [], rules_left_out: 0, would_mint: null }
}

/** Whoever makes trust rules may know why the keys can't be had: they have to mend it. */
function causeText({ cause }: FederationRefused): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  return inner instanceof Error ? ` (${inner.message})` : ''
}
