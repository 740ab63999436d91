import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { buildConsole } from './support/build.ts'
import { startChromium } from './support/chromium.ts'
import { reportSampleDetections } from './support/sample-detections.ts'
import { signInByFirstLink, type Visit, visit } from './support/visit.ts'

/* Discovery in the browser: from nothing reported to a list that was gone through without a mouse. */

let keyward: KeywardProcess
let browser: Browser
let seen: Visit
let page: Page
let credential: string
const known = 'sk-FAKE-EXAMPLE-FAKE-EXAMPLE-FAKE-EXAMPLE-LE'

beforeAll(async () => {
  await buildConsole()
  ;[keyward, browser] = await Promise.all([startKeyward(), startChromium()])
  seen = await visit(browser, keyward, { permissions: ['clipboard-read', 'clipboard-write'] })
  page = seen.page
  await signInByFirstLink(page, keyward, 'nine green FAKE herons wade')
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await keyward?.stop()
})

interface Listed {
  readonly items: { readonly id: string; readonly name: string; readonly state: string; readonly state_reason: string | null }[]
}
const detections = async () => (await keyward.api<Listed>('GET', '/api/v1/detections')).items
const detection = async (name: string) => (await detections()).find((one) => one.name === name)
const row = (name: string) => page.getByRole('row').filter({ hasText: name })
const chosen = () => page.evaluate(() => document.activeElement?.textContent ?? '')

/** To the top with k, then down with j until the row is reached. */
async function choose(name: string): Promise<void> {
  const rows = await page.getByRole('row').count()
  for (let presses = 0; presses < rows; presses++) await page.keyboard.press('k')
  for (let presses = 0; presses < rows && (await chosen()) !== `${name}, details`; presses++) await page.keyboard.press('j')
  expect(await chosen()).toBe(`${name}, details`)
}

test('before anything is reported, the page says what to run', { timeout: 60_000 }, async () => {
  await page.goto('/')
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('d')
  await page.getByRole('heading', { name: 'Discovery' }).waitFor()
  await page.getByText('Nothing was reported yet').waitFor()
  expect(await page.getByRole('main').textContent()).toContain('keyward scan --report-to')
})

test('each secret is one row with its places, severity, who brought it in, and the credential that has it', {
  timeout: 60_000,
}, async () => {
  const owner = await keyward.api<{ id: string }>('POST', '/api/v1/owners', {
    kind: 'person',
    name: 'Ada Byron',
    contact: 'ada@example.com',
  })
  const made = await keyward.api<{ id: string }>('POST', '/api/v1/credentials', {
    ...{ name: 'OpenAI, production', kind: 'api_key', provider: 'openai', purpose: 'model', authority: ['consume'] },
    ...{ environment: 'production', owner: owner.id, secret: known },
  })
  credential = made.id
  await reportSampleDetections(keyward, known)
  await page.reload()
  await row('OpenAI project API key').waitFor()
  expect(await page.getByRole('row').count()).toBe(5)
  const text = await row('OpenAI project API key').textContent()
  for (const part of ['High', 'Git history', 'Log', 'Image layer', '4 places', 'Open', 'sk-proj-…fK']) expect(text).toContain(part)
  await row('OpenAI project API key').getByRole('link', { name: 'Ada Byron' }).waitFor()
  await row('OpenAI API key').getByRole('link', { name: 'OpenAI, production' }).waitFor()
  expect(await row('Stripe test key').textContent()).toContain('someone@elsewhere.example')
})

test('a drawer has every place and the command that adopts, to be copied; what the vault has is to be replaced', {
  timeout: 60_000,
}, async () => {
  await page.getByRole('button', { name: 'OpenAI project API key' }).click()
  const drawer = page.getByRole('dialog', { name: 'OpenAI project API key' })
  await drawer.getByText('4 places').waitFor()
  for (const place of ['.env:2', 'build/ci.log:3', 'build/image!/app/.env:2', 'build/slack-export/agents/2026-01-14.json:18'])
    await drawer.getByText(place, { exact: true }).waitFor()
  await drawer.getByText('https://git.example.com/shop/support-agent').first().waitFor()
  await drawer.getByRole('button', { name: 'Copy', exact: true }).click()
  await drawer.getByText('Copied', { exact: true }).waitFor()
  const { id } = (await detection('OpenAI project API key')) ?? { id: '' }
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`keyward adopt ${id}`)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^OpenAI API key/ }).click()
  await page.getByRole('dialog').getByText(`keyward credential add-version ${credential}`).waitFor()
  await page.getByRole('dialog').getByRole('link', { name: 'OpenAI, production' }).first().click()
  await page.getByRole('heading', { name: 'OpenAI, production' }).waitFor()
})

test('the list is gone through with the keyboard alone: next, previous, dismiss with a reason, reopen, copy', {
  timeout: 60_000,
}, async () => {
  await page.goto('/discovery')
  await row('OpenAI project API key').waitFor()
  const names = await page.getByRole('row').getByRole('button').allTextContents()
  await page.keyboard.press('j')
  expect(await chosen()).toBe(names[0])
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  await page.keyboard.press('k')
  expect(await chosen()).toBe(names[1])
  await page.keyboard.press('k')
  await page.keyboard.press('k')
  expect(await chosen()).toBe(names[0])
  await choose('Anthropic API key')
  await page.keyboard.press('a')
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/^keyward adopt det_/)
  await choose('Stripe test key')
  await page.keyboard.press('a')
  await page.getByText('It is in no file that could be rewritten').waitFor()
  await page.keyboard.press('d')
  const dialog = page.getByRole('dialog', { name: 'Stripe test key' })
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('INPUT')
  await page.keyboard.type('a key of the test mode')
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  await row('Stripe test key').waitFor({ state: 'detached' })
  expect(await detection('Stripe test key')).toMatchObject({ state: 'dismissed', state_reason: 'a key of the test mode' })
  await page.getByLabel('State').selectOption('dismissed')
  await row('Stripe test key').waitFor()
  await page.locator('h1').click()
  await page.keyboard.press('j')
  await page.keyboard.press('r')
  await page.getByText('Nothing is dismissed').waitFor()
  expect(await detection('Stripe test key')).toMatchObject({ state: 'open' })
})

test('keys that go to a place, or are typed, triage nothing', { timeout: 60_000 }, async () => {
  await page.goto('/discovery')
  await row('Stripe test key').waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('/')
  await page.keyboard.type('drj')
  expect(await page.getByRole('dialog').count()).toBe(0)
  expect(await page.getByLabel('Search name, provider, path').inputValue()).toBe('drj')
  await page.getByText('Nothing matches').waitFor()
  await page.getByLabel('Search name, provider, path').fill('values')
  await row('Anthropic API key').waitFor()
  await expect.poll(() => page.getByRole('row').count()).toBe(2)
  await page.getByLabel('Search name, provider, path').fill('')
  await page.getByLabel('Seen in').selectOption('image')
  await expect.poll(() => page.getByRole('row').count()).toBe(2)
  await row('OpenAI project API key').waitFor()
  expect(new URL(page.url()).search).toBe('?source=image')
})

test('the browser had nothing to complain about and asked nobody but Keyward', () => {
  expect([seen.complaints, seen.strangers]).toEqual([[], []])
})
