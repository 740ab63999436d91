import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectError, type Standards, startStandards } from './standards-service.ts'

/* RFC 8707: the resource chooses what a token is for, and it is for nothing else. */

let at: Standards
beforeAll(async () => {
  at = await startStandards()
  await at.service.addGrant(at.workload, { resource: 'anthropic' })
})
afterAll(() => at?.stop())

const ask = (resources: readonly string[]) => {
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  for (const resource of resources) form.append('resource', resource.replace('ISSUER', at.service.issuer))
  return at.token(form.toString(), at.basic())
}

test('RFC 8707 2.2: the token’s aud is the one resource that was asked for, however much of its path was named', async () => {
  for (const resources of [
    ['ISSUER/g/openai'],
    ['ISSUER/g/openai/'],
    ['ISSUER/g/openai/v1/chat'],
    ['ISSUER/g/openai', 'ISSUER/g/openai/v1'],
  ]) {
    const { body } = await ask(resources)
    expect(decodeJwt(String(body.access_token)).aud).toBe(`${at.service.issuer}/g/openai`)
  }
})

test.each([
  [['ISSUER/g/openai', 'ISSUER/g/anthropic']],
  [['ISSUER/g/unknown']],
  [['ISSUER']],
  [['ISSUER/g/']],
  [['/g/openai']],
  [['openai']],
  [['https://elsewhere.example/g/openai']],
  [['ISSUER.evil.example/g/openai']],
  [['ISSUER/g/openai#fragment']],
  [['ISSUER/g/openai/v1#']],
  [['ISSUER/g/OPENAI']],
  [['ISSUER/g/open%61i']],
  [['ISSUER/g/openai/../anthropic']],
  [['ISSUER/g/openai/%2e%2E/anthropic']],
  [['ISSUER/g/openai\\..\\anthropic']],
  [['ISSUER/g/openai', 'https://elsewhere.example/']],
])('RFC 8707 2: %j is an invalid_target', async (resources) => {
  expectError(await ask(resources), 400, 'invalid_target')
})

test('RFC 8707 2: without a resource, a workload with several grants has to say which', async () => {
  expectError(await ask([]), 400, 'invalid_target')
})
