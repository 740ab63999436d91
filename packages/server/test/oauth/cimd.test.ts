import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connecting, startConnecting } from '../../../../tests/support/connecting.ts'
import { Egress } from '../../src/egress/egress.ts'
import { refusedClientAddress } from '../../src/oauth/clients/client-address.ts'
import { DocumentStore, keptSeconds } from '../../src/oauth/clients/document-store.ts'

/* Clients that are known by the address of their document (draft-ietf-oauth-client-id-metadata-document). */

let at: Connecting
beforeAll(async () => {
  at = await startConnecting()
}, 60_000)
afterAll(async () => {
  await at?.stop()
})

const status = async (client: string, more: Record<string, string | undefined> = {}) =>
  (await at.authorize(at.request(client, more).query)).status

test.each([
  ['no path', 'https://app.example.com/'],
  ['plain http', 'http://app.example.com/client.json'],
  ['a fragment', 'https://app.example.com/client.json#x'],
  ['an empty fragment', 'https://app.example.com/client.json#'],
  ['a user name', 'https://me@app.example.com/client.json'],
  ['dot segments', 'https://app.example.com/a/../client.json'],
  ['hidden dot segments', 'https://app.example.com/a/%2e%2e/client.json'],
  ['a hidden slash', 'https://app.example.com/a%2fclient.json'],
  ['an upper-case host', 'https://APP.example.com/client.json'],
  ['a default port', 'https://app.example.com:443/client.json'],
  ['another scheme', 'ftp://app.example.com/client.json'],
  ['letters that are not ASCII', 'https://аpp.example.com/client.json'],
  ['a loopback address, of a server that is not on loopback', 'http://127.0.0.1:8080/client.json'],
])('draft 3: an address with %s is no client_id', (_name, address) => {
  expect(refusedClientAddress(address, { loopback: false })).toBeDefined()
})

test('draft 3: https with a path is; http on loopback only for a server that is there itself', () => {
  expect(refusedClientAddress('https://app.example.com/client.json', { loopback: false })).toBeUndefined()
  expect(refusedClientAddress('http://127.0.0.1:8080/client.json', { loopback: true })).toBeUndefined()
  expect(refusedClientAddress('http://10.0.0.1/client.json', { loopback: true })).toBeDefined()
})

test.each([
  ['names another client_id', { client_id: 'https://app.example.com/client.json' }],
  ['names none', { client_id: undefined }],
  ['has no name', { client_name: undefined }],
  ['has an empty name', { client_name: ' \u200b ' }],
  ['has no redirect_uris', { redirect_uris: undefined }],
  ['has an empty list of them', { redirect_uris: [] }],
  ['redirects to a script', { redirect_uris: ['javascript:alert(1)//127.0.0.1/callback'] }],
  ['redirects to plain http', { redirect_uris: ['http://app.example.com/callback'] }],
  ['redirects with a fragment', { redirect_uris: ['https://app.example.com/callback#x'] }],
  ['redirects with a user name', { redirect_uris: ['https://a@app.example.com/callback'] }],
  ['holds a secret', { client_secret: 'FAKE-EXAMPLE-secret' }],
  ['authenticates by a shared secret', { token_endpoint_auth_method: 'client_secret_post' }],
  ['does not do codes', { grant_types: ['client_credentials'] }],
  ['does not answer with codes', { response_types: ['token'] }],
])('draft 4: a document that %s does not count', async (_name, members) => {
  expect(await status(at.publish(`bad-${Math.random().toString(36).slice(2)}`, members as Record<string, unknown>))).toBe(400)
})

test.each([
  ['404', { status: 404 }],
  ['a redirect', { status: 302, headers: { location: '/clients/good.json', 'content-type': 'application/json' } }],
  ['a web page', { headers: { 'content-type': 'text/html' } }],
  ['no JSON', { text: 'nothing' }],
  ['a list', { text: '[]' }],
  ['more than 16 KiB', { text: JSON.stringify({ padding: 'x'.repeat(20_000) }) }],
])('draft 5: a document that is answered with %s does not count, and a redirect is not followed', async (_name, answer) => {
  at.publish('good')
  const before = at.asked('/clients/good.json')
  expect([400, 503]).toContain(await status(at.publish(`odd-${Math.random().toString(36).slice(2)}`, {}, answer)))
  expect(at.asked('/clients/good.json')).toBe(before)
})

test('draft 5.2: a good document is kept as HTTP caching says, within bounds; a bad one is not', async () => {
  const good = at.publish('kept', {}, { headers: { 'content-type': 'application/json', 'cache-control': 'max-age=600' } })
  for (let times = 0; times < 3; times++) expect(await status(good)).toBe(303)
  expect(at.asked('/clients/kept.json')).toBe(1)
  const bad = at.publish('mended', { client_name: undefined })
  expect(await status(bad)).toBe(400)
  at.publish('mended')
  expect(await status(bad)).toBe(303)
  expect([keptSeconds('no-store'), keptSeconds('max-age=1'), keptSeconds('public, max-age=999999999'), keptSeconds(undefined)]).toEqual([
    60, 60, 86_400, 3_600,
  ])
})

test('a document at a private address is not fetched by a server that is in the open', async () => {
  let asked = 0
  const server = createServer((_request, response) => {
    asked += 1
    response.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const egress = new Egress()
  const store = new DocumentStore({ egress, loopback: false, monotonicMs: () => performance.now() })
  const { port } = server.address() as AddressInfo
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '10.0.0.1', '169.254.169.254', '[::ffff:127.0.0.1]'])
    await expect(store.find(`https://${host}:${port}/client.json`)).rejects.toThrow('could not be fetched')
  expect(asked).toBe(0)
  await egress.close()
  await new Promise((resolve) => server.close(resolve))
})

test('one host is asked 30 times a minute at most, however many clients are made up there', async () => {
  let asked = 0
  const egress = {
    request: async ({ url }: { url: string }) => {
      asked += 1
      const text = JSON.stringify({ client_id: url, client_name: 'x', redirect_uris: ['https://app.example.com/cb'] })
      return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(text) }
    },
  }
  const store = new DocumentStore({ egress, loopback: false, monotonicMs: () => 0 })
  const found = []
  for (let index = 0; index < 100; index++)
    found.push(
      await store.find(`https://app.example.com/${index}.json`).then(
        () => 'found',
        () => 'refused',
      ),
    )
  expect(asked).toBe(30)
  expect(found.filter((one) => one === 'found')).toHaveLength(30)
})

test('a name that would deceive is shown without what deceives', async () => {
  const client = at.publish('tricky', { client_name: 'Good\u202edoog\u0000 \n\n Editor\u200b' })
  const request = await at.carried(at.request(client).query)
  expect((await at.admin.ask('POST', '/api/v1/authorization-requests/read', { request })).body.client.name).toBe('Gooddoog Editor')
})
