import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { type KeywardProcess, signInLinkOf } from '../../support/keyward.ts'

/** Somebody at the console, and what their browser had to complain about. */
export interface Visit {
  readonly page: Page
  readonly context: BrowserContext
  /** Errors on the browser's console: violations of the page policy are among them. */
  readonly complaints: readonly string[]
  /** Requests that went anywhere but to Keyward. */
  readonly strangers: readonly string[]
  close(): Promise<void>
}

/** Opens a browser profile of its own at the console. Passwords are never kept between visits. */
export async function visit(
  browser: Browser,
  keyward: Pick<KeywardProcess, 'origin'>,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ baseURL: consoleOrigin(keyward), reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  const strangers: string[] = []
  page.on('console', (message) => {
    // The browser itself notes each answer of 400 and above here, expected ones too.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== consoleOrigin(keyward)) strangers.push(request.url())
  })
  return { page, context, complaints, strangers, close: () => context.close() }
}

/** Passkeys need a host name: the console is visited as localhost. */
export function consoleOrigin(keyward: Pick<KeywardProcess, 'origin'>): string {
  return keyward.origin.replace('127.0.0.1', 'localhost')
}

/** Signs in by the first link and sets a password on the way. */
export async function signInByFirstLink(page: Page, keyward: KeywardProcess, password: string): Promise<void> {
  await page.goto(signInLinkOf(keyward))
  await page.getByRole('button', { name: 'Set a password instead' }).click()
  await page.getByLabel('New password').fill(password)
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.getByRole('heading', { level: 1, name: /./ }).waitFor()
  await page.getByRole('navigation', { name: 'Main' }).waitFor({ state: 'attached' })
}

export async function signInByPassword(page: Page, name: string, password: string): Promise<void> {
  await page.goto('/sign-in')
  await page.getByLabel('E-mail address').fill(name)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
  await page.waitForURL((url) => url.pathname !== '/sign-in')
}

/** A new sign-in link for a new user with a role, made over the API. */
export async function inviteUser(keyward: KeywardProcess, user: { name: string; email: string; role: string }): Promise<string> {
  const made = await keyward.api<{ id: string }>('POST', '/api/v1/users', {
    name: user.name,
    email: user.email,
    roles: [{ role: user.role }],
  })
  return (await keyward.api<{ url: string }>('POST', `/api/v1/users/${made.id}/sign-in-link`)).url
}
