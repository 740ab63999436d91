import type { ClaimConditions } from '@keyward/contract/identities'
import { githubClaims } from '@keyward/testkit/issuers/github'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ruleFits } from '../../src/oauth/federation/find-rule.ts'
import { RuleSet } from '../../src/oauth/federation/rule-set.ts'
import type { TrustedIssuer, TrustRule } from '../../src/oauth/federation/trust-rule.ts'

const issuer = (preset: TrustedIssuer['preset']): TrustedIssuer => ({
  id: 'iss',
  name: 'issuer',
  kind: 'oidc',
  issuer: 'https://issuer.example',
  preset,
  keysFrom: { type: 'discovery' },
  allowPrivate: false,
  attests: false,
  ca: undefined,
})
const ruleOf = (claims: ClaimConditions, index: number): TrustRule => ({
  identity: `idn_${index}`,
  name: null,
  workload: `wl_${index}`,
  workloadName: 'workload',
  method: 'oidc',
  audiences: undefined,
  claims,
  spiffeId: undefined,
  singleUse: false,
  grants: null,
})

const word = fc.constantFrom('a', 'b', '1', '2', 'main')
const scalar = fc.oneof(word, fc.constantFrom(1, 2))
const subject = fc
  .record({ owner: word, repository: word, ref: word, subjectWithIds: fc.boolean(), repositoryId: fc.constantFrom('1', '2') })
  .map(({ ref, ...run }) => githubClaims({ ...run, ref: `refs/heads/${ref}` }))
const claimNames = fc.constantFrom('sub', 'repository_id', 'project_id', 'oid', '/deep/id', 'ref')
const condition = fc.oneof(
  scalar,
  fc.array(scalar, { minLength: 1, maxLength: 3 }),
  word.map((prefix) => ({ prefix })),
  word.map((contains) => ({ contains })),
  subject.map((claims) => String(claims.sub)),
  fc.tuple(subject, word).map(([claims, other]) => [String(claims.sub), other]),
)
const conditions = fc.dictionary(claimNames, condition, { minKeys: 1, maxKeys: 2 })
const token = fc
  .tuple(subject, fc.dictionary(fc.constantFrom('sub', 'project_id', 'oid', 'ref'), scalar), word)
  .map(([run, more, deep]): Record<string, unknown> => ({ ...run, ...more, deep: { id: deep } }))

test('what is filed away is found: for any rules and any token, the candidates are all that fit, in their order', () => {
  fc.assert(
    fc.property(fc.array(conditions, { maxLength: 12 }), token, fc.constantFrom('github', 'generic'), (all, claims, preset) => {
      const at = issuer(preset as TrustedIssuer['preset'])
      const rules = all.map(ruleOf)
      const fitting = (some: readonly TrustRule[]) =>
        some.filter((rule) => ruleFits(at, rule, { claims, subject: String(claims.sub) })).map((rule) => rule.identity)
      expect(fitting(new RuleSet(at.preset, rules).candidates(claims))).toEqual(fitting(rules))
    }),
    { numRuns: 3_000 },
  )
})

test('a rule for each of many repositories costs a token a look at its own', () => {
  const rules = Array.from({ length: 10_000 }, (_, i) => ruleOf({ repository_id: String(i), ref: 'refs/heads/main' }, i))
  expect(new RuleSet('github', rules).candidates(githubClaims({ repositoryId: '74' })).map((rule) => rule.identity)).toEqual(['idn_74'])
})
