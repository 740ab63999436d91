import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { buildConsole } from './support/build.ts'
import { startChromium } from './support/chromium.ts'
import { inspect } from './support/inspect.ts'
import { makeSampleEstate, type SampleEstate } from './support/sample-estate.ts'
import { signInByFirstLink, type Visit, visit } from './support/visit.ts'

/* The inventory in the browser: changing, ending, and pages that everybody can read and use. */

let keyward: KeywardProcess
let browser: Browser
let estate: SampleEstate
let seen: Visit
let page: Page

beforeAll(async () => {
  await buildConsole()
  ;[keyward, browser] = await Promise.all([startKeyward(), startChromium()])
  estate = await makeSampleEstate(keyward, 3)
  seen = await visit(browser, keyward)
  page = seen.page
  await signInByFirstLink(page, keyward, 'nine green FAKE herons wade')
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await keyward?.stop()
  await estate?.stop()
})

test('an owner is added with the keyboard alone', { timeout: 60_000 }, async () => {
  await page.goto('/')
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('n')
  await page.getByRole('heading', { name: 'Owners & teams' }).waitFor()
  await page.keyboard.press('n')
  const dialog = page.getByRole('dialog', { name: 'Add an owner' })
  await dialog.waitFor()
  await expect.poll(() => page.evaluate(() => document.activeElement?.closest('[role="dialog"]') !== null)).toBe(true)
  await tabTo('Name')
  await page.keyboard.type('Keyboard crew')
  await tabTo('Contact')
  await page.keyboard.type('keys@example.com')
  await page.keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('row').filter({ hasText: 'Keyboard crew' }).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor()
  await page.keyboard.press('Escape')
})

test('Tab never leaves an open dialog', { timeout: 60_000 }, async () => {
  await page.goto('/owners')
  await page.getByRole('button', { name: 'Add an owner' }).first().click()
  await page.getByRole('dialog').waitFor()
  for (let presses = 0; presses < 20; presses++) {
    await page.keyboard.press('Tab')
    expect(
      await page.evaluate(
        () =>
          document.activeElement === document.body ||
          document.activeElement?.closest('[role="dialog"], [data-base-ui-focus-guard]') !== null,
      ),
    ).toBe(true)
  }
  await page.keyboard.press('Escape')
})

test('two people change one thing: the second is shown what the first did, and both changes stand', { timeout: 60_000 }, async () => {
  await page.goto(`/owners/${estate.ids.owner}`)
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Contact').fill('new-platform@example.com')
  await keyward.api('PATCH', `/api/v1/owners/${estate.ids.owner}`, { name: 'Platform engineering' }, { 'if-match': '*' })
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Somebody changed it while you had it open').waitFor()
  await page.getByRole('button', { name: 'Show what changed' }).click()
  await page.getByText('they set Platform engineering').waitFor()
  await page.getByRole('button', { name: 'Save mine over it' }).click()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(await keyward.api('GET', `/api/v1/owners/${estate.ids.owner}`)).toMatchObject({
    name: 'Platform engineering',
    contact: 'new-platform@example.com',
  })
})

test('what is in use can’t be deleted, and says by whom with links', { timeout: 60_000 }, async () => {
  await page.goto(`/resources/${estate.ids.resource}`)
  await page.getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  const alert = page.getByRole('dialog').getByRole('alert')
  await alert.waitFor()
  expect(await alert.getByRole('link').count()).toBeGreaterThan(0)
  expect(await alert.textContent()).toContain('Correlation id')
  await page.keyboard.press('Escape')
})

test('revoking a grant says what it will end, ends it, and shows in how many milliseconds', { timeout: 60_000 }, async () => {
  await page.goto(`/grants/${estate.ids.grant}`)
  await page.getByRole('button', { name: 'Revoke', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('1 live token').waitFor()
  await dialog.getByLabel('Why').fill('the test ends it')
  await dialog.getByRole('button', { name: 'Revoke now' }).click()
  await dialog.getByText('until this node refused it').waitFor()
  expect(await dialog.textContent()).toMatch(/[\d.]+ ms/)
  expect(await dialog.textContent()).toContain('1 token')
  await dialog.getByRole('button', { name: 'Done' }).click()
  await page.locator('main').getByText('Revoked').first().waitFor()
  expect(await keyward.api('GET', `/api/v1/grants/${estate.ids.grant}`)).toMatchObject({ state: 'revoked' })
})

const paths = () => [
  '/',
  '/start',
  '/calls',
  '/spend',
  '/audit',
  '/credentials',
  `/credentials/${estate.ids.credential}`,
  '/discovery',
  '/resources',
  `/resources/${estate.ids.resource}`,
  '/workloads',
  `/workloads/${estate.ids.workload}`,
  '/grants',
  `/grants/${estate.ids.grant}`,
  '/budgets',
  `/budgets/${estate.ids.budget}`,
  '/owners',
  `/owners/${estate.ids.owner}`,
  '/tenants',
  `/tenants/${estate.ids.tenant}`,
  '/environments',
  '/prices',
  '/users',
  `/users/${estate.ids.user}`,
  '/account',
]

describe('every page', () => {
  for (const colorScheme of ['light', 'dark'] as const)
    test(`fits a phone without scrolling sideways, is labelled, and its text has contrast (${colorScheme})`, {
      timeout: 120_000,
    }, async () => {
      const phone = await visit(browser, keyward, {
        viewport: { width: 390, height: 844 },
        colorScheme,
        storageState: await seen.context.storageState(),
      })
      for (const path of paths()) {
        await phone.page.goto(path)
        await phone.page.locator('main h1').waitFor()
        await phone.page.waitForFunction(() => document.querySelector('.skeleton') === null)
        const report = await phone.page.evaluate(inspect)
        expect({ path, ...report }).toEqual({ path, sideways: 0, headings: 1, landmarks: 1, unnamed: [], faint: [] })
      }
      expect(phone.complaints).toEqual([])
      expect(phone.strangers).toEqual([])
      await phone.close()
    })
})

test('dark is dark and light is light, by the system and by the switch', { timeout: 60_000 }, async () => {
  const dark = await visit(browser, keyward, { colorScheme: 'dark', storageState: await seen.context.storageState() })
  const brightness = () => dark.page.evaluate(() => Number(/\d+/.exec(getComputedStyle(document.documentElement).backgroundColor)?.[0]))
  await dark.page.goto('/')
  await dark.page.getByRole('heading', { level: 1 }).waitFor()
  expect(await brightness()).toBeLessThan(60)
  await dark.page.getByRole('button', { name: /^Theme: system/ }).click()
  expect(await brightness()).toBeGreaterThan(200)
  await dark.page.reload()
  await dark.page.getByRole('heading', { level: 1 }).waitFor()
  expect(await brightness()).toBeGreaterThan(200)
  expect(dark.complaints).toEqual([])
  await dark.close()
})

/** Presses Tab until the field with that label has the focus. */
async function tabTo(label: string): Promise<void> {
  for (let presses = 0; presses < 15; presses++) {
    const focused = await page.evaluate(() => {
      const element = document.activeElement
      return element instanceof HTMLInputElement ? (element.labels?.[0]?.textContent ?? '') : ''
    })
    if (focused === label) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not reach ${label}`)
}
