import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { fakeAnthropicKey, startFakeAnthropic } from '@keyward/testkit/anthropic/server'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const script = (name: string): string => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))

test('the OpenAI example needs nothing but the two variables that its SDK documents', async () => {
  const fake = await startFakeOpenai()
  const { stdout } = await run(process.execPath, [script('openai-sdk/chat.ts'), 'Hello there'], {
    env: { OPENAI_BASE_URL: `${fake.origin}/v1`, OPENAI_API_KEY: fakeOpenaiKey },
  })
  expect(stdout).toBe('You said: Hello there\n(15 tokens)\nYou said: Hello there\n(streamed, 15 tokens)\n')
  await fake.stop()
})

test('the Anthropic example needs nothing but the two variables that its SDK documents', async () => {
  const fake = await startFakeAnthropic()
  const { stdout } = await run(process.execPath, [script('anthropic-sdk/message.ts'), 'Hello there'], {
    env: { ANTHROPIC_BASE_URL: fake.origin, ANTHROPIC_API_KEY: fakeAnthropicKey },
  })
  expect(stdout).toBe('You said: Hello there\n(12 tokens)\nYou said: Hello there\n(streamed, 12 tokens)\n')
  await fake.stop()
})
