import Anthropic from '@anthropic-ai/sdk'
import { fakeAnthropicKey, startFakeAnthropic } from '@keyward/testkit/anthropic/server'
import type { Fake } from '@keyward/testkit/fake/server'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Estate, makeEstate } from '../support/estate.ts'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'

/* The spine, end to end: the real server with its own PostgreSQL, fake vendors, the vendors' unmodified SDKs. */

let keyward: KeywardProcess
let openai: Fake
let anthropic: Fake
let estate: Estate

beforeAll(async () => {
  ;[keyward, openai, anthropic] = await Promise.all([startKeyward(), startFakeOpenai(), startFakeAnthropic()])
  estate = await makeEstate(keyward, [
    { name: 'openai', provider: 'openai', upstream: openai.origin, secret: fakeOpenaiKey },
    { name: 'anthropic', provider: 'anthropic', upstream: anthropic.origin, secret: fakeAnthropicKey },
  ])
}, 60_000)
afterAll(async () => {
  expect(await keyward.stop()).toBe(0)
  await Promise.all([openai.stop(), anthropic.stop()])
})

interface Usage {
  items: {
    call: string
    model: string
    outcome: string
    cost_usd: string | null
    input_tokens: number
    output_tokens: number
    estimated: boolean
    streamed: boolean
  }[]
}

/** The usage of a grant once `calls` have settled. */
async function usageOf(grant: string, calls: number): Promise<Usage['items']> {
  return await expect
    .poll(async () => (await keyward.api<Usage>('GET', `/api/v1/usage?grant=${grant}`)).items, { timeout: 5_000 })
    .toHaveLength(calls)
    .then(async () => (await keyward.api<Usage>('GET', `/api/v1/usage?grant=${grant}`)).items)
}

describe('an agent calls a model through Keyward without ever holding its key', () => {
  test('OpenAI: answered and streamed, by the unmodified SDK; metered, audited', async () => {
    const grant = await estate.grant('openai')
    const client = new OpenAI({ baseURL: `${keyward.origin}/g/openai/v1`, apiKey: await estate.token(grant), maxRetries: 0 })
    const answer = await client.chat.completions.create({ model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'Good morning' }] })
    expect(answer.choices[0]?.message.content).toBe('You said: Good morning')
    const stream = await client.chat.completions.create({
      model: 'gpt-4.1-mini',
      messages: [{ role: 'user', content: 'Good evening' }],
      stream: true,
    })
    let text = ''
    for await (const chunk of stream) {
      expect(chunk.choices.length).toBeGreaterThan(0)
      text += chunk.choices[0]?.delta.content ?? ''
    }
    expect(text).toBe('You said: Good evening')
    const usage = await usageOf(grant, 2)
    for (const event of usage) expect(event).toMatchObject({ model: 'gpt-4.1-mini', outcome: 'ok', estimated: false })
    expect(usage.map((event) => event.input_tokens).sort()).toEqual(
      openai.log.entries.map((entry) => entry.usage?.prompt_tokens ?? 0).sort(),
    )
    for (const entry of openai.log.entries) expect(JSON.stringify(entry.headers)).not.toContain('eyJ')
  })

  test('Anthropic: answered and streamed, by the unmodified SDK', async () => {
    const grant = await estate.grant('anthropic')
    const client = new Anthropic({ baseURL: `${keyward.origin}/g/anthropic`, apiKey: await estate.token(grant), maxRetries: 0 })
    const message = { model: 'claude-haiku-4-5', max_tokens: 200, messages: [{ role: 'user' as const, content: 'Good morning' }] }
    const answer = await client.messages.create(message)
    expect(answer.content[0]).toMatchObject({ type: 'text', text: 'You said: Good morning' })
    const stream = client.messages.stream(message)
    expect(await stream.finalText()).toBe('You said: Good morning')
    const usage = await usageOf(grant, 2)
    for (const event of usage) expect(event).toMatchObject({ model: 'claude-haiku-4-5', outcome: 'ok', estimated: false })
  })

  test('a model outside the grant, a token that was revoked and no token are refused with the SDK’s usual exceptions', async () => {
    const grant = await estate.grant('openai', { scope: { models: ['gpt-4.1-mini'] } })
    const token = await estate.token(grant)
    const client = new OpenAI({ baseURL: `${keyward.origin}/g/openai/v1`, apiKey: token, maxRetries: 0 })
    const ask = (model: string) => client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }] })
    const before = openai.log.entries.length
    await expect(ask('gpt-4.1')).rejects.toMatchObject({ status: 403, code: 'model_not_allowed' })
    await expect(ask('gpt-4.1')).rejects.toBeInstanceOf(OpenAI.PermissionDeniedError)
    expect((await ask('gpt-4.1-mini')).choices).toHaveLength(1)
    await keyward.api('POST', `/api/v1/grants/${grant}/revoke`, { reason: 'end of the test' })
    await expect(ask('gpt-4.1-mini')).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    expect(openai.log.entries.length).toBe(before + 1)
    const refused = await keyward.api<{ items: { code: string; decision: string }[] }>(
      'GET',
      `/api/v1/audit?grant=${grant}&decision=refused`,
    )
    expect(refused.items.map((entry) => entry.code)).toContain('model_not_allowed')
  })
})
