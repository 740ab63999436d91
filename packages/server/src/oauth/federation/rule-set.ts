import type { IssuerPreset } from '@keyward/contract/issuers'
import type { Claims } from '../../trust/claim.ts'
import { readGithubSubject } from '../../trust/github-subject.ts'
import { exactTexts } from '../../trust/preset.ts'
import type { TrustRule } from './trust-rule.ts'

/** Claims that tell workloads apart best, the best first: a rule is filed under the first that it gives a value of. */
const filedUnder = ['repository_id', 'project_id', 'oid', 'azp', 'appid', 'sub', 'repository', 'project_path'] as const
/** Not a claim: owner and name in a subject of GitHub, which has two forms. */
const githubRepository = 'github repository'

/**
 * The live rules of one issuer, filed by a value that each asks for: a large organisation has a rule for each repository, and a token is
 * compared with the few that could be its own.
 */
export class RuleSet {
  /** The oldest first. */
  readonly all: readonly TrustRule[]
  readonly #files = new Map<string, Map<string, TrustRule[]>>()
  /** Rules that ask for no value as a whole. */
  readonly #loose: TrustRule[] = []
  readonly #order = new Map<TrustRule, number>()
  readonly #audiences: ReadonlySet<string>
  readonly #takesOwn: boolean

  constructor(preset: IssuerPreset, rules: readonly TrustRule[]) {
    this.all = rules
    this.#audiences = new Set(rules.flatMap(({ audiences }) => [...(audiences ?? [])]))
    this.#takesOwn = rules.some(({ audiences }) => audiences === undefined)
    for (const [index, rule] of rules.entries()) {
      this.#order.set(rule, index)
      const place = placeOf(preset, rule)
      if (place === undefined) this.#loose.push(rule)
      else for (const value of new Set(place.values)) this.#file(place.name, value, rule)
    }
  }

  /** Those that could fit, the oldest first; whether they do is for the caller to see. */
  candidates(claims: Claims): readonly TrustRule[] {
    const found = new Set(this.#loose)
    for (const [name, values] of this.#files) {
      const value = name === githubRepository ? repositoryOf(claims.sub) : claims[name]
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') continue
      for (const rule of values.get(String(value)) ?? []) found.add(rule)
    }
    return [...found].toSorted((a, b) => (this.#order.get(a) ?? 0) - (this.#order.get(b) ?? 0))
  }

  /** True where some rule accepts one of these. */
  hears(audiences: readonly string[], own: ReadonlySet<string>): boolean {
    return audiences.some((one) => this.#audiences.has(one) || (this.#takesOwn && own.has(one)))
  }

  #file(name: string, value: string, rule: TrustRule): void {
    let values = this.#files.get(name)
    if (values === undefined) {
      values = new Map()
      this.#files.set(name, values)
    }
    const rules = values.get(value)
    if (rules === undefined) values.set(value, [rule])
    else rules.push(rule)
  }
}

function placeOf(preset: IssuerPreset, { method, spiffeId, claims }: TrustRule): { name: string; values: readonly string[] } | undefined {
  if (method === 'spiffe_jwt') return spiffeId === undefined || spiffeId.endsWith('/*') ? undefined : { name: 'sub', values: [spiffeId] }
  for (const name of filedUnder) {
    const values = exactTexts(claims[name])
    if (values === undefined) continue
    if (preset !== 'github' || name !== 'sub') return { name, values }
    // A subject that is of neither form fits by its text alone, whatever stands beside it in the list.
    const repositories = values.map(repositoryOf)
    if (repositories.every((one) => one !== undefined)) return { name: githubRepository, values: repositories }
    if (repositories.every((one) => one === undefined)) return { name, values }
  }
  return undefined
}

function repositoryOf(subject: unknown): string | undefined {
  const read = typeof subject === 'string' ? readGithubSubject(subject) : undefined
  return read && `${read.owner}/${read.repository}`
}
