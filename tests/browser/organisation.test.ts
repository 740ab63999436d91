import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { buildConsole } from './support/build.ts'
import { startChromium } from './support/chromium.ts'
import { signInByFirstLink, type Visit, visit } from './support/visit.ts'

/* The pages of the organisation: each one's main act, how it refuses, and that the server has what the page says. */

let keyward: KeywardProcess
let browser: Browser
let seen: Visit
let page: Page
let team: string
let workload: string
const timeout = 60_000

beforeAll(async () => {
  await buildConsole()
  ;[keyward, browser] = await Promise.all([startKeyward(), startChromium()])
  const made = (path: string, body: unknown) => keyward.api<{ id: string }>('POST', `/api/v1${path}`, body)
  team = (await made('/owners', { kind: 'team', name: 'Research', contact: 'research@example.com' })).id
  workload = (await made('/workloads', { name: 'summariser', type: 'agent', owner: team, environment: 'staging' })).id
  seen = await visit(browser, keyward)
  page = seen.page
  await signInByFirstLink(page, keyward, 'eight calm FAKE otters drift')
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await keyward?.stop()
})

async function listed<Item>(path: string): Promise<Item[]> {
  return (await keyward.api<{ items: Item[] }>('GET', `/api/v1${path}`)).items
}

/** Opens the dialog behind a button of the page. */
async function open(button: string): Promise<Locator> {
  await page.getByRole('button', { name: button, exact: true }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  return dialog
}

test('budgets: an amount that is none goes nowhere, a ceiling over a workload is set, raised and removed', { timeout }, async () => {
  await page.goto('/budgets')
  const dialog = await open('Add a budget')
  await dialog.getByLabel('Over', { exact: true }).selectOption('workload')
  await dialog.getByRole('combobox', { name: 'Workload' }).fill('summ')
  await page.getByRole('option', { name: /summariser/ }).click()
  await dialog.getByLabel('US dollars').fill('a lot')
  await dialog.getByRole('button', { name: 'Set the budget' }).click()
  expect(await dialog.getByLabel('US dollars').evaluate((field: HTMLInputElement) => field.validity.valid)).toBe(false)
  expect(await listed('/budgets')).toEqual([])
  await dialog.getByLabel('US dollars').fill('12.50')
  await dialog.getByLabel('For', { exact: true }).selectOption('day')
  await dialog.getByRole('button', { name: 'Set the budget' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('row').filter({ hasText: 'summariser' }).getByRole('link', { name: 'Details' }).click()
  await page.getByRole('heading', { name: '$12.50 a day' }).waitFor()
  const edit = await open('Edit')
  await edit.getByLabel('US dollars').fill('20')
  await edit.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: '$20.00 a day' }).waitFor()
  expect(await listed('/budgets')).toMatchObject([{ scope: { workload }, limit_usd: '20.00', window: 'day' }])
  await (await open('Remove')).getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('heading', { name: 'Budgets' }).waitFor()
  expect(await listed('/budgets')).toEqual([])
})

test('owners: a team that answers for something stays, and says for what; one that answers for nothing goes', { timeout }, async () => {
  await page.goto(`/owners/${team}`)
  const refused = await open('Delete')
  await refused.getByRole('button', { name: 'Delete' }).click()
  await refused
    .getByRole('alert')
    .getByRole('link', { name: /summariser/ })
    .waitFor()
  await page.keyboard.press('Escape')
  await keyward.api('POST', '/api/v1/owners', { kind: 'team', name: 'Short-lived', contact: 'short@example.com' })
  await page.goto('/owners')
  await page.getByRole('link', { name: 'Short-lived' }).click()
  await (await open('Delete')).getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('heading', { name: 'Owners & teams' }).waitFor()
  expect((await listed<{ name: string }>('/owners')).map((owner) => owner.name)).toEqual(['Research'])
})

test('tenants: a name that is taken is refused beside its field; a tenant is added, renamed and revoked for good', {
  timeout,
}, async () => {
  await keyward.api('POST', '/api/v1/tenants', { name: 'Contoso', external_id: 'con-1' })
  await page.goto('/tenants')
  const dialog = await open('Add a tenant')
  await dialog.getByLabel('Name').fill('Contoso')
  await dialog.getByLabel('What the resource calls it').fill('con-1')
  await dialog.getByRole('button', { name: 'Add the tenant' }).click()
  await dialog.getByRole('alert').first().waitFor()
  await dialog.getByLabel('Name').fill('Litware')
  await dialog.getByLabel('What the resource calls it').fill('lit-2')
  await dialog.getByRole('button', { name: 'Add the tenant' }).click()
  await dialog.waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Litware' }).click()
  await page.getByRole('heading', { name: 'Litware' }).waitFor()
  const edit = await open('Edit')
  await edit.getByLabel('Name').fill('Litware Inc.')
  await edit.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Litware Inc.' }).waitFor()
  const revoke = await open('Revoke')
  await revoke.getByLabel('Why').fill('the contract ended')
  await revoke.getByRole('button', { name: 'Revoke now' }).click()
  await revoke.getByRole('button', { name: 'Done' }).click()
  await page.locator('main').getByText('Revoked').first().waitFor()
  const tenants = await listed<{ external_id: string }>('/tenants')
  expect(tenants.find((tenant) => tenant.external_id === 'lit-2')).toMatchObject({ name: 'Litware Inc.', state: 'revoked' })
})

test('environments: a name that can’t be one is refused with what it expects; one that is lived in stays', { timeout }, async () => {
  await page.goto('/environments')
  const dialog = await open('Add an environment')
  await dialog.getByLabel('Name').fill('Not A Name')
  await dialog.getByRole('button', { name: 'Add the environment' }).click()
  await expect.poll(() => dialog.getByLabel('Name').getAttribute('aria-invalid')).toBe('true')
  await dialog.getByLabel('Name').fill('sandbox')
  await dialog.getByRole('button', { name: 'Add the environment' }).click()
  await page.getByRole('row').filter({ hasText: 'sandbox' }).waitFor()
  await (await open('Delete staging')).getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('alert').waitFor()
  await page.getByRole('button', { name: 'Keep it' }).click()
  const last = await open('Delete sandbox')
  await last.getByRole('button', { name: 'Delete' }).click()
  await last.waitFor({ state: 'detached' })
  await page.getByRole('row').filter({ hasText: 'sandbox' }).waitFor({ state: 'detached' })
  expect((await listed<{ name: string }>('/environments')).map(({ name }) => name).sort()).toEqual(['development', 'production', 'staging'])
})

test('prices: a price of one’s own is set and removed; a star in the middle of a model is refused', { timeout }, async () => {
  await page.goto('/prices')
  const dialog = await open('Set a price')
  await dialog.getByLabel('Model').fill('our-*-model')
  await dialog.getByLabel('Input, $ a million tokens', { exact: true }).fill('0.25')
  await dialog.getByLabel('Output, $ a million tokens').fill('1')
  await dialog.getByRole('button', { name: 'Set the price' }).click()
  await expect.poll(() => dialog.getByLabel('Model').getAttribute('aria-invalid')).toBe('true')
  await dialog.getByLabel('Model').fill('our-model-*')
  await dialog.getByRole('button', { name: 'Set the price' }).click()
  await page.getByRole('row').filter({ hasText: 'our-model-*' }).waitFor()
  expect(await listed('/prices')).toMatchObject([{ provider: 'openai', model: 'our-model-*', input_usd_per_million: '0.25' }])
  await (await open('Remove price of our-model-*')).getByRole('button', { name: 'Remove' }).click()
  await page.getByText('No price of your own').waitFor()
  expect(await listed('/prices')).toEqual([])
})

test('users: somebody is added, invited once, made auditor, disabled; the own account can’t be', { timeout }, async () => {
  await page.goto('/users')
  const dialog = await open('Add a user')
  await dialog.getByLabel('Name', { exact: true }).fill('Nils Newcomer')
  await dialog.getByLabel('E-mail address').fill('nils@example.com')
  await dialog.getByRole('button', { name: 'Add the user' }).click()
  await page.getByRole('heading', { name: 'Nils Newcomer' }).waitFor()
  await page.getByRole('button', { name: 'Make a sign-in link' }).click()
  expect(await page.locator('[data-secret]').textContent()).toContain('#/sign-in?token=kwl_')
  const edit = await open('Edit')
  await edit.getByLabel('Role 1', { exact: true }).selectOption('auditor')
  await edit.getByRole('button', { name: 'Save' }).click()
  await edit.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Disable' }).click()
  await page.getByRole('button', { name: 'Make active' }).waitFor()
  const users = await listed<{ email: string | null }>('/users')
  expect(users.find(({ email }) => email === 'nils@example.com')).toMatchObject({ state: 'disabled', roles: [{ role: 'auditor' }] })
  await page.goto('/users')
  await page.getByRole('row').getByRole('link', { name: 'Administrator' }).click()
  const disable = page.getByRole('button', { name: 'Disable' })
  await disable.waitFor()
  expect(await disable.getAttribute('aria-disabled')).toBe('true')
  expect(await disable.getAttribute('title')).toContain('yourself')
})

test('account: a session elsewhere is listed and ended; a password that is too short is refused', { timeout }, async () => {
  const other = await visit(browser, keyward, { userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' })
  await other.page.goto('/sign-in')
  await other.page.getByLabel('E-mail address').fill('admin')
  await other.page.getByLabel('Password', { exact: true }).fill('eight calm FAKE otters drift')
  await other.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await other.page.getByRole('navigation', { name: 'Main' }).waitFor()
  await page.goto('/account')
  await page.getByRole('button', { name: /^End the session of Firefox/ }).click()
  await page.getByRole('row').filter({ hasText: 'Firefox' }).waitFor({ state: 'detached' })
  await other.page.goto('/account')
  await other.page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await other.close()
  await page.getByRole('button', { name: 'Change the password' }).click()
  await page.getByLabel('New password').fill('short')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await expect
    .poll(() =>
      page.getByLabel('New password').evaluate((field: HTMLInputElement) => !field.validity.valid || field.ariaInvalid === 'true'),
    )
    .toBe(true)
  expect(seen.complaints).toEqual([])
  expect(seen.strangers).toEqual([])
})
