import type { ClaimCondition, ClaimConditions } from '@keyward/contract/identities'
import { readGithubSubject } from '../github-subject.ts'
import { broad, exactTexts, type Judgement, type Preset, prefixOf, weakest } from '../preset.ts'

const ownerWide = 'matches every repository of the owner, also those that are made later: add repository_id'
const wide: Readonly<Record<string, string>> = {
  repository_owner: ownerWide,
  repository_owner_id: ownerWide,
  enterprise: ownerWide,
  enterprise_id: ownerWide,
  repository_visibility: 'matches every repository of that visibility on GitHub: add repository_id',
  actor: 'matches every repository in which that account can start a run: add repository_id',
  actor_id: 'matches every repository in which that account can start a run: add repository_id',
  environment: 'matches an environment of that name in any repository on GitHub: add repository_id',
  ref: 'matches a branch of that name in any repository on GitHub: add repository_id',
  job_workflow_sha: 'a commit is reachable from every fork: add repository_id',
}

/** GitHub Actions, github.com or Enterprise Server. */
export const github: Preset = {
  issuers: /^https:\/\/token\.actions\.githubusercontent\.com(?:\/.*)?$/,
  asciiOnly: true,
  pin: 'add repository_id (and ref or environment)',
  nameOnly:
    'the repository is known by its name alone, and a name can be taken over after a rename or a deletion: add repository_id, or write the subject with ids (repo:OWNER@OWNER_ID/REPO@REPO_ID:…)',

  judge(name, condition) {
    const exact = exactTexts(condition)
    const prefix = prefixOf(condition)
    switch (name) {
      case 'repository_id':
        return { strength: exact ? 'id' : 'none', ...(exact ? {} : { problem: 'a part of an id is the id of others, too: give it whole' }) }
      case 'repository':
        return exact ? weakest(exact.map(judgeRepository)) : broad(repositoryPrefix(prefix ?? ''))
      case 'sub':
        return exact ? weakest(exact.map(judgeSubject)) : prefix === undefined ? { strength: 'none' } : judgeSubjectPrefix(prefix)
      case 'job_workflow_ref':
      case 'workflow_ref':
        return judgeWorkflow(name, condition)
      default:
        return wide[name] === undefined ? { strength: 'none' } : broad(wide[name])
    }
  },

  context(all) {
    const found: string[] = []
    if (!pinsRef(all)) {
      found.push(
        'any branch, tag and environment of the repository fits, so that whoever may push a branch gets what the rule gives: add ref or environment',
      )
    }
    const events = exactTexts(all.event_name) ?? []
    if (events.some((event) => event.startsWith('pull_request')))
      found.push('runs of pull requests fit: whoever may open one decides what runs')
    return found
  },

  audience(audience) {
    if (!/^https:\/\/github\.com\/[^/]+$/.test(audience)) return undefined
    return { warning: `${audience} is what every workflow of that owner gets without asking: have the job ask for an audience of its own` }
  },
}

function judgeRepository(text: string): Judgement {
  return /^[^/]+\/[^/]+$/.test(text)
    ? { strength: 'name' }
    : broad('is not OWNER/NAME, so that it fits no repository: write it as in acme/app')
}

function repositoryPrefix(prefix: string): string {
  return prefix.endsWith('/')
    ? `matches every repository of ${prefix.slice(0, -1)}, also those that are made later: name the repository, or add repository_id`
    : `ends in the middle of a name: it also matches ${prefix}-evil. Give the whole name, or add repository_id`
}

function judgeSubject(text: string): Judgement {
  const subject = readGithubSubject(text)
  if (subject) return { strength: subject.repositoryId === undefined ? 'name' : 'id' }
  if (/(?:^|:)repository_id:\d+(?::|$)/.test(text)) return { strength: 'id' }
  if (/(?:^|:)(?:repo|repository|job_workflow_ref|workflow_ref):[^:/]+\/[^:]+/.test(text)) return { strength: 'name' }
  return broad('the subject names no repository: write it as in repo:OWNER/REPO:environment:production, or add repository_id')
}

function judgeSubjectPrefix(prefix: string): Judgement {
  const subject = readGithubSubject(prefix)
  if (subject === undefined) {
    if (/^repo:[^/@]+(?:@\d+)?\/$/.test(prefix)) return broad(repositoryPrefix(prefix.replace(/^repo:/, '')))
    return broad(
      `the prefix ends in the middle of a name: it also matches ${prefix}-evil. Go on to the colon that ends the name, as in repo:OWNER/REPO:`,
    )
  }
  const strength = subject.repositoryId === undefined ? 'name' : 'id'
  const cut = subject.context !== '' && !/[:/]$/.test(subject.context)
  return {
    strength,
    ...(cut
      ? {
          warning: `the prefix ends in the middle of a name: it also matches ${prefix}-evil. End it with / or :, or give the whole subject`,
        }
      : {}),
  }
}

/** `OWNER/REPO/.github/workflows/FILE@REF`: a workflow that its owners keep, whoever calls it. */
function judgeWorkflow(name: string, condition: ClaimCondition): Judgement {
  const texts = exactTexts(condition) ?? [prefixOf(condition) ?? '']
  if (!texts.every((text) => /^[^/]+\/[^/]+\/[^@]+@/.test(text)))
    return broad(`${name} ends in the middle of a name: give it as in OWNER/REPO/.github/workflows/FILE@refs/heads/main`)
  return { strength: 'name' }
}

function pinsRef(all: ClaimConditions): boolean {
  if (['ref', 'environment', 'sha', 'workflow_sha'].some((name) => all[name] !== undefined)) return true
  if (['job_workflow_ref', 'workflow_ref'].some((name) => exactTexts(all[name]) !== undefined)) return true
  const { sub } = all
  if (sub === undefined) return false
  const texts = exactTexts(sub)
  if (texts) return texts.every((text) => /:(?:ref|environment):.+/.test(text))
  return /:(?:ref:refs\/(?:heads|tags)\/.+|environment:.+)/.test(prefixOf(sub) ?? '')
}
