import type { Fake } from '@keyward/testkit/fake/server'
import { fakeOpenaiKey, startFakeOpenai } from '@keyward/testkit/openai/server'
import OpenAI from 'openai'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type KeywardProcess, signInLinkOf, startKeyward } from '../support/keyward.ts'
import { buildConsole } from './support/build.ts'
import { startChromium } from './support/chromium.ts'
import { tracesOf } from './support/secrets.ts'
import { type Visit, visit } from './support/visit.ts'

/* A person with nothing but the sign-in link gets an agent to its first call, in the browser alone. */

let keyward: KeywardProcess
let openai: Fake
let browser: Browser
let seen: Visit

beforeAll(async () => {
  await buildConsole()
  ;[keyward, openai, browser] = await Promise.all([startKeyward(), startFakeOpenai(), startChromium()])
  seen = await visit(browser, keyward)
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await keyward?.stop()
  await openai?.stop()
})

test('from the sign-in link to a working call that Live calls shows; the key leaves no trace in the page', {
  timeout: 120_000,
}, async () => {
  const { page } = seen
  const link = signInLinkOf(keyward)
  const linkToken = new URLSearchParams(new URL(link).hash.split('?')[1]).get('token') ?? ''
  await page.goto(link)
  await page.getByRole('heading', { name: /Welcome/ }).waitFor()
  expect(await tracesOf(page, linkToken)).toEqual([])
  await page.getByRole('button', { name: 'Skip for now' }).click()

  await page.getByRole('link', { name: 'Begin' }).click()
  await page.getByLabel('Address of the provider').fill(openai.origin)
  await page.getByLabel('The key', { exact: true }).fill(fakeOpenaiKey)
  await page.getByLabel('Who answers for it').fill('Platform')
  await page.getByLabel('Where to reach them').fill('platform@example.com')
  await page.getByRole('button', { name: 'Store the key' }).click()

  await page.getByRole('button', { name: 'Put it behind the gateway' }).waitFor()
  expect(await tracesOf(page, fakeOpenaiKey)).toEqual([])
  await page.getByRole('button', { name: 'Put it behind the gateway' }).click()
  await page.getByLabel('Name of the agent').fill('support-agent')
  await page.getByRole('button', { name: 'Add the workload' }).click()
  await page.getByRole('button', { name: 'Grant it', exact: true }).click()
  await page.getByRole('button', { name: 'Mint a token' }).click()
  const token = (await page.locator('[data-secret]').textContent()) ?? ''
  expect(token).toMatch(/^eyJ/)
  await page.getByText('Waiting for your call').waitFor()
  expect(await page.getByRole('region', { name: 'curl' }).textContent()).toContain('/g/openai/v1/chat/completions')

  const client = new OpenAI({ baseURL: `${keyward.origin}/g/openai/v1`, apiKey: token, maxRetries: 0 })
  await client.chat.completions.create({ model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'Say hello' }] })
  await page.getByText('Your call arrived').waitFor()

  await page.getByRole('link', { name: 'See it in Live calls' }).click()
  await page.getByRole('heading', { name: 'Live calls' }).waitFor()
  const row = page.getByRole('row').filter({ hasText: 'gpt-4.1-mini' })
  await row.getByText('200').waitFor()
  expect(await row.textContent()).toMatch(/support-agent.*\$0\.\d+/)
  expect(await tracesOf(page, token)).toEqual([])
  expect(await tracesOf(page, fakeOpenaiKey)).toEqual([])

  await row.getByRole('button', { name: /gpt-4.1-mini/ }).click()
  const drawer = page.getByRole('dialog')
  await drawer.getByText('Who acted').waitFor()
  for (const link of [/support-agent$/, /^openai$/, 'OpenAI key']) await drawer.getByRole('link', { name: link }).first().waitFor()
  await page.keyboard.press('Escape')
  await drawer.waitFor({ state: 'detached' })
})

test('a refused call shows in Live calls within its poll, with the reason and what to do', { timeout: 60_000 }, async () => {
  const { page } = seen
  const { items } = await keyward.api<{ items: { id: string }[] }>('GET', '/api/v1/grants')
  const { access_token } = await keyward.api<{ access_token: string }>('POST', `/api/v1/grants/${items[0]?.id}/tokens`, {})
  const client = new OpenAI({ baseURL: `${keyward.origin}/g/openai/v1`, apiKey: access_token, maxRetries: 0 })
  await expect(
    client.chat.completions.create({ model: 'gpt-5-pro', messages: [{ role: 'user', content: 'Hello' }] }),
  ).rejects.toMatchObject({ status: 403 })
  const row = page.getByRole('row').filter({ hasText: 'model_not_allowed' })
  await row.waitFor()
  await row.getByRole('button').click()
  await page.getByRole('dialog').getByText('The grant does not allow this model').waitFor()
  await page.keyboard.press('Escape')
})

test('the page policy holds: nothing violates it, and the page talks to nobody but Keyward', () => {
  expect(seen.complaints).toEqual([])
  expect(seen.strangers).toEqual([])
})
