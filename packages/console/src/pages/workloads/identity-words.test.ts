import type { ClaimConditions } from '@keyward/contract/identities'
import { expect, test } from 'vitest'
import { claimsOf, doubledNames, newRow, textOf, withText } from './claim-rows.ts'
import { claimWords, pinnedWords } from './identity-words.ts'
import { ruleFields } from './rule-fields.ts'

test.each<[Parameters<typeof claimWords>[1], ClaimConditions, string]>([
  ['github', { repository: 'acme/api', repository_id: '456', ref: 'refs/heads/main' }, 'GitHub repository acme/api (id 456), branch main'],
  ['github', { repository_id: 456, environment: 'production' }, 'GitHub repository with id 456, environment production'],
  ['github', { sub: { prefix: 'repo:acme/api:' }, ref: 'refs/tags/v1' }, 'tag v1, subject begins with repo:acme/api:'],
  ['gitlab', { project_id: '7', ref_protected: 'true' }, 'GitLab project with id 7, protected refs alone'],
  ['kubernetes', { sub: 'system:serviceaccount:prod:agent' }, 'service account agent in namespace prod'],
  ['google', { sub: '1122', email: 'a@b.example' }, 'Google account a@b.example (id 1122)'],
  ['entra', { oid: '00-FAKE' }, 'Entra object 00-FAKE'],
  ['generic', { sub: ['a', 'b'] }, 'subject one of a, b'],
])('the conditions of a %s rule are told in words', (preset, claims, words) => {
  expect(claimWords(claims, preset)).toBe(words)
})

test('a condition that has no words of its own is told all the same: nothing that a rule asks is left out of sight', () => {
  for (const preset of Object.keys(ruleFields) as (keyof typeof ruleFields)[]) {
    const words = claimWords({ sub: 'somebody', strange_claim: { contains: 'x' }, '/deep/er': false, ref_protected: 'false' }, preset)
    expect(words).toContain('strange_claim has x')
    expect(words).toContain('/deep/er false')
    expect(words).toMatch(/false.*false/)
  }
})

test('what of a certificate is compared is told in words', () => {
  const identity = { method: 'tls_client_auth' as const, claims: null, thumbprint: null, hint: null }
  expect(pinnedWords({ ...identity, subject: 'san_dns=agent.acme.example' }, 'generic')).toBe('certificate for the host agent.acme.example')
  expect(pinnedWords({ ...identity, subject: 'subject_dn=CN=agent,O=Acme' }, 'generic')).toBe('certificate of CN=agent,O=Acme')
})

test('every question writes what it reads, takes it away when it is emptied, and touches no other claim', () => {
  for (const fields of Object.values(ruleFields))
    for (const field of fields) {
      const others = [newRow('other', 'kept')]
      const value = field.choices?.at(-1)?.value ?? 'name-17'
      const written = field.write(others, value)
      expect(field.read(written)).toBe(value)
      expect(textOf(written, 'other')).toBe('kept')
      expect(field.write(written, '')).toEqual(others)
    }
})

test('a claim that is asked for by its beginning or as a list is shown by no question as if it were exact', () => {
  for (const field of ruleFields.github) {
    const [row] = field.write([], field.choices?.at(-1)?.value ?? '17')
    if (row === undefined) throw new Error('nothing was written')
    for (const how of ['prefix', 'one_of', 'contains'] as const) expect(field.read([{ ...row, how }])).toBeUndefined()
  }
})

test('rows become conditions: half a row is none, a list is split at its commas, and a name that comes twice is told', () => {
  const rows = [
    newRow('a', ' 1 '),
    newRow('b', 'x, y,,', 'one_of'),
    newRow('c', 'p', 'prefix'),
    newRow('d', 'm', 'contains'),
    newRow('e'),
    newRow('', 'v'),
  ]
  expect(claimsOf(rows)).toEqual({ a: '1', b: ['x', 'y'], c: { prefix: 'p' }, d: { contains: 'm' } })
  expect(doubledNames([...rows, newRow('a', '2')])).toEqual(['a'])
  expect(claimsOf(withText(rows, 'c', 'whole')).c).toBe('whole')
})
