import type { ClaimConditions } from '@keyward/contract/identities'
import { broad, exactTexts, type Judgement, type Preset, prefixOf, weakest } from '../preset.ts'

const groupWide = 'matches every project of the group, also those that are made later: add project_id'
const userWide = 'matches every project in which that person can start a pipeline: add project_id'
const wide: Readonly<Record<string, string>> = {
  namespace_id: groupWide,
  namespace_path: groupWide,
  project_visibility: 'matches every project of that visibility: add project_id',
  user_id: userWide,
  user_login: userWide,
  user_email: userWide,
  ref: 'matches a branch of that name in any project: add project_id',
  ref_protected: 'matches the protected branches of any project: add project_id',
  environment: 'matches an environment of that name in any project: add project_id',
}

/** GitLab CI, gitlab.com or an instance of one's own. */
export const gitlab: Preset = {
  issuers: /^https:\/\/gitlab\.com$/,
  asciiOnly: true,
  pin: 'add project_id (and ref_protected or environment)',
  nameOnly: 'the project is known by its path alone, and a path can be taken over after a rename or a deletion: add project_id',

  judge(name, condition) {
    const exact = exactTexts(condition)
    const prefix = prefixOf(condition)
    switch (name) {
      case 'project_id':
        return exact ? { strength: 'id' } : broad('a part of an id is the id of others, too: give it whole')
      case 'project_path':
        return exact ? weakest(exact.map(judgePath)) : broad(pathPrefix(prefix ?? ''))
      case 'sub':
        if (exact) return weakest(exact.map(judgeSubject))
        return prefix === undefined ? { strength: 'none' } : judgeSubjectPrefix(prefix)
      case 'ci_config_ref_uri':
        return exact?.every((text) => text.includes('//') && text.includes('@')) ? { strength: 'name' } : { strength: 'none' }
      default:
        return wide[name] === undefined ? { strength: 'none' } : broad(wide[name])
    }
  },

  context(all) {
    if (pinsRef(all)) return []
    return [
      'any branch and tag of the project fits, so that whoever may push a branch gets what the rule gives: add ref_protected, ref or environment',
    ]
  },

  audience(audience, issuer) {
    if (audience !== issuer) return undefined
    return { warning: 'is the instance itself, for which other tokens are made: give the job an id_token with an audience of its own' }
  },
}

function judgePath(text: string): Judgement {
  return text.includes('/') && !text.endsWith('/')
    ? { strength: 'name' }
    : broad('is not the path of a project: write it as in group/project')
}

function pathPrefix(prefix: string): string {
  return prefix.endsWith('/')
    ? groupWide
    : `ends in the middle of a name: it also matches ${prefix}-evil. Give the whole path, or add project_id`
}

const subjectForm = /^project_path:[^:/]+(?:\/[^:/]+)+:/

function judgeSubject(text: string): Judgement {
  if (subjectForm.test(text)) return { strength: 'name' }
  return broad('the subject names no project: write it as in project_path:group/project:ref_type:branch:ref:main, or add project_id')
}

function judgeSubjectPrefix(prefix: string): Judgement {
  if (!subjectForm.test(prefix)) {
    if (/^project_path:.*\/$/.test(prefix)) return broad(groupWide)
    return broad(
      `the prefix ends in the middle of a name: it also matches ${prefix}-evil. Go on to the colon that ends the path, as in project_path:group/project:`,
    )
  }
  if (/[:/]$/.test(prefix)) return { strength: 'name' }
  return { strength: 'name', warning: `the prefix ends in the middle of a name: it also matches ${prefix}-evil. End it with / or :` }
}

function pinsRef(all: ClaimConditions): boolean {
  if (['ref', 'ref_path', 'ref_protected', 'environment', 'environment_protected', 'sha'].some((name) => all[name] !== undefined))
    return true
  const texts = exactTexts(all.sub) ?? (all.sub === undefined ? [] : [prefixOf(all.sub) ?? ''])
  return texts.length > 0 && texts.every((text) => /:ref:.+/.test(text))
}
