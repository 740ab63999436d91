import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { buildConsole } from './support/build.ts'
import { startChromium } from './support/chromium.ts'
import { inspect } from './support/inspect.ts'
import { makeSampleEstate, type SampleEstate } from './support/sample-estate.ts'
import { makeSampleIdentity, type SampleIdentity } from './support/sample-identity.ts'
import { tracesOf } from './support/secrets.ts'
import { inviteUser, signInByFirstLink, type Visit, visit } from './support/visit.ts'

/* Identity in the browser: who may vouch, whom a rule lets in, and where a token went. */

let keyward: KeywardProcess
let browser: Browser
let estate: SampleEstate
let identity: SampleIdentity
let seen: Visit
let page: Page

beforeAll(async () => {
  await buildConsole()
  ;[keyward, browser] = await Promise.all([startKeyward(), startChromium()])
  estate = await makeSampleEstate(keyward, 1)
  identity = await makeSampleIdentity(keyward, { owner: estate.ids.owner, resource: estate.ids.resource })
  seen = await visit(browser, keyward)
  page = seen.page
  await signInByFirstLink(page, keyward, 'seven plain FAKE otters swim')
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await keyward?.stop()
  await Promise.all([estate?.stop(), identity?.stop()])
})

/** The pages of the issuer are closed to the outside here, so its keys are pasted. */
async function trustGithubByHand(name: string): Promise<void> {
  await page.goto('/issuers')
  await page.getByRole('button', { name: 'Trust an issuer' }).click()
  const dialog = page.getByRole('dialog', { name: 'Trust an issuer' })
  await dialog.getByRole('radio', { name: 'GitHub Actions' }).check()
  expect(await dialog.getByLabel('Issuer', { exact: true }).inputValue()).toBe('https://token.actions.githubusercontent.com')
  await dialog.getByLabel('Name', { exact: true }).fill(name)
  await dialog.getByLabel('Its keys come from').selectOption('jwks')
}

test('a private key that is pasted as an issuer’s keys is refused in the browser, by its field, and never sent', {
  timeout: 60_000,
}, async () => {
  await trustGithubByHand('Leaky')
  const dialog = page.getByRole('dialog', { name: 'Trust an issuer' })
  const sent: string[] = []
  const listen = (request: { method(): string; url(): string }) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`)
  page.on('request', listen)
  const keys = dialog.getByLabel('Its keys (JWKS)')
  await keys.fill('{"kty": "EC", "crv": "P-256", "x": "FAKE", "y": "FAKE", "d": "FAKE-EXAMPLE"}')
  await dialog.getByText('This is a private key').waitFor()
  await dialog.getByRole('button', { name: 'Trust it' }).click()
  await dialog.getByText('The keys can’t be used').waitFor()
  expect(await keys.getAttribute('aria-invalid')).toBe('true')
  expect(await keys.evaluate((field) => field === document.activeElement)).toBe(true)
  expect(sent.filter((request) => request.startsWith('POST'))).toEqual([])
  page.off('request', listen)
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
})

test('preset, issuer, a rule with a warning, a tryout that fails with its reason, mended, matches, saved', {
  timeout: 120_000,
}, async () => {
  await trustGithubByHand('GitHub by hand')
  const dialog = page.getByRole('dialog', { name: 'Trust an issuer' })
  const published = await (await fetch(`${identity.github.origin}/.well-known/jwks`)).text()
  await dialog.getByLabel('Its keys (JWKS)').fill(published)
  await dialog.getByText(/^1 public key/).waitFor()
  await dialog.getByRole('button', { name: 'Trust it' }).click()
  await page.getByRole('heading', { name: 'GitHub by hand', level: 1 }).waitFor()
  await page.getByText('No trust rule relies on it').waitFor()

  await page.goto(`/workloads/${estate.ids.workload}`)
  await page.getByRole('link', { name: 'Add an identity' }).click()
  await page.getByRole('heading', { name: 'Add an identity', level: 1 }).waitFor()
  const methods = page.getByRole('group', { name: 'Method' }).getByRole('radio')
  expect(await methods.first().getAttribute('value')).toBe('spiffe_x509')
  expect(await methods.last().getAttribute('value')).toBe('client_secret_basic')
  await page.getByLabel('Who signs for it').selectOption({ label: 'GitHub by hand (https://token.actions.githubusercontent.com)' })
  await page.getByLabel('Environment (optional)').fill('production')
  await page.getByText('matches an environment of that name in any repository on GitHub').waitFor()
  await page.getByText('Refused.').first().waitFor()
  await page.getByLabel('Repository (optional)').fill('acme/app')
  await page.getByText('the repository is known by its name alone').waitFor()
  expect(await page.getByText('Refused.').count()).toBe(0)
  await page.getByText('GitHub repository acme/app, environment production').waitFor()

  const token = identity.github.tokenOf({ ref: 'refs/heads/topic' }, keyward.issuer, { iss: 'https://token.actions.githubusercontent.com' })
  await page.getByLabel('A token, or its claims as JSON').fill(token)
  await page.getByRole('button', { name: 'Try it' }).click()
  await page.getByText('This rule does not match:').waitFor()
  await page.getByText('environment: the rule asks for "production", the token says nothing').waitFor()
  await page.getByText('signature valid').waitFor()

  await page.getByLabel('Environment (optional)').fill('')
  await page.getByLabel('Repository id', { exact: true }).fill('74')
  await page.getByLabel('Branch (optional)').fill('topic')
  await page.getByText('It fits one workload').waitFor()
  await page.getByRole('button', { name: 'Try it' }).click()
  await page.getByText('This rule matches.').waitFor()
  await page.getByLabel('Name (optional)').fill('topic builds')
  await page.getByRole('button', { name: 'Add the identity' }).click()
  await page.getByRole('heading', { name: 'support-agent', level: 1 }).waitFor()
  const row = page.getByRole('table', { name: 'Identities' }).getByRole('row').filter({ hasText: 'topic builds' })
  await row.getByText('GitHub repository acme/app (id 74), branch topic').waitFor()
  expect(await row.getByRole('list', { name: 'Warnings' }).count()).toBe(0)
  // What was pasted is nowhere: in no page, no storage, no log of the server.
  expect(await tracesOf(page, token)).toEqual([])
  expect(keyward.log()).not.toContain(token.split('.')[1])
})

test('what was typed in the questions stands among the claims, and the other way round', { timeout: 60_000 }, async () => {
  await page.goto(`/workloads/${identity.ids.agent}/identity`)
  await page.getByLabel('Who signs for it').selectOption(identity.ids.clusterIssuer)
  await page.getByLabel('Namespace').fill('agents')
  await page.getByLabel('Service account', { exact: true }).fill('writer')
  await page.getByText('Claims (1)').click()
  expect(await page.getByLabel('Value of claim 1').inputValue()).toBe('system:serviceaccount:agents:writer')
  await page.getByLabel('Value of claim 1').fill('system:serviceaccount:agents:reader')
  expect(await page.getByLabel('Service account', { exact: true }).inputValue()).toBe('reader')
  await page.getByLabel('How claim 1 is compared').selectOption('prefix')
  await page.getByText('Asked for in another way').first().waitFor()
  await page.getByText('Refused.').first().waitFor()
  await page.getByRole('button', { name: 'Add the identity' }).click()
  await page.getByText('Some fields need another value').waitFor()
  await page.getByLabel('How claim 1 is compared').selectOption('is')
  await page.getByText('service account reader in namespace agents').waitFor()
})

test('claims as JSON are tried on an issuer’s page: the rule that fits, and of each other what it misses', {
  timeout: 60_000,
}, async () => {
  await page.goto(`/issuers/${identity.ids.issuer}`)
  await page
    .getByLabel('A token, or its claims as JSON')
    .fill('{"repository": "acme/docs", "repository_id": "80", "ref": "refs/heads/main"}')
  await page.getByRole('button', { name: 'Try it' }).click()
  await page.getByText('signature not checked').waitFor()
  const rules = page.getByRole('form', { name: 'Try it' }).locator('xpath=..').getByRole('listitem')
  await rules.filter({ hasText: 'any branch' }).getByText('Matches:', { exact: true }).waitFor({ state: 'attached' })
  await page.getByText('repository_id: the rule asks for "74", the token says "80"').waitFor()
  await page.getByRole('button', { name: 'Clear' }).click()
  expect(await page.getByLabel('A token, or its claims as JSON').inputValue()).toBe('')
  expect(await page.getByText('signature not checked').count()).toBe(0)
})

for (const colorScheme of ['light', 'dark'] as const)
  test(`its pages fit a phone without scrolling sideways, are labelled, and their text has contrast (${colorScheme})`, {
    timeout: 90_000,
  }, async () => {
    const phone = await visit(browser, keyward, {
      viewport: { width: 390, height: 844 },
      colorScheme,
      storageState: await seen.context.storageState(),
    })
    const { agent, issuer, grant } = identity.ids
    const paths = ['/issuers', `/issuers/${issuer}`, `/workloads/${agent}`, `/tokens/${identity.tokens.below.id}`, `/grants/${grant}`]
    for (const path of [...paths, `/workloads/${agent}/identity`]) {
      await phone.page.goto(path)
      await phone.page.locator('main h1').waitFor()
      await phone.page.waitForFunction(() => document.querySelector('.skeleton') === null)
      if (path.endsWith('/identity')) {
        await phone.page.getByLabel('Who signs for it').selectOption(issuer)
        await phone.page.getByLabel('Repository (optional)').fill('acme/app')
        await phone.page.getByText('the repository is known by its name alone').waitFor()
        await phone.page.getByText('Claims (1)').click()
      }
      const report = await phone.page.evaluate(inspect)
      expect({ path, ...report }).toEqual({ path, sideways: 0, headings: 1, landmarks: 1, unnamed: [], faint: [] })
    }
    expect(phone.complaints).toEqual([])
    await phone.close()
  })

test('a token in the middle is revoked, with what was handed on from it; what is above and beside lives on', {
  timeout: 60_000,
}, async () => {
  const { first, handedOn, below, narrow } = identity.tokens
  await page.goto(`/workloads/${identity.ids.agent}`)
  const live = page.getByRole('table', { name: 'Live tokens of its grants' })
  await live.getByRole('row').filter({ hasText: 'browser-tool' }).getByText('Handed on 2 times').waitFor()
  await live.getByRole('row').filter({ hasText: 'release-agent' }).getByText('by release job').first().waitFor()
  await page.goto(`/tokens/${below.id}`)
  const tree = page.getByRole('list', { name: 'Lineage' })
  // Depth is in the markup, so that it is heard as well as seen: agent, first, handed on, below.
  await tree.locator(':scope > li > ul > li > ul > li > ul > li[aria-current=true]').waitFor()
  await tree.getByText('gpt-4.1-mini').waitFor()
  await tree.getByRole('button', { name: `Revoke token tok_…${handedOn.id.slice(-6)}` }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('1 live token handed on from it').waitFor()
  await dialog.getByLabel('Why').fill('the middle one goes')
  await dialog.getByRole('button', { name: 'Revoke now' }).click()
  await dialog.getByText('Ended with it: 2 tokens').waitFor()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect.poll(() => tree.getByText('Revoked', { exact: true }).count()).toBe(2)
  const state = async ({ id }: { id: string }) => (await keyward.api<{ state: string }>('GET', `/api/v1/tokens/${id}`)).state
  expect(await Promise.all([first, handedOn, below, narrow].map(state))).toEqual(['live', 'revoked', 'revoked', 'live'])
})

test('a token that a person’s editor got shows the person, their agent, and what was handed on', { timeout: 60_000 }, async () => {
  const { connected, forPerson } = await identity.connect(page)
  await page.goto(`/tokens/${forPerson.id}`)
  const tree = page.getByRole('list', { name: 'Lineage' })
  const person = tree.locator(':scope > li')
  await person.getByText('Person', { exact: true }).waitFor()
  await person.getByRole('link', { name: 'Administrator' }).waitFor()
  await person.locator(':scope > ul > li').getByText('Agent', { exact: true }).waitFor()
  await tree.locator(':scope > li > ul > li > ul > li > ul > li[aria-current=true]').getByText('Handed on to').waitFor()
  await page.goto(`/tokens/${connected.id}`)
  await page.getByText('Connected by a person, held by').waitFor()
  await page.goto(`/workloads/${identity.ids.agent}`)
  const row = page.getByRole('table', { name: 'Live tokens of its grants' }).getByRole('row').filter({ hasText: 'Connected by a person' })
  await row.getByRole('link', { name: 'Administrator' }).waitFor()
  await row.getByText('through Acme Editor').waitFor()
})

test('with the keyboard alone: an issuer is trusted, a method chosen, a branch of the lineage folded', { timeout: 90_000 }, async () => {
  await page.goto('/')
  await page.getByRole('heading', { level: 1 }).waitFor()
  await page.keyboard.press('g')
  await page.keyboard.press('i')
  await page.getByRole('heading', { name: 'Issuers', level: 1 }).waitFor()
  await page.keyboard.press('n')
  const dialog = page.getByRole('dialog', { name: 'Trust an issuer' })
  await dialog.getByRole('radio', { name: 'GitHub Actions' }).waitFor()
  await tabTo(page, 'GitHub Actions')
  await page.keyboard.press('ArrowDown')
  expect(await dialog.getByRole('radio', { name: 'GitLab CI' }).isChecked()).toBe(true)
  expect(await dialog.getByLabel('Issuer', { exact: true }).inputValue()).toBe('https://gitlab.com')
  await tabTo(page, 'Name')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'GitLab', level: 1 }).waitFor()

  await page.goto(`/tokens/${identity.tokens.first.id}`)
  const fold = page.getByRole('button', { name: /^Fold what was handed on from/ })
  await fold.first().waitFor()
  await tabTo(page, `Fold what was handed on from tok_…${identity.tokens.first.id.slice(-6)}`)
  await page.keyboard.press('Enter')
  await page.getByText('3 tokens below, folded').waitFor()
  await page.keyboard.press('Enter')
  await fold.first().waitFor()
})

test('a grant asks for more of its holders: assurance, a bound token, and who it may be handed on to', { timeout: 60_000 }, async () => {
  await page.goto(`/grants/${estate.ids.grant}`)
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('radio', { name: 'Key-bound' }).check()
  await dialog.getByLabel('A token must be bound to').selectOption('mtls')
  await dialog.getByLabel('May be handed on to (optional)').fill('research')
  await page.getByRole('option', { name: /research-agent/ }).click()
  await dialog.getByRole('button', { name: 'Remove research-agent' }).waitFor()
  await dialog.getByRole('button', { name: 'Save' }).click()
  await dialog.waitFor({ state: 'detached' })
  expect(await keyward.api('GET', `/api/v1/grants/${estate.ids.grant}`)).toMatchObject({
    minimum_assurance: 'key_bound',
    require_mtls: true,
    require_dpop: false,
    delegates: [identity.ids.researcher],
  })
  const facts = page.getByRole('main')
  await facts.getByText('bound to a client certificate').waitFor()
  await facts.getByText('proved, and the token is useless without the key').waitFor()
})

test('revoking an issuer says whose rules it ends, and ends them', { timeout: 60_000 }, async () => {
  await page.goto(`/issuers/${identity.ids.issuer}`)
  await page.getByRole('button', { name: 'Revoke', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('2 trust rules of release-agent').waitFor()
  await dialog.getByLabel('Why').fill('no more of it')
  await dialog.getByRole('button', { name: 'Revoke now' }).click()
  await dialog.getByText(/Ended with it: \d+ tokens?, 2 identities/).waitFor()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await page.getByText('They ended with it.').waitFor()
})

test('a viewer sees issuers, rules and grants, and no button that their role may not use; of tokens nothing', {
  timeout: 90_000,
}, async () => {
  const link = await inviteUser(keyward, { name: 'Vito View', email: 'vito@example.com', role: 'viewer' })
  const viewer = await visit(browser, keyward)
  await viewer.page.goto(link)
  await viewer.page.getByRole('button', { name: 'Skip for now' }).click()
  await viewer.page.getByRole('navigation', { name: 'Main' }).waitFor()
  const { agent, clusterIssuer } = identity.ids
  for (const path of [
    '/issuers',
    `/issuers/${clusterIssuer}`,
    '/workloads',
    `/workloads/${agent}`,
    '/grants',
    `/grants/${estate.ids.grant}`,
  ]) {
    await viewer.page.goto(path)
    await viewer.page.locator('main h1').waitFor()
    await viewer.page.waitForFunction(() => document.querySelector('.skeleton') === null)
    const buttons = await viewer.page.getByRole('main').getByRole('button').allTextContents()
    expect({ path, acts: buttons.filter((text) => /add|edit|delete|revoke|trust|try|grant a|mint|set a/i.test(text)) }).toEqual({
      path,
      acts: [],
    })
    expect(await viewer.page.getByRole('main').getByRole('link', { name: /^Add/ }).count()).toBe(0)
  }
  expect(await viewer.page.getByText('Live tokens').count()).toBe(0)
  await viewer.page.goto(`/workloads/${agent}/identity`)
  await viewer.page.getByText('Your role does not allow this').waitFor()
  expect(viewer.complaints).toEqual([])
  await viewer.close()
})

test('the browser had nothing to complain about, and asked nobody else', () => {
  expect(seen.complaints).toEqual([])
  expect(seen.strangers).toEqual([])
})

/** Presses Tab until what has that label or name has the focus. */
async function tabTo(at: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    const focused = await at.evaluate(() => {
      const element = document.activeElement
      const label = element instanceof HTMLInputElement ? (element.labels?.[0]?.textContent ?? '') : ''
      return element?.getAttribute('aria-label') ?? label
    })
    if (focused === name) return
    await at.keyboard.press('Tab')
  }
  throw new Error(`Tab does not reach ${name}`)
}
