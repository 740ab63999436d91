import type { Fake } from '@keyward/testkit/fake/server'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { raw } from './raw.ts'
import { smallToken, startSmallGateway } from './small-gateway.ts'

/* A token that says less than its grant: the gateway holds a call to both, as they are at that moment. */

let openai: Fake
let small: Awaited<ReturnType<typeof startSmallGateway>>

beforeEach(async () => {
  openai = await startFakeOpenai()
  small = await startSmallGateway(openai.origin, fakeOpenaiKey)
})
afterEach(async () => {
  await small.stop()
  await openai.stop()
})

const chat = (model: string, scheme = 'Bearer') =>
  raw(`${small.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `${scheme} ${smallToken}` },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }),
  })
const error = async (answer: ReturnType<typeof chat>) => (await answer).headers['keyward-error']

test('a model or operation that the grant allows and the token does not is refused, and the reverse', async () => {
  small.state.token = { ...small.state.token, narrowed: { models: ['gpt-4o-mini'], operations: ['chat'] } }
  expect((await chat('gpt-4o-mini')).status).toBe(200)
  expect(await error(chat('gpt-4o'))).toBe('model_not_allowed')
  const models = raw(`${small.base}/v1/models`, { headers: { authorization: `Bearer ${smallToken}` } })
  expect((await models).headers['keyward-error']).toBe('operation_not_allowed')
  // The grant shrinks after the token was minted: the token does not keep what it says.
  small.state.plan = { ...small.state.plan, grant: { ...small.state.plan.grant, scopes: [{ models: ['gpt-4o'] }] } }
  small.tell({ op: 'changed', kind: 'grant', subject: 'grt_1' })
  expect(await error(chat('gpt-4o-mini'))).toBe('model_not_allowed')
  expect(openai.log.entries.filter((entry) => entry.path.endsWith('completions'))).toHaveLength(1)
})

test('a narrower token can not ask a relay for several models whose names it does not show', async () => {
  small.state.token = { ...small.state.token, narrowed: { models: ['gpt-4o-mini'] } }
  const answer = raw(`${small.base}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${smallToken}` },
    body: JSON.stringify({ model: 'gpt-4o-mini', models: ['gpt-4o'], messages: [] }),
  })
  expect((await answer).headers['keyward-error']).toBe('model_not_allowed')
  expect(openai.log.entries).toHaveLength(0)
})

test.each([
  ['shared_secret', 'federated', 'assurance_too_low'],
  ['federated', 'key_bound', 'assurance_too_low'],
  ['key_bound', 'attested', 'assurance_too_low'],
  ['attested', 'attested', undefined],
  ['key_bound', 'federated', undefined],
] as const)('a token of assurance %s at a grant that asks for %s', async (assurance, minimumAssurance, expected) => {
  small.state.token = { ...small.state.token, assurance }
  small.state.plan = { ...small.state.plan, grant: { ...small.state.plan.grant, minimumAssurance } }
  expect(await error(chat('gpt-4o'))).toBe(expected)
})

test('RFC 9449 7.1: a token that is not bound is refused under the DPoP scheme; 7.2: a bound one as Bearer', async () => {
  expect(await error(chat('gpt-4o', 'DPoP'))).toBe('token_invalid')
  small.state.token = { ...small.state.token, binding: 'dpop', boundTo: 'thumbprint' }
  expect(await error(chat('gpt-4o', 'Bearer'))).toBe('proof_invalid')
})

test('RFC 8705 3: a token that is bound to a certificate is refused without it', async () => {
  small.state.token = { ...small.state.token, binding: 'mtls', boundTo: 'thumbprint' }
  expect(await error(chat('gpt-4o'))).toBe('certificate_required')
})
