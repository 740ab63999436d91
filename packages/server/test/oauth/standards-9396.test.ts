import { decodeJwt } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectError, type Standards, startStandards } from './standards-service.ts'

/* RFC 9396: authorization_details as the form in which a client asks for less. With a person's yes: authorization-code.test.ts. */

let at: Standards
let metadata: Record<string, unknown>
beforeAll(async () => {
  at = await startStandards()
  metadata = (await at.send('/.well-known/oauth-authorization-server', undefined, {}, 'GET')).body as Record<string, unknown>
})
afterAll(() => at?.stop())

const ask = (details: unknown) =>
  at.token(
    { grant_type: 'client_credentials', authorization_details: typeof details === 'string' ? details : JSON.stringify(details) },
    at.basic(),
  )

test.each<[string, unknown]>([
  ['what is no JSON', '[{'],
  ['what is no list', { type: 'llm' }],
  ['an empty list', []],
  ['two objects', [{ type: 'llm' }, { type: 'llm' }]],
  ['a list of text', ['llm']],
  ['an object without a type', [{ models: ['gpt-4.1'] }]],
  ['a type that is not known', [{ type: 'payment_initiation' }]],
  ['a type that is no text', [{ type: ['llm'] }]],
  ['a type that is not the resource’s', [{ type: 'http' }]],
  ['a field that the type has not', [{ type: 'llm', privileges: ['admin'] }]],
  ['a field of another type', [{ type: 'llm', methods: ['GET'], paths: ['/**'] }]],
  ['a field of the wrong kind', [{ type: 'llm', models: 'gpt-4.1' }]],
  ['an empty list of models', [{ type: 'llm', models: [] }]],
  ['several locations', [{ type: 'llm', locations: ['ISSUER/g/openai', 'ISSUER/g/openai'] }]],
  ['an identifier that is no text', [{ type: 'llm', identifier: 7 }]],
  ['a member twice', '[{"type":"llm","models":["a"],"models":["*"]}]'],
])('RFC 9396 5: %s is an invalid_authorization_details', async (_what, details) => {
  expectError(await ask(details), 400, 'invalid_authorization_details')
})

test('RFC 9396 6 and 7: what was granted is echoed, in the token (9.1) and in introspection (9.2), with everything that was implied', async () => {
  const { body } = await ask([{ type: 'llm', models: ['gpt-4.1-mini'], operations: ['chat'] }])
  const granted = [
    { type: 'llm', locations: [`${at.service.issuer}/g/openai`], identifier: at.grant, models: ['gpt-4.1-mini'], operations: ['chat'] },
  ]
  expect(body.authorization_details).toEqual(granted)
  const token = String(body.access_token)
  expect(decodeJwt(token).authorization_details).toEqual(granted)
  expect((await at.introspect(token)).body.authorization_details).toEqual(granted)
})

test('RFC 9396 7: details that choose a grant and ask for all of it are echoed as what the grant allows', async () => {
  const { body } = await ask([{ type: 'llm', locations: [`${at.service.issuer}/g/openai`], identifier: at.grant }])
  expect(body.authorization_details).toEqual([
    { type: 'llm', locations: [`${at.service.issuer}/g/openai`], identifier: at.grant, models: ['*'] },
  ])
})

test('RFC 9396 6: details that lead elsewhere are refused by what they name: another server, another grant, more than one', async () => {
  expectError(await ask([{ type: 'llm', locations: ['https://elsewhere.example/g/openai'] }]), 400, 'invalid_target')
  expectError(await ask([{ type: 'llm', identifier: 'grt_00000000000000000000000000' }]), 400, 'invalid_scope')
})

test('RFC 9396 10: the metadata names the types that are understood, and each is', async () => {
  expect(metadata.authorization_details_types_supported).toEqual(['llm', 'http'])
})
