import type { ClaimConditions } from '@keyward/contract/identities'
import { type IssuerPreset, issuerPresets } from '@keyward/contract/issuers'
import { describe, expect, test } from 'vitest'
import { assessAudience, assessClaims, presetOf } from '../../src/trust/assess.ts'

interface Case {
  readonly preset: IssuerPreset
  readonly claims: ClaimConditions
  /** What the reason says. */
  readonly says: RegExp
}

/** Too much to be a rule. */
const refused: readonly Case[] = [
  { preset: 'github', claims: { repository_owner: 'acme' }, says: /every repository of the owner.*add repository_id/ },
  { preset: 'github', claims: { repository_owner_id: '65' }, says: /every repository of the owner/ },
  { preset: 'github', claims: { ref: 'refs/heads/main' }, says: /any repository on GitHub/ },
  { preset: 'github', claims: { environment: 'production', ref: 'refs/heads/main' }, says: /any repository on GitHub/ },
  { preset: 'github', claims: { actor: 'octocat' }, says: /in which that account/ },
  { preset: 'github', claims: { sub: { prefix: 'repo:acme' } }, says: /middle of a name.*repo:acme-evil/ },
  { preset: 'github', claims: { sub: { prefix: 'repo:acme/' } }, says: /every repository of acme/ },
  { preset: 'github', claims: { sub: { prefix: 'repo:acme@65/' } }, says: /every repository of acme@65/ },
  { preset: 'github', claims: { sub: { prefix: 'repo:acme/app' } }, says: /middle of a name.*colon/ },
  { preset: 'github', claims: { sub: { prefix: 'repo:' } }, says: /middle of a name/ },
  { preset: 'github', claims: { repository: { prefix: 'acme/' } }, says: /every repository of acme/ },
  { preset: 'github', claims: { repository: { prefix: 'acme/app' } }, says: /middle of a name/ },
  { preset: 'github', claims: { repository_id: { prefix: '74' } }, says: /part of an id/ },
  { preset: 'github', claims: { sub: ['repo:acme/app:ref:refs/heads/main', 'environment:production'] }, says: /names no repository/ },
  { preset: 'github', claims: { sub: 'repo:acme/*:ref:refs/heads/main' }, says: /star stands for itself.*prefix/ },
  { preset: 'github', claims: { repository: 'аcme/app' }, says: /U\+0430/ },
  { preset: 'github', claims: { repository_id: '74', ref: 'refs/heads/main\u200b' }, says: /U\+200B, which cannot be seen/ },
  { preset: 'github', claims: { job_workflow_ref: { prefix: 'acme/ci/.github/workflows/deploy' } }, says: /middle of a name/ },
  { preset: 'github', claims: { job_workflow_sha: 'example0fake' }, says: /fork/ },
  { preset: 'gitlab', claims: { namespace_path: 'acme' }, says: /every project of the group/ },
  { preset: 'gitlab', claims: { namespace_id: 72, ref_protected: 'true' }, says: /every project of the group/ },
  { preset: 'gitlab', claims: { sub: { prefix: 'project_path:acme/' } }, says: /every project of the group/ },
  { preset: 'gitlab', claims: { sub: { prefix: 'project_path:acme/app' } }, says: /middle of a name/ },
  { preset: 'gitlab', claims: { project_path: { prefix: 'acme/app' } }, says: /middle of a name/ },
  { preset: 'gitlab', claims: { user_login: 'sample-user' }, says: /that person/ },
  { preset: 'kubernetes', claims: { '/kubernetes.io/namespace': 'agents' }, says: /every service account of the namespace/ },
  { preset: 'kubernetes', claims: { sub: { prefix: 'system:serviceaccount:agents:' } }, says: /every service account of the namespace/ },
  { preset: 'kubernetes', claims: { sub: { prefix: 'system:serviceaccount:agents:class' } }, says: /middle of a name/ },
  { preset: 'kubernetes', claims: { sub: { prefix: 'system:serviceaccount:ag' } }, says: /many namespaces/ },
  { preset: 'kubernetes', claims: { '/kubernetes.io/serviceaccount/name': 'classifier' }, says: /in every namespace/ },
  { preset: 'kubernetes', claims: { sub: 'classifier' }, says: /not the subject of a service account/ },
  { preset: 'google', claims: { hd: 'acme.example' }, says: /everybody of the domain/ },
  { preset: 'google', claims: { '/google/compute_engine/project_id': 'acme-project' }, says: /every machine of the project/ },
  { preset: 'google', claims: { email: { prefix: 'agent@' } }, says: /many addresses/ },
  { preset: 'entra', claims: { tid: '00000000-aaaa-4bbb-8ccc-000000000001' }, says: /everything in the directory/ },
  { preset: 'entra', claims: { preferred_username: 'agent@acme.example' }, says: /use oid/ },
  { preset: 'entra', claims: { roles: { contains: 'Agent' } }, says: /was given the role/ },
  { preset: 'generic', claims: { sub: { prefix: 'agent' } }, says: /agent-evil/ },
  { preset: 'generic', claims: { org_id: '12' }, says: /everybody who belongs to it/ },
  { preset: 'generic', claims: { groups: { contains: 'agents' } }, says: /everybody who belongs|tells one workload/ },
  { preset: 'generic', claims: { tier: 'gold' }, says: /no condition tells one workload from the others/ },
  { preset: 'generic', claims: { sub: 'аgent' }, says: /mixes letters of Latin and Cyrillic/ },
  { preset: 'generic', claims: { sub: 'ａｇｅｎｔ' }, says: /reads like another character/ },
  { preset: 'generic', claims: { sub: 'agent', aud: 'keyward' }, says: /aud: is checked in every token/ },
  { preset: 'generic', claims: { sub: ' agent' }, says: /begins or ends with a space/ },
]

/** A rule, but one to look at. */
const flagged: readonly Case[] = [
  { preset: 'github', claims: { repository: 'acme/app', ref: 'refs/heads/main' }, says: /name alone.*add repository_id/ },
  { preset: 'github', claims: { sub: 'repo:acme/app:ref:refs/heads/main' }, says: /name alone/ },
  { preset: 'github', claims: { repository_id: '74' }, says: /whoever may push a branch/ },
  { preset: 'github', claims: { sub: { prefix: 'repo:acme@65/app@74:' } }, says: /whoever may push a branch/ },
  { preset: 'github', claims: { sub: { prefix: 'repo:acme@65/app@74:ref:refs/heads/release' } }, says: /middle of a name/ },
  { preset: 'github', claims: { repository_id: '74', sub: { prefix: 'repo:acme' } }, says: /middle of a name/ },
  { preset: 'github', claims: { repository_id: '74', ref: 'x', event_name: 'pull_request' }, says: /whoever may open one/ },
  { preset: 'gitlab', claims: { project_path: 'acme/app', ref_protected: 'true' }, says: /path alone/ },
  { preset: 'gitlab', claims: { project_id: 22 }, says: /whoever may push a branch/ },
  { preset: 'kubernetes', claims: { sub: 'system:serviceaccount:agents:default' }, says: /account of its own/ },
  { preset: 'google', claims: { email: 'agent@acme-project.iam.gserviceaccount.com' }, says: /another account after a deletion/ },
  { preset: 'entra', claims: { xms_mirid: '/subscriptions/1/resourcegroups/a' }, says: /add oid/ },
  { preset: 'generic', claims: { sub: { prefix: 'org:acme/' } }, says: /made later/ },
  { preset: 'generic', claims: { pipeline_id: 'p-1' }, says: /issuer’s own/ },
]

/** Nothing to say. */
const clean: readonly Omit<Case, 'says'>[] = [
  { preset: 'github', claims: { repository_id: '74', environment: 'production' } },
  { preset: 'github', claims: { repository_id: 74, ref: ['refs/heads/main', 'refs/heads/release'] } },
  { preset: 'github', claims: { sub: 'repo:acme@65/app@74:environment:production' } },
  { preset: 'gitlab', claims: { project_id: '22', ref_protected: 'true' } },
  { preset: 'kubernetes', claims: { sub: 'system:serviceaccount:agents:classifier' } },
  { preset: 'kubernetes', claims: { '/kubernetes.io/namespace': 'agents', '/kubernetes.io/serviceaccount/name': 'classifier' } },
  { preset: 'google', claims: { sub: '108000000000000000001' } },
  { preset: 'entra', claims: { oid: '00000000-aaaa-4bbb-8ccc-000000000002' } },
  { preset: 'generic', claims: { sub: 'agent-7' } },
  { preset: 'generic', claims: { sub: 'агент' } },
]

const named = (cases: readonly Omit<Case, 'says'>[]) =>
  cases.map((one) => ({ ...one, name: `${one.preset} ${JSON.stringify(one.claims)}` }))

describe('a rule that would match what its owner hardly means is refused with the reason and the fix', () => {
  test.each(named(refused) as (Case & { name: string })[])('$name', ({ preset, claims, says }) => {
    expect(assessClaims(preset, claims).refused.join('\n')).toMatch(says)
  })

  test.each(issuerPresets.map((preset) => ({ preset })))('$preset: a rule without conditions', ({ preset }) => {
    expect(assessClaims(preset, {}).refused.join()).toMatch(/everybody whom the issuer vouches for/)
  })
})

describe('a rule that matches more than it should is kept with a warning', () => {
  test.each(named(flagged) as (Case & { name: string })[])('$name', ({ preset, claims, says }) => {
    const { refused: none, warnings } = assessClaims(preset, claims)
    expect(none).toEqual([])
    expect(warnings.join('\n')).toMatch(says)
  })
})

test.each(named(clean))('a careful rule passes without a word: $name', ({ preset, claims }) => {
  expect(assessClaims(preset, claims)).toEqual({ refused: [], warnings: [] })
})

test('an issuer is known by its identifier, whole: one that looks like it is not', () => {
  expect(presetOf('https://token.actions.githubusercontent.com')).toBe('github')
  expect(presetOf('https://gitlab.com')).toBe('gitlab')
  expect(presetOf('https://accounts.google.com')).toBe('google')
  expect(presetOf('https://login.microsoftonline.com/00000000-aaaa-4bbb-8ccc-000000000001/v2.0')).toBe('entra')
  expect(presetOf('https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE0FAKE')).toBe('kubernetes')
  for (const other of [
    'https://gitlab.com.evil.example',
    'https://token.actions.githubusercontent.com.evil.example',
    'https://acme.example',
  ])
    expect(presetOf(other)).toBe('generic')
})

test('an audience that is good somewhere else is refused or flagged', () => {
  const cluster = 'https://k8s.acme.example'
  expect(assessAudience('kubernetes', 'https://kubernetes.default.svc', cluster).refused).toMatch(/API server/)
  expect(assessAudience('kubernetes', `${cluster}/`, cluster).refused).toMatch(/API server/)
  expect(assessAudience('kubernetes', 'keyward', cluster)).toEqual({})
  expect(assessAudience('github', 'https://github.com/acme', 'i').warning).toMatch(/without asking/)
  expect(assessAudience('github', 'sts.amazonaws.com', 'i').warning).toMatch(/another service/)
  expect(assessAudience('generic', '*', 'i').refused).toMatch(/star/)
})
