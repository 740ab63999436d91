import type { PeopleProvider } from '@keyward/testkit/people-provider/server'
import { type Answer, Browser, type TestConsole } from './console.ts'

/** What an admin configures at first; each test changes what it is about. */
export async function addProvider(
  console: TestConsole,
  provider: PeopleProvider,
  more: Record<string, unknown> = {},
): Promise<{ id: string; admin: Browser; etag: string }> {
  const admin = await console.signedInAsAdmin()
  const answered = await admin.post('/api/v1/identity-providers', {
    name: `Provider ${provider.issuer}`,
    issuer: provider.issuer,
    client_id: provider.clientId,
    ...(provider.clientSecret === undefined ? {} : { client_secret: provider.clientSecret }),
    mappings: [{ group: 'platform', role: 'operator' }],
    create_users: true,
    allow_private: true,
    ...more,
  })
  if (answered.status !== 201) throw new Error(`no provider: ${answered.text}`)
  return { id: answered.body.id, admin, etag: answered.headers.get('etag') ?? '' }
}

/** Leaves for the provider. @returns its address, as the console would go there */
export async function leave(browser: Browser, id: string, more: Record<string, unknown> = {}): Promise<string> {
  const answered = await browser.post('/api/v1/sign-in/provider', { provider: id, ...more })
  if (answered.status !== 200) throw new Error(`could not leave: ${answered.text}`)
  return answered.body.url
}

/** Comes back with what the provider put into the address. */
export function comeBack(browser: Browser, id: string, location: string): Promise<Answer> {
  return browser.post('/api/v1/sign-in/provider/finish', { provider: id, query: new URL(location).search.slice(1) })
}

/** There and back, in a browser of its own. */
export async function signInBy(
  console: TestConsole,
  provider: PeopleProvider,
  id: string,
  sub: string,
  more: Record<string, unknown> = {},
): Promise<Answer & { browser: Browser }> {
  const browser = new Browser(console.origin)
  const location = await provider.signIn(await leave(browser, id, more), sub)
  return { ...(await comeBack(browser, id, location)), browser }
}
