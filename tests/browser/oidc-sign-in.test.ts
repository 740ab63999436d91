import { type PeopleProvider, startPeopleProvider } from '@keyward/testkit/people-provider/server'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { buildConsole } from './support/build.ts'
import { startChromium } from './support/chromium.ts'
import { tracesOf } from './support/secrets.ts'
import { consoleOrigin, inviteUser, visit } from './support/visit.ts'

/* Signing in by an identity provider, configuring one, and acts that need the yes of two admins. */

let keyward: KeywardProcess
let browser: Browser
let provider: PeopleProvider
const password = 'nine calm FAKE otters read'

beforeAll(async () => {
  await buildConsole()
  ;[keyward, browser, provider] = await Promise.all([startKeyward(), startChromium(), startPeopleProvider({ name: 'Example login' })])
  provider.persons.set('ada', { sub: 'ada', name: 'Ada Example', groups: ['platform'] })
  provider.persons.set('bo', { sub: 'bo', name: 'Bo Stranger', groups: [] })
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await provider?.stop()
  await keyward?.stop()
})

/** A page in which an admin with a password is signed in. */
async function admin(name: string, options: Parameters<typeof visit>[2] = {}) {
  const link = await inviteUser(keyward, { name, email: `${name.toLowerCase()}@example.com`, role: 'admin' })
  const seen = await visit(browser, keyward, options)
  await seen.page.goto(link)
  await seen.page.getByRole('button', { name: 'Set a password instead' }).click()
  await seen.page.getByLabel('New password').fill(password)
  await seen.page.getByRole('button', { name: 'Set the password' }).click()
  await seen.page.getByRole('navigation', { name: 'Main' }).waitFor({ state: 'attached' })
  return seen
}

test('an admin adds a provider on the settings page and learns the address to register; its secret is nowhere afterwards', {
  timeout: 90_000,
}, async () => {
  const seen = await admin('Petra')
  const { page } = seen
  await page.goto('/settings')
  await page.getByRole('button', { name: 'Add a provider' }).click()
  const dialog = page.getByRole('dialog', { name: 'Add an identity provider' })
  await dialog.getByLabel('Name', { exact: true }).fill('Example ID')
  await dialog.getByLabel('Issuer').fill(provider.issuer)
  await dialog.getByLabel('Client id').fill(provider.clientId)
  await dialog.getByLabel('Client secret').fill(provider.clientSecret ?? '')
  await dialog.getByLabel('Group 1', { exact: true }).fill('platform')
  await dialog.getByLabel('Role of group 1').selectOption('operator')
  await dialog.getByRole('button', { name: 'Add it' }).click()
  // It is at a loopback address: that has to be allowed.
  await dialog.getByText('must begin with https:').waitFor()
  await dialog.getByText('More', { exact: true }).click()
  await dialog.getByLabel('It is at a private address').check()
  await dialog.getByRole('button', { name: 'Add it' }).click()
  const added = page.getByRole('dialog', { name: 'Example ID is added' })
  const address = (await added.getByLabel('Redirect address').textContent()) ?? ''
  expect(address).toContain(`${consoleOrigin(keyward)}/sign-in/callback/idp_`)
  provider.redirectUris.add(address)
  await added.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('row').filter({ hasText: 'platform → operator' }).waitFor()
  expect(await tracesOf(page, provider.clientSecret ?? '')).toEqual([])
  expect(seen.complaints).toEqual([])
  expect(seen.strangers).toEqual([])
  await seen.close()
})

test('signing in by it leads to the page that was asked for, and leaves no code in the address or the history', {
  timeout: 90_000,
}, async () => {
  const seen = await visit(browser, keyward)
  const { page } = seen
  await page.goto('/credentials?environment=production')
  await page.getByRole('button', { name: 'Continue with Example ID' }).click()
  await page.getByRole('button', { name: 'Ada Example' }).click()
  await page.getByRole('heading', { name: 'Credentials' }).waitFor()
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe('/credentials?environment=production')
  await page.goto('/account')
  await page.getByText('Identity provider', { exact: true }).first().waitFor()
  await page.getByText('Operator by group').waitFor()
  const names = (await seen.context.cookies(consoleOrigin(keyward))).map((cookie) => cookie.name)
  expect(names).toEqual(['keyward_session'])
  await page.goBack()
  await page.waitForLoadState()
  expect(page.url()).not.toContain('code=')
  expect(seen.complaints).toEqual([])
  await seen.close()
})

test('somebody without a mapped group, and somebody who said no, are told so with what to do', { timeout: 90_000 }, async () => {
  const seen = await visit(browser, keyward)
  const { page } = seen
  for (const [choice, text] of [
    ['Bo Stranger', 'None of your groups'],
    ['Cancel', 'said no'],
  ] as const) {
    await page.goto('/sign-in')
    await page.getByRole('button', { name: 'Continue with Example ID' }).click()
    await page.getByRole('button', { name: choice }).click()
    await page.getByRole('alert').filter({ hasText: text }).waitFor()
    await page.getByText(/Correlation id\s*req_/).waitFor()
    expect(page.url()).toMatch(/\/sign-in\/callback\/idp_[0-9a-z]+$/)
    await page.getByRole('button', { name: 'To the sign-in page' }).click()
    await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
  }
  expect(seen.complaints).toEqual([])
  await seen.close()
})

test('with the second opinion on, an act waits in words for another admin, and goes on by itself once they approve', {
  timeout: 120_000,
}, async () => {
  const [ada, bo] = [await admin('Grace'), await admin('Olga')]
  await ada.page.goto('/settings')
  await ada.page.getByRole('button', { name: 'Switch it on' }).click()
  await ada.page.getByRole('button', { name: 'Switch it off' }).waitFor()
  await ada.page.goto('/users')
  await ada.page.getByRole('button', { name: 'Add a user' }).click()
  await ada.page.getByLabel('Name', { exact: true }).fill('Wilma Waiting')
  await ada.page.getByLabel('E-mail address').fill('wilma@example.com')
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Add the user' }).click()
  const waiting = ada.page.getByRole('dialog', { name: 'This needs the yes of another admin' })
  await waiting.getByText('wilma@example.com').waitFor()

  await bo.page.goto('/second-opinions')
  await bo.page.getByRole('button', { name: 'Add a user' }).click()
  const asked = bo.page.getByRole('dialog', { name: 'A second opinion' })
  await asked.getByText('Grace').waitFor()
  await asked.getByText('wilma@example.com').waitFor()
  await asked.getByRole('button', { name: 'Approve' }).click()
  await ada.page.getByRole('heading', { name: 'Wilma Waiting' }).waitFor()

  // Switching it off is such an act, too; this time the answer is no.
  await ada.page.goto('/settings')
  await ada.page.getByRole('button', { name: 'Switch it off' }).click()
  await waiting.waitFor()
  await bo.page.goto('/second-opinions')
  await bo.page.getByRole('row').filter({ hasText: 'Change settings' }).getByRole('button').click()
  await asked.getByRole('button', { name: 'Refuse' }).click()
  await asked.getByLabel('Why not').fill('not before the audit')
  await asked.getByRole('button', { name: 'Refuse' }).click()
  await waiting.getByText('not before the audit').waitFor()
  await waiting.getByRole('button', { name: 'Close', exact: true }).last().click()
  await ada.page.getByRole('button', { name: 'Switch it off' }).waitFor()
  expect([...ada.complaints, ...bo.complaints]).toEqual([])
  await Promise.all([ada.close(), bo.close()])
})
