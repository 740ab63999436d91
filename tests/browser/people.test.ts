import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { buildConsole } from './support/build.ts'
import { startChromium } from './support/chromium.ts'
import { tracesOf } from './support/secrets.ts'
import { inviteUser, signInByFirstLink, signInByPassword, visit } from './support/visit.ts'

/* Signing in, and what a role sees. */

let keyward: KeywardProcess
let browser: Browser
const password = 'six quiet FAKE foxes swim'

beforeAll(async () => {
  await buildConsole()
  ;[keyward, browser] = await Promise.all([startKeyward(), startChromium()])
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await keyward?.stop()
})

test('a password that is set after the link signs in; a session that was ended leads back to where one was', {
  timeout: 90_000,
}, async () => {
  const seen = await visit(browser, keyward)
  const { page } = seen
  await signInByFirstLink(page, keyward, password)
  // With nothing on its way: an answer to what the page asked before would end the session first, and take the link away.
  await page.goto('/credentials', { waitUntil: 'networkidle' })
  await page.getByRole('heading', { name: 'Credentials' }).waitFor()
  await seen.context.clearCookies()
  await page.getByRole('link', { name: 'Workloads' }).click()
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  await page.getByLabel('E-mail address').fill('admin')
  await page.getByLabel('Password', { exact: true }).fill('not the password')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('alert').waitFor()
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Workloads' }).waitFor()
  expect(await tracesOf(page, password)).toEqual([])
  expect(seen.complaints).toEqual([])
  await seen.close()
})

test('a passkey that is set up on the account page signs in', { timeout: 90_000 }, async () => {
  const seen = await visit(browser, keyward)
  const { page } = seen
  const authenticator = await seen.context.newCDPSession(page)
  await authenticator.send('WebAuthn.enable')
  await authenticator.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  await signInByPassword(page, 'admin', password)
  await page.goto('/account')
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByLabel('Name of this device').fill('Test laptop')
  await page.getByRole('button', { name: 'Set it up' }).click()
  await page.getByRole('row').filter({ hasText: 'Test laptop' }).waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByRole('navigation', { name: 'Main' }).waitFor()
  await page.goto('/account')
  await page.getByText('Passkey', { exact: true }).first().waitFor()
  expect(seen.complaints).toEqual([])
  await seen.close()
})

test('an API token is shown once, works, and is nowhere after its dialog is closed', { timeout: 90_000 }, async () => {
  const seen = await visit(browser, keyward)
  const { page } = seen
  await signInByPassword(page, 'admin', password)
  await page.goto('/account')
  await page.getByRole('button', { name: 'Make a token' }).click()
  await page.getByLabel('What it is for').fill('the test')
  await page.getByRole('button', { name: 'Make it' }).click()
  const token = (await page.locator('[data-secret]').textContent()) ?? ''
  expect(token).toMatch(/^kwu_/)
  const me = await fetch(`${keyward.origin}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } })
  expect(me.status).toBe(200)
  await page.getByRole('button', { name: 'I have copied it' }).click()
  await page.getByRole('row').filter({ hasText: 'the test' }).waitFor()
  expect(await tracesOf(page, token)).toEqual([])
  await page.getByRole('button', { name: 'Revoke the token the test' }).click()
  await expect
    .poll(async () => (await fetch(`${keyward.origin}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } })).status, {
      timeout: 5_000,
    })
    .toBe(401)
  await seen.close()
})

test('an act that wants a fresh authentication asks for it, and goes on by itself', { timeout: 90_000 }, async () => {
  const seen = await visit(browser, keyward)
  const { page } = seen
  await signInByPassword(page, 'admin', password)
  await page.goto('/users')
  // The server's own answer to a session of more than 10 minutes, once; the second attempt reaches the server.
  const problem = {
    type: '/docs/errors/fresh-auth-required',
    title: 'Sign in again for this',
    status: 403,
    code: 'fresh-auth-required',
    fix: 'This act needs an authentication of the last 10 minutes: sign in again and repeat it.',
  }
  let refused = 0
  await page.route('**/api/v1/users', async (route) => {
    if (route.request().method() !== 'POST' || refused > 0) return await route.continue()
    refused += 1
    await route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify(problem) })
  })
  await page.getByRole('button', { name: 'Add a user' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Olga Operator')
  await page.getByLabel('E-mail address').fill('olga@example.com')
  await page.getByRole('dialog').getByRole('button', { name: 'Add the user' }).click()
  const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
  await dialog.getByLabel('Password', { exact: true }).fill(password)
  await dialog.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Olga Operator' }).waitFor()
  await seen.close()
})

test('a viewer sees the inventory, can’t create, is told why, and has no audit log', { timeout: 90_000 }, async () => {
  const link = await inviteUser(keyward, { name: 'Vera View', email: 'vera@example.com', role: 'viewer' })
  const seen = await visit(browser, keyward)
  const { page } = seen
  await page.goto(link)
  await page.getByRole('button', { name: 'Skip for now' }).click()
  await page.getByRole('link', { name: 'Credentials' }).first().click()
  const add = page.getByRole('button', { name: 'Add a credential' }).first()
  await add.waitFor()
  expect(await add.getAttribute('aria-disabled')).toBe('true')
  expect(await add.getAttribute('title')).toContain('viewer')
  await add.click({ force: true })
  expect(await page.getByRole('dialog').count()).toBe(0)
  const places = await page.getByRole('navigation', { name: 'Main' }).getByRole('link').allTextContents()
  expect(places).not.toContain('Audit')
  expect(places).not.toContain('Users & roles')
  expect(seen.complaints).toEqual([])
  await seen.close()
})
