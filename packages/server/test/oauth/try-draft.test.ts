import type { TrustDraft } from '@keyward/contract/issuers'
import { githubClaims } from '@keyward/testkit/issuers/github'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tryDraft } from '../../src/oauth/federation/try-draft.ts'
import { federationEstate } from './federation-estate.ts'
import { startTokenService, type TokenService } from './token-service.ts'

/* A trust rule is tried before it is made, by the claims of a tryout. */

let service: TokenService
let github: string
let domain: string
beforeAll(async () => {
  service = await startTokenService()
  const estate = federationEstate(service)
  github = await estate.issuer({ issuer: 'https://token.actions.githubusercontent.com', preset: 'github' })
  domain = await estate.issuer({ issuer: 'acme.example', kind: 'spiffe' })
})
afterAll(() => service?.stop())

const run = (more: Record<string, unknown> = {}) => ({
  iss: 'https://token.actions.githubusercontent.com',
  ...githubClaims(),
  aud: service.issuer,
  ...more,
})
const judge = (rule: Partial<Extract<TrustDraft, { claims: unknown }>>, claims: Record<string, unknown> | null, issuer = github) =>
  tryDraft(service.db, service.issuer, { issuer: github, claims: { repository_id: '74' }, ...rule }, { issuer, claims })

test('a draft that fits matches, and one that does not says for each condition what it asks and what the token says', async () => {
  expect(await judge({}, run())).toEqual({ matches: true, reasons: [] })
  const missed = await judge({ claims: { repository_id: '75', environment: 'production' } }, run())
  expect(missed).toEqual({
    matches: false,
    reasons: [
      'repository_id: the rule asks for "75", the token says "74"',
      'environment: the rule asks for "production", the token says nothing',
    ],
  })
})

test('it is judged as the real rule would be: a pull request is not let in unasked, and ids are the same as numbers', async () => {
  expect(await judge({ claims: { repository_id: 74 } }, run())).toMatchObject({ matches: true })
  expect(await judge({}, run({ event_name: 'pull_request' }))).toMatchObject({ matches: false })
  expect(await judge({ claims: {} }, run())).toMatchObject({ matches: false })
})

test('its audiences count, ours where it names none; claims without one are not judged by it', async () => {
  expect(await judge({}, run({ aud: `${service.issuer}/oauth2/token` }))).toMatchObject({ matches: true })
  expect(await judge({}, run({ aud: undefined }))).toMatchObject({ matches: true })
  const { reasons } = (await judge({}, run({ aud: 'https://github.com/acme' }))) ?? { reasons: [] }
  expect(reasons).toEqual([`aud: the rule asks for "${service.issuer}", the token says "https://github.com/acme"`])
  expect(await judge({ audiences: ['https://github.com/acme'] }, run({ aud: ['x', 'https://github.com/acme'] }))).toMatchObject({
    matches: true,
  })
  expect(await judge({ audiences: ['other'] }, run())).toMatchObject({ matches: false })
})

test('a token of another issuer does not match, whatever its claims say', async () => {
  const other = await judge({}, run({ iss: 'https://evil.example' }), domain)
  expect(other?.reasons).toEqual([
    'iss: the rule relies on "https://token.actions.githubusercontent.com", the token is of "https://evil.example"',
  ])
})

test('a SPIFFE rule is judged by the whole subject, a star by one segment', async () => {
  const spiffe = (pattern: string, sub: string) =>
    tryDraft(service.db, service.issuer, { issuer: domain, spiffe_id: pattern }, { issuer: domain, claims: { sub, aud: service.issuer } })
  expect(await spiffe('spiffe://acme.example/ns/prod/agent', 'spiffe://acme.example/ns/prod/agent')).toMatchObject({ matches: true })
  expect(await spiffe('spiffe://acme.example/ns/prod/agent', 'spiffe://acme.example/ns/prod/agent-2')).toMatchObject({ matches: false })
  expect(await spiffe('spiffe://acme.example/ns/*', 'spiffe://acme.example/ns/prod/agent')).toMatchObject({ matches: false })
})

test('nothing is said of a token that could not be read, and a revoked issuer lets nobody in', async () => {
  expect(await judge({}, null)).toBeUndefined()
  await service.db.updateTable('issuers').set({ state: 'revoked', revoked_at: new Date() }).where('id', '=', github).execute()
  expect(await judge({}, run())).toEqual({ matches: false, reasons: ['its issuer is revoked: it lets nobody in'] })
})
