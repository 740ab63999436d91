/*
 * Takes pictures of every page with a sample organisation, at 1280 and 390 px, light and dark.
 *   node tests/browser/screenshots.ts FOLDER         all of them into FOLDER
 *   node tests/browser/screenshots.ts --docs         the two of the README into docs/images
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { startKeyward } from '../support/keyward.ts'
import { buildConsole } from './support/build.ts'
import { startChromium } from './support/chromium.ts'
import { makeCalls, makeSampleEstate, type SampleEstate } from './support/sample-estate.ts'
import { makeSampleIdentity, type SampleIdentity } from './support/sample-identity.ts'
import { signInByFirstLink, visit } from './support/visit.ts'

const [target = 'screenshots', ...only] = process.argv.slice(2)
const forDocs = target === '--docs'
const folder = forDocs ? fileURLToPath(new URL('../../docs/images', import.meta.url)) : target
const password = 'correct horse battery staple'

function pagesOf({ ids }: SampleEstate, { ids: of, tokens }: SampleIdentity, persons: string): readonly (readonly [string, string])[] {
  return [
    ['overview', '/'],
    ['calls', '/calls'],
    ['spend', '/spend'],
    ['credentials', '/credentials'],
    ['credential', `/credentials/${ids.credential}`],
    ['discovery', '/discovery'],
    ['resources', '/resources'],
    ['resource', `/resources/${ids.resource}`],
    ['workloads', '/workloads'],
    ['workload', `/workloads/${ids.workload}`],
    ['agent', `/workloads/${of.agent}`],
    ['identity', `/workloads/${of.agent}/identity`],
    ['issuers', '/issuers'],
    ['issuer', `/issuers/${of.issuer}`],
    ['token', `/tokens/${tokens.handedOn.id}`],
    ['persons-token', `/tokens/${persons}`],
    ['grants', '/grants'],
    ['grant', `/grants/${ids.grant}`],
    ['delegated-grant', `/grants/${of.grant}`],
    ['budgets', '/budgets'],
    ['budget', `/budgets/${ids.budget}`],
    ['owners', '/owners'],
    ['owner', `/owners/${ids.owner}`],
    ['tenants', '/tenants'],
    ['tenant', `/tenants/${ids.tenant}`],
    ['environments', '/environments'],
    ['prices', '/prices'],
    ['users', '/users'],
    ['user', `/users/${ids.user}`],
    ['audit', '/audit'],
    ['account', '/account'],
  ]
}

/** All that a page waits for is there: no placeholder is left, and nothing is on its way. */
async function settle(page: Page): Promise<void> {
  await page.locator('main h1').waitFor()
  await page.waitForFunction(() => document.querySelector('.skeleton') === null)
  await page.waitForFunction(() => document.querySelector('[data-chart]') === null || document.querySelector('figure canvas') !== null)
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
}

async function shoot(page: Page, name: string, fullPage: boolean): Promise<void> {
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage })
}

mkdirSync(folder, { recursive: true })
await buildConsole()
const keyward = await startKeyward()
const browser = await startChromium()
const estate = await makeSampleEstate(keyward, forDocs ? 32 : 16)
const identity = await makeSampleIdentity(keyward, { owner: estate.ids.owner, resource: estate.ids.resource })
try {
  const wide = await visit(browser, keyward, { viewport: { width: 1280, height: 860 } })
  await wide.page.goto('/sign-in')
  if (!forDocs && (only.length === 0 || only.includes('sign-in'))) await shoot(wide.page, 'sign-in-wide-light', false)
  await signInByFirstLink(wide.page, keyward, password)
  const { forPerson } = await identity.connect(wide.page)
  const state = await wide.context.storageState()
  for (const [grant, calls] of [[estate.ids.grant, 2]] as const) await makeCalls(keyward, grant, calls)
  for (const scheme of ['light', 'dark'] as const)
    for (const [size, width, height] of [
      ['wide', 1280, 860],
      ['phone', 390, 844],
    ] as const) {
      if (forDocs && size === 'phone') continue
      const seen = await visit(browser, keyward, { viewport: { width, height }, colorScheme: scheme, storageState: state })
      for (const [name, path] of pagesOf(estate, identity, forPerson.id)) {
        if (forDocs ? name !== 'overview' : only.length > 0 && !only.includes(name)) continue
        await seen.page.goto(path)
        await settle(seen.page)
        await shoot(seen.page, forDocs ? (scheme === 'dark' ? 'overview-dark' : 'overview') : `${name}-${size}-${scheme}`, !forDocs)
      }
      for (const complaint of [...seen.complaints, ...seen.strangers]) process.stderr.write(`${size} ${scheme}: ${complaint}\n`)
      await seen.close()
    }
} finally {
  await browser.close()
  await keyward.stop()
  await Promise.all([estate.stop(), identity.stop()])
}
