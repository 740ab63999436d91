import { githubClaims } from '@keyward/testkit/issuers/github'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { assessClaims } from '../../src/trust/assess.ts'
import { claimMismatches, claimsFit } from '../../src/trust/match.ts'
import { assessSpiffeId, readSpiffeId, spiffeIdFits } from '../../src/trust/spiffe-id.ts'

describe('a condition', () => {
  const claims = {
    id: 74,
    text: '74',
    flag: 'true',
    list: ['a', 2],
    'kubernetes.io': { pod: { name: 'x' } },
    'a/b': { '~': 1 },
    big: 2 ** 53,
  }
  test.each([
    ['id', '74', true],
    ['text', 74, true],
    ['flag', true, true],
    ['id', '740', false],
    ['id', ['7', 74], true],
    ['text', { prefix: '7' }, true],
    ['id', { prefix: '7' }, false],
    ['list', { contains: '2' }, true],
    ['list', 'a', false],
    ['text', { contains: '74' }, false],
    ['/kubernetes.io/pod/name', 'x', true],
    ['/kubernetes.io/pod', 'x', false],
    ['/a~1b/~0', 1, true],
    ['/list/0', 'a', true],
    ['toString', 'x', false],
    ['/list/length', 2, false],
    ['__proto__', 'x', false],
    ['big', '9007199254740992', false],
    ['missing', 'undefined', false],
  ] as const)('%s %j: %s', (name, condition, fits) => {
    const conditions = JSON.parse(JSON.stringify({ x: condition })) as { x: string }
    expect(claimsFit('generic', { [name]: conditions.x }, claims)).toBe(fits)
    expect(claimMismatches('generic', { [name]: conditions.x }, claims).length === 0).toBe(fits)
  })

  test('that does not hold says what it asks and what the token says; a rule without any fits nobody', () => {
    expect(claimMismatches('generic', { sub: 'a' }, { sub: 'b' })).toEqual(['sub: the rule asks for "a", the token says "b"'])
    expect(claimsFit('generic', {}, { sub: 'b' })).toBe(false)
  })
})

const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,8}$/)
const context = fc.oneof(
  name.map((one) => ({ environment: one })),
  name.map((one) => ({ ref: `refs/heads/${one}` })),
)

test('whatever the names are, a rule on a subject fits the run that it was written for in both forms, and no run of another repository', () => {
  fc.assert(
    fc.property(name, name, name, name, context, (owner, repository, otherOwner, otherRepository, where) => {
      fc.pre(owner !== otherOwner || repository !== otherRepository)
      for (const ruleIds of [true, false])
        for (const tokenIds of [true, false]) {
          const { sub } = githubClaims({ owner, repository, ...where, subjectWithIds: ruleIds })
          const rule = { sub: String(sub) }
          expect(claimsFit('github', rule, githubClaims({ owner, repository, ...where, subjectWithIds: tokenIds }))).toBe(true)
          const other = { owner: otherOwner, repository: otherRepository, ...where, subjectWithIds: tokenIds }
          expect(claimsFit('github', rule, githubClaims(other))).toBe(false)
          const again = githubClaims({ owner, repository, ...where, repositoryId: '99', subjectWithIds: tokenIds })
          expect(claimsFit('github', rule, again)).toBe(!ruleIds)
        }
    }),
  )
})

test('no prefix that the assessment lets pass fits a run of another owner or repository', () => {
  fc.assert(
    fc.property(name, name, name, fc.nat(60), fc.boolean(), (owner, repository, suffix, cut, ids) => {
      const { sub } = githubClaims({ owner, repository, subjectWithIds: ids })
      const prefix = String(sub).slice(0, cut + 1)
      const rule = { sub: { prefix } }
      if (assessClaims('github', rule).refused.length > 0) return
      for (const evil of [
        { owner: `${owner}${suffix}`, repository },
        { owner, repository: `${repository}${suffix}` },
        { owner, repository: `${repository}-${suffix}` },
      ])
        for (const tokenIds of [true, false])
          expect(claimsFit('github', rule, githubClaims({ ...evil, subjectWithIds: tokenIds }))).toBe(false)
    }),
  )
})

test('an environment with a colon in its name does not pass for two parts of a subject', () => {
  const evil = githubClaims({ environment: 'prod:evil', subjectWithIds: true })
  expect(claimsFit('github', { sub: { prefix: 'repo:acme/app:environment:prod:' } }, evil)).toBe(false)
  expect(claimsFit('github', { sub: 'repo:acme/app:environment:prod' }, evil)).toBe(false)
})

test('a subject whose ids are not those of the claims beside it does not fit', () => {
  const torn = { ...githubClaims({ subjectWithIds: true }), repository_id: '99' }
  expect(claimsFit('github', { sub: 'repo:acme@65/app@74:ref:refs/heads/main' }, torn)).toBe(false)
})

describe('SPIFFE IDs', () => {
  test.each([
    'spiffe://Acme.example/a',
    'spiffe://acme.example',
    'spiffe://acme.example/',
    'spiffe://acme.example/a/../b',
    'spiffe://acme.example/a//b',
    'spiffe://acme.example:8443/a',
    'spiffe://user@acme.example/a',
    'https://acme.example/a',
    'spiffe://acme.example/a?x',
    `spiffe://acme.example/${'a'.repeat(2_100)}`,
  ])('%s is none', (text) => {
    expect(readSpiffeId(text)).toBeUndefined()
  })

  test('a star stands for one segment', () => {
    expect(spiffeIdFits('spiffe://a.example/ns/*', 'spiffe://a.example/ns/x')).toBe(true)
    for (const id of ['spiffe://a.example/ns/', 'spiffe://a.example/ns/x/y', 'spiffe://a.example/nsx/y', 'spiffe://b.example/ns/x'])
      expect(spiffeIdFits('spiffe://a.example/ns/*', id)).toBe(false)
  })

  test('a pattern outside the trust domain or over all of it is refused, one over a folder is flagged', () => {
    expect(assessSpiffeId('spiffe://b.example/x', 'a.example').refused[0]).toMatch(/vouches for a\.example alone/)
    expect(assessSpiffeId('spiffe://a.example/*', 'a.example').refused[0]).toMatch(/every workload/)
    expect(assessSpiffeId('spiffe://a.example/../x', 'a.example').refused[0]).toMatch(/not a SPIFFE ID/)
    expect(assessSpiffeId('spiffe://a.example/ns/*', 'a.example')).toMatchObject({
      refused: [],
      warnings: [expect.stringMatching(/later/)],
    })
    expect(assessSpiffeId('spiffe://a.example/ns/x', 'a.example')).toEqual({ refused: [], warnings: [] })
  })
})
