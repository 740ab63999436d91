import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connecting, type Person, startConnecting } from '../support/connecting.ts'
import { buildConsole } from './support/build.ts'
import { startChromium } from './support/chromium.ts'
import { type Visit, visit } from './support/visit.ts'

/* A person connects an app to their agent, logs a machine in, and disconnects: in a real browser. */

let at: Connecting
let browser: Browser
let app: Server
let callback: string
let answers: URLSearchParams[]

beforeAll(async () => {
  await buildConsole()
  ;[at, browser] = await Promise.all([startConnecting(), startChromium()])
  answers = []
  app = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (url.pathname === '/callback') answers.push(url.searchParams)
    response.writeHead(200, { 'content-type': 'text/html' }).end('<title>Back in the app</title><h1>Back in the app</h1>')
  })
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve))
  callback = `http://127.0.0.1:${(app.address() as AddressInfo).port}/callback`
}, 180_000)
afterAll(async () => {
  await browser?.close()
  app?.closeAllConnections()
  app?.close()
  await at?.stop()
})

async function signedIn(person: Person): Promise<Visit> {
  const seen = await visit(browser, at.keyward)
  const [name = '', value = ''] = person.cookie.split('=')
  await seen.context.addCookies([{ name, value, url: at.keyward.origin, httpOnly: true, sameSite: 'Strict' }])
  return seen
}

const requestOf = (client: string) => at.request(client, { redirect_uri: callback })
const open = (page: Page, query: URLSearchParams) => page.goto(`${at.keyward.origin}/oauth2/authorize?${query}`)

test('a person sees who asks, for what and as which agent, says yes, and the app gets its code', { timeout: 60_000 }, async () => {
  const person = await at.addPerson('ada', [{ role: 'operator' }])
  const client = at.publish('editor', { client_name: 'Atlas Editor' })
  const seen = await signedIn(person)
  const { page } = seen
  const { query, verifier } = requestOf(client)
  await open(page, query)
  await page.getByRole('heading', { name: 'Connect Atlas Editor?' }).waitFor()
  const text = await page.getByRole('main').innerText()
  for (const shown of ['ada', new URL(client).host, 'crm', 'test agent', 'Any program on this computer can call itself Atlas Editor'])
    expect(text).toContain(shown)
  await page.getByLabel('How long').selectOption({ label: 'one week' })
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.getByRole('heading', { name: 'Back in the app' }).waitFor()
  const answer = answers.at(-1) ?? new URLSearchParams()
  expect(Object.fromEntries(answer)).toMatchObject({ state: query.get('state'), iss: at.keyward.issuer })
  const tokens = await at.token({
    grant_type: 'authorization_code',
    client_id: client,
    code: answer.get('code') ?? '',
    redirect_uri: callback,
    code_verifier: verifier,
  })
  expect(await at.call(tokens.body.access_token)).toBe(200)

  await page.goto('/connected')
  const row = page.getByRole('row').filter({ hasText: 'Atlas Editor' })
  await row.getByRole('button', { name: 'Disconnect Atlas Editor from test agent' }).click()
  await page.getByRole('button', { name: 'Disconnect now' }).click()
  await page.getByText('Atlas Editor is disconnected.').waitFor()
  expect(await at.call(tokens.body.access_token)).toBe(401)
  expect(seen.complaints).toEqual([])
  await seen.close()
})

test('a no goes to the app as one, and nothing is connected', { timeout: 60_000 }, async () => {
  const person = await at.addPerson('grace', [{ role: 'operator' }])
  const seen = await signedIn(person)
  await open(seen.page, requestOf(at.publish('unwanted')).query)
  await seen.page.getByRole('button', { name: 'Deny' }).click()
  await seen.page.getByRole('heading', { name: 'Back in the app' }).waitFor()
  expect(answers.at(-1)?.get('error')).toBe('access_denied')
  await seen.page.goto('/connected')
  await seen.page.getByText('No app is connected').waitFor()
  await seen.close()
})

test('somebody who is not signed in signs in first, and gets back to the same question', { timeout: 60_000 }, async () => {
  const password = 'six quiet FAKE foxes swim'
  const person = await at.addPerson('otto', [{ role: 'operator' }])
  expect((await person.ask('PUT', '/api/v1/me/password', { password })).status).toBeLessThan(300)
  const seen = await visit(browser, at.keyward)
  const { page } = seen
  await open(page, requestOf(at.publish('patient', { client_name: 'Patient Editor' })).query)
  await page.getByLabel('E-mail address').fill('otto@example.com')
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Connect Patient Editor?' }).waitFor()
  await seen.close()
})

test('a person without a grant there is told so and can only say no', { timeout: 60_000 }, async () => {
  const seen = await signedIn(await at.addPerson('viewer', [{ role: 'viewer' }]))
  await open(seen.page, requestOf(at.publish('hopeful')).query)
  await seen.page.getByText('You can’t allow this').waitFor()
  expect(await seen.page.getByRole('button', { name: 'Allow' }).count()).toBe(0)
  await seen.close()
})

test('another site cannot show the question in a frame', { timeout: 60_000 }, async () => {
  const seen = await signedIn(await at.addPerson('framed', [{ role: 'operator' }]))
  const request = await at.carried(requestOf(at.publish('framing')).query)
  const host = createServer((_request, response) =>
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<iframe src="${at.keyward.origin}/authorize?request=${request}" width="800" height="800"></iframe>`),
  )
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
  await seen.page.goto(`http://127.0.0.1:${(host.address() as AddressInfo).port}/`, { waitUntil: 'load' })
  const frame = seen.page.frames().find((one) => one !== seen.page.mainFrame())
  expect(await frame?.getByRole('button').count()).toBe(0)
  expect(seen.complaints.join()).toMatch(/frame-ancestors|X-Frame-Options/)
  await seen.close()
  host.closeAllConnections()
  host.close()
})

test('a person types in a machine’s code, sees which machine it is, and lets it in', { timeout: 60_000 }, async () => {
  const begun = await fetch(`${at.keyward.origin}/oauth2/device_authorization`, {
    method: 'POST',
    body: new URLSearchParams({ client_id: 'keyward-cli', machine: 'build-7' }),
  })
  const device = (await begun.json()) as Record<string, string>
  const seen = await signedIn(await at.addPerson('typist', [{ role: 'operator' }]))
  const { page } = seen
  await page.goto('/device')
  await page.getByText('A code that somebody sent you').waitFor()
  await page.getByLabel('Code that the machine shows').fill('BBBB-BBBB')
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('alert').waitFor()
  await page.getByLabel('Code that the machine shows').fill((device.user_code ?? '').toLowerCase())
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByText('build-7').waitFor()
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.getByText('The machine goes on by itself').waitFor()
  const answered = await at.token({
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    client_id: 'keyward-cli',
    device_code: device.device_code,
  })
  expect(answered.body.access_token).toMatch(/^kwu_/)
  expect(seen.complaints).toEqual([])
  await seen.close()
})

test('an administrator sees everybody’s apps, and registers and revokes one', { timeout: 60_000 }, async () => {
  await at.connect(await at.addPerson('maria', [{ role: 'operator' }]), at.publish('hers', { client_name: 'Her Editor' }))
  const seen = await signedIn(at.admin)
  const { page } = seen
  await page.goto('/connected')
  await page.getByRole('button', { name: 'Everybody’s' }).click()
  await page.getByRole('row').filter({ hasText: 'Her Editor' }).getByText('maria').waitFor()
  await page.getByRole('button', { name: 'Register an app' }).first().click()
  await page.getByLabel('Name').fill('Desk app')
  await page.getByLabel('Where it takes its answer').fill('http://127.0.0.1/callback')
  await page.getByRole('button', { name: 'Register it' }).click()
  await page.getByRole('button', { name: 'Revoke Desk app' }).click()
  await page.getByLabel('Why').fill('a test of revoking')
  await page.getByRole('button', { name: 'Revoke now' }).click()
  await page.getByText('Desk app is revoked.').waitFor()
  expect(seen.complaints).toEqual([])
  await seen.close()
})

test('a first sign-in by link in the middle of a request comes back to it, by way of the welcome', { timeout: 60_000 }, async () => {
  const { id } = await at.keyward.api<{ id: string }>('POST', '/api/v1/users', {
    name: 'new here',
    email: 'new-here@example.com',
    roles: [{ role: 'operator' }],
  })
  const client = at.publish('first', { client_name: 'First Editor' })
  const seen = await visit(browser, at.keyward)
  const { page } = seen
  await open(page, requestOf(client).query)
  await page.getByLabel('E-mail address').waitFor()
  const { url } = await at.keyward.api<{ url: string }>('POST', `/api/v1/users/${id}/sign-in-link`)
  await page.goto(url)
  await page.getByRole('heading', { name: 'Welcome, new here' }).waitFor()
  await page.getByRole('button', { name: 'Skip for now' }).click()
  await page.getByRole('heading', { name: 'Connect First Editor?' }).waitFor()
  expect(seen.complaints).toEqual([])
  await seen.close()
})

test('the welcome leads to no other site, whatever stands in its address', { timeout: 60_000 }, async () => {
  const seen = await signedIn(await at.addPerson('lured', [{ role: 'operator' }]))
  const { page } = seen
  for (const to of ['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)']) {
    await page.goto(`/welcome?${new URLSearchParams({ to })}`)
    await page.getByRole('button', { name: 'Skip for now' }).click()
    await page.waitForURL((url) => url.pathname === '/')
  }
  expect(seen.strangers).toEqual([])
  await seen.close()
})
