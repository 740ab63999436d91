import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connecting, type Person, startConnecting } from '../support/connecting.ts'

/* Ways around the second opinion: an act that shows itself as dangerous only while it is done, a changed request, a yes used twice. */

let at: Connecting
let ada: Person
let bo: Person

beforeAll(async () => {
  at = await startConnecting()
  ada = await at.addPerson('ada', [{ role: 'admin' }])
  bo = await at.addPerson('bo', [{ role: 'admin' }])
  for (const { id } of [ada, bo]) await at.sql('insert into passwords (user_id, hash) values ($1, $2)', [id, 'FAKE'])
  await at.sql(`insert into settings (key, value) values ('second_opinion', 'true') on conflict (key) do update set value = 'true'`)
}, 60_000)
afterAll(async () => {
  await at?.stop()
})

const resource = (name: string, more: object = {}) => ({
  name,
  kind: 'http',
  upstream: 'https://api.crm.example',
  credential: at.estate.credentials.crm,
  ...more,
})
const credential = (name: string, more: object = {}) => ({
  name,
  kind: 'api_key',
  provider: 'openai',
  purpose: 'model',
  authority: ['consume'],
  environment: 'production',
  owner: at.estate.owner,
  secret: `sk-FAKE-EXAMPLE-${name}`,
  ...more,
})
const made = async (table: 'resources' | 'credentials', name: string) =>
  (await at.sql(`select 1 from ${table} where name = $1`, [name])).length
const yes = (person: Person, opinion: string) => person.ask('POST', `/api/v1/second-opinions/${opinion}/approve`, {})
const by = (opinion: string) => ({ 'keyward-second-opinion': opinion })

test.each([
  [
    'an upstream at a private address',
    () => ['POST', '/api/v1/resources', resource('inside', { upstream: at.origin, allow_private: true }), {}],
  ],
  ['a credential sent to an origin that is new to it', () => ['POST', '/api/v1/resources', resource('elsewhere'), {}]],
  [
    'a new credential that may go to a foreign origin',
    () => ['POST', '/api/v1/credentials', credential('foreign', { allowed_origins: ['https://evil.example'] }), {}],
  ],
  [
    'a credential that may now go to a foreign origin',
    () => [
      'PATCH',
      `/api/v1/credentials/${at.estate.credentials.crm}`,
      { allowed_origins: [at.origin, 'https://api.crm.example', 'https://evil.example'] },
      { 'if-match': '*' },
    ],
  ],
  [
    'a resource whose upstream moves',
    () => ['PATCH', `/api/v1/resources/${at.estate.resources.crm}`, { upstream: 'https://moved.example' }, { 'if-match': '*' }],
  ],
] as [string, () => [string, string, object, Record<string, string>]][])(
  '%s waits for another admin, is done once with their yes, and leaves nothing before',
  async (_what, request) => {
    const [method, path, body, headers] = request()
    const state = () =>
      at.sql('select (select array_agg(r order by id) from resources r) as r, (select array_agg(c order by id) from credentials c) as c')
    const before = await state()
    const first = await ada.ask(method, path, body, headers)
    expect([first.status, first.body.code]).toEqual([409, 'second-opinion-required'])
    expect(await state()).toEqual(before)
    const id = first.body.second_opinion as string
    expect((await ada.ask(method, path, body, { ...headers, ...by(id) })).body.detail).toBe('Nobody has decided yet')
    expect((await yes(ada, id)).status).toBe(403)
    expect((await yes(bo, id)).status).toBe(200)
    const changed = await ada.ask(method, path, { ...body, description: 'and more' }, { ...headers, ...by(id) })
    expect(changed.status).toBeGreaterThanOrEqual(400)
    expect(await state()).toEqual(before)
    const done = await ada.ask(method, path, body, { ...headers, ...by(id) })
    expect([200, 201]).toContain(done.status)
    expect(
      (await at.sql(`select 1 from audit_entries where action = 'second_opinion.use' and details->>'second_opinion' = $1`, [id])).length,
    ).toBe(1)
  },
)

test('what is not dangerous waits for nobody', async () => {
  expect((await ada.ask('POST', '/api/v1/credentials', credential('plain'))).status).toBe(201)
  expect(await made('credentials', 'plain')).toBe(1)
})

test('an idempotency key of what waits is not used up, and gives one thing for one yes', async () => {
  const body = resource('keyed', { upstream: at.origin, allow_private: true })
  const key = { 'idempotency-key': 'a-key-of-mine-1' }
  const { body: asked } = await ada.ask('POST', '/api/v1/resources', body, key)
  expect((await ada.ask('POST', '/api/v1/resources', body, key)).body.second_opinion).toBe(asked.second_opinion)
  await yes(bo, asked.second_opinion)
  const answers = await Promise.all(
    [1, 2, 3].map(() => ada.ask('POST', '/api/v1/resources', body, { ...key, ...by(asked.second_opinion) })),
  )
  // The others hear that one is running, or its answer.
  const ids = answers.flatMap(({ body: { id } }) => (id === undefined ? [] : [id]))
  expect([new Set(ids).size, answers.every(({ status }) => status === 201 || status === 409)]).toEqual([1, true])
  expect(await made('resources', 'keyed')).toBe(1)
})

test('an API token neither does nor decides, and the setting is not switched off alone', async () => {
  const { body: token } = await bo.ask('POST', '/api/v1/me/api-tokens', { name: 'script' })
  const { body: asked } = await ada.ask('POST', '/api/v1/resources', resource('by-token', { upstream: at.origin, allow_private: true }))
  const decided = await fetch(`${at.keyward.origin}/api/v1/second-opinions/${asked.second_opinion}/approve`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token.token}`, 'content-type': 'application/json' },
    body: '{}',
  })
  expect([decided.status, ((await decided.json()) as { code: string }).code]).toEqual([403, 'fresh-auth-required'])
  const off = await ada.ask('PATCH', '/api/v1/settings', { second_opinion: false })
  expect([off.status, off.body.code]).toEqual([409, 'second-opinion-required'])
})
