import { type Claims, claimAt } from './claim.ts'

/*
 * The `sub` of GitHub Actions has two forms: `repo:OWNER/REPO:CONTEXT`, and for repositories that were made, renamed or moved after July 2026
 * `repo:OWNER@OWNER_ID/REPO@REPO_ID:CONTEXT`, in which a colon inside a value of the context reads `%3A`. A rule may be written in either.
 */

export interface GithubSubject {
  readonly owner: string
  readonly ownerId: string | undefined
  readonly repository: string
  readonly repositoryId: string | undefined
  /** What follows the repository: `ref:refs/heads/main`, `environment:production`, `pull_request`, or what a template makes of it. */
  readonly context: string
}

const form = /^repo:([A-Za-z0-9_.-]{1,100})(?:@(\d{1,20}))?\/([A-Za-z0-9_.-]{1,200})(?:@(\d{1,20}))?:(.*)$/s

/** Undefined for what is not of these forms, such as the subject of a template without `repo`. */
export function readGithubSubject(text: string): GithubSubject | undefined {
  const [, owner, ownerId, repository, repositoryId, context] = form.exec(text) ?? []
  if (owner === undefined || repository === undefined || context === undefined) return undefined
  return { owner, ownerId, repository, repositoryId, context }
}

/** True where the token's `sub` is the one that the rule names, whichever form each has. */
export function sameGithubSubject(rule: string, claims: Claims): boolean {
  const { sub } = claims
  if (typeof sub !== 'string') return false
  const asked = readGithubSubject(rule)
  const shown = readGithubSubject(sub)
  if (asked === undefined || shown === undefined) return rule === sub
  return sameRepository(asked, shown, claims) && decoded(asked.context) === decoded(shown.context)
}

/**
 * The same for a rule that gives the beginning. It has to reach into the context at least, or the names would be compared by halves; and
 * the context is compared as it stands, or a value with a colon in it could pass for two.
 */
export function hasGithubPrefix(prefix: string, claims: Claims): boolean {
  const { sub } = claims
  if (typeof sub !== 'string') return false
  const asked = readGithubSubject(prefix)
  const shown = readGithubSubject(sub)
  if (asked === undefined || shown === undefined) return sub.startsWith(prefix)
  return sameRepository(asked, shown, claims) && shown.context.startsWith(asked.context)
}

/** Events in which somebody from outside decides what runs. */
const outsideEvents = new Set(['pull_request', 'pull_request_target'])

/** True for tokens of a run that a pull request started: whoever may open one would get what the rule gives. */
export function isOfPullRequest(claims: Claims): boolean {
  const { event_name: event, sub } = claims
  if (typeof event === 'string' && outsideEvents.has(event)) return true
  return typeof sub === 'string' && readGithubSubject(sub)?.context.split(':')[0] === 'pull_request'
}

function sameRepository(asked: GithubSubject, shown: GithubSubject, claims: Claims): boolean {
  if (asked.owner !== shown.owner || asked.repository !== shown.repository) return false
  return (
    sameId(asked.ownerId, shown.ownerId, claimAt(claims, 'repository_owner_id')) &&
    sameId(asked.repositoryId, shown.repositoryId, claimAt(claims, 'repository_id'))
  )
}

/** An id that the rule names has to be in the token, in its `sub` or in the claim; where it is in both, in both. */
function sameId(asked: string | undefined, inSubject: string | undefined, claim: unknown): boolean {
  if (asked === undefined) return true
  const said = typeof claim === 'number' && Number.isSafeInteger(claim) ? String(claim) : claim
  if (inSubject === undefined && said === undefined) return false
  return (inSubject === undefined || inSubject === asked) && (said === undefined || said === asked)
}

function decoded(context: string): string {
  return context.replaceAll(/%3a/gi, ':')
}
