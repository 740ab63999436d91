import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ApiServer, startApi } from '../http/api-server.ts'
import { fakeSecret, maker, unique } from '../http/things.ts'

/* An operator who could choose where a secret goes could send any key to a machine of their own. */

let api: ApiServer
let admin: string
let operator: string
let staleAdmin: string
let things: ReturnType<typeof maker>
let owner: string
beforeAll(async () => {
  api = await startApi()
  admin = await api.tokenOf('admin')
  operator = await api.tokenOf('operator')
  staleAdmin = (await api.addUser([{ role: 'admin' }], 'personal')).token
  things = maker(api, admin)
})
afterAll(() => api.stop())
beforeEach(async () => {
  owner = await things.team()
})

const createResource = (token: string, credential: string, more: Record<string, unknown>) =>
  api.ask('POST', '/api/v1/resources', { token, body: { name: unique('resource'), kind: 'llm', provider: 'openai', credential, ...more } })

describe('the origin of an upstream', () => {
  test('that is not among the allowed ones needs a fresh admin, whose word is then on the credential and on record', async () => {
    const credential = await things.credential(owner)
    const upstream = 'https://llm.example.com/v1'
    expect((await createResource(operator, credential, { upstream })).body.code).toBe('forbidden')
    expect((await createResource(staleAdmin, credential, { upstream })).body.code).toBe('fresh-auth-required')
    const made = await createResource(admin, credential, { upstream })
    expect(made.status).toBe(201)
    const shown = await api.ask('GET', `/api/v1/credentials/${credential}`, { token: operator })
    expect(shown.body.allowed_origins).toEqual(['https://api.openai.com', 'https://llm.example.com'])
    const entry = await api.db
      .selectFrom('audit_entries')
      .select(['credential_id', 'resource_id'])
      .where('action', '=', 'credential.allow_origin')
      .where('credential_id', '=', credential)
      .executeTakeFirst()
    expect(entry?.resource_id).toBe(made.body.id)
  })

  test('cannot be widened by an operator through the credential either, new or changed', async () => {
    const credential = await things.credential(owner)
    const body = { allowed_origins: ['https://api.openai.com', 'https://thief.example.com'] }
    const changed = await api.ask('PATCH', `/api/v1/credentials/${credential}`, { token: operator, body, headers: { 'if-match': '*' } })
    expect(changed.body.code).toBe('forbidden')
    const created = await api.ask('POST', '/api/v1/credentials', {
      token: operator,
      body: {
        name: unique('c'),
        kind: 'api_key',
        provider: 'openai',
        purpose: 'model',
        authority: ['spend'],
        environment: 'production',
        owner,
        ...body,
      },
    })
    expect(created.body.code).toBe('forbidden')
  })

  test('cannot be taken from a credential while a resource stands on it', async () => {
    const credential = await things.credential(owner)
    await things.resource(credential)
    const refused = await api.ask('PATCH', `/api/v1/credentials/${credential}`, {
      token: admin,
      body: { allowed_origins: [] },
      headers: { 'if-match': '*' },
    })
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict'])
  })
})

describe('an upstream', () => {
  test('at a private or loopback address needs a fresh admin, and a plain no from them is kept', async () => {
    const credential = await things.credential(owner)
    const upstream = 'http://127.0.0.1:9999'
    expect((await createResource(operator, credential, { upstream, allow_private: true })).body.code).toBe('forbidden')
    expect((await createResource(admin, credential, { upstream, allow_private: false })).body).toMatchObject({
      code: 'invalid-request',
      errors: [{ field: '/allow_private' }],
    })
    expect((await createResource(admin, credential, { upstream })).body).toMatchObject({ allow_private: true, upstream })
  })

  test.each([
    ['Keyward itself', () => `${api.origin}/g/openai`],
    ['a cloud metadata service', () => 'http://169.254.169.254'],
    ['plain http over the internet', () => 'http://8.8.8.8'],
    ['an unspecified address', () => 'http://0.0.0.0:80'],
    ['an IPv6 form of a link-local address', () => 'http://[::ffff:169.254.169.254]'],
  ])('that is %s is refused to everybody', async (_what, upstream) => {
    const credential = await things.credential(owner)
    const refused = await createResource(admin, credential, { upstream: upstream(), allow_private: true })
    expect(refused.body).toMatchObject({ code: 'invalid-request', errors: [{ field: '/upstream' }] })
  })
})

describe('a credential on a resource', () => {
  test('must have a purpose that serves its kind: a billing key is no model key, and the refusal says why', async () => {
    const billing = await things.credential(owner, { purpose: 'billing', provider: 'stripe' })
    const refused = await createResource(admin, billing, { upstream: 'https://api.stripe.com' })
    expect(refused.body).toMatchObject({
      code: 'invalid-request',
      errors: [{ field: '/credential', message: expect.stringContaining('billing') }],
    })
    const model = await things.credential(owner)
    const viaHttp = await createResource(admin, model, { kind: 'http', upstream: 'https://api.openai.com' })
    expect(viaHttp.body).toMatchObject({ code: 'invalid-request' })
  })

  test('stands in its own environment: staging does not use a key of production', async () => {
    const credential = await things.credential(owner)
    const refused = await api.ask('POST', '/api/v1/resources', {
      token: admin,
      body: { name: unique('r'), kind: 'llm', upstream: 'https://api.openai.com', credentials: { staging: credential } },
    })
    expect(refused.body).toMatchObject({ code: 'invalid-request', errors: [{ field: '/credentials/staging' }] })
  })
})

describe('a secret', () => {
  test('is in no answer, no row in clear and no log line after it was taken in', async () => {
    const secret = fakeSecret()
    const credential = await things.credential(owner, { secret })
    const paths = ['credentials', `credentials/${credential}`, 'audit', 'overview']
    for (const path of paths) expect((await api.ask('GET', `/api/v1/${path}`, { token: admin })).text).not.toContain(secret)
    const row = await api.db.selectFrom('credential_versions').selectAll().where('credential_id', '=', credential).executeTakeFirstOrThrow()
    for (const value of Object.values(row)) {
      const bytes = Buffer.isBuffer(value) ? value : Buffer.from(String(value))
      expect(bytes.includes(secret)).toBe(false)
    }
    expect(api.logged.join('')).not.toContain(secret)
  })

  test('belongs to one credential: a second is told which, or only that there is one where it may not see it', async () => {
    const secret = fakeSecret()
    const first = await things.credential(owner, { secret })
    const body = {
      name: unique('copy'),
      kind: 'api_key',
      provider: 'openai',
      purpose: 'model',
      authority: ['consume'],
      environment: 'production',
      secret,
    }
    const seen = await api.ask('POST', '/api/v1/credentials', { token: admin, body: { ...body, owner } })
    expect([seen.status, seen.body.detail]).toEqual([409, expect.stringContaining(first)])
    const team = await things.team()
    const { token } = await api.addUser([{ role: 'operator', team }])
    const blind = await api.ask('POST', '/api/v1/credentials', { token, body: { ...body, owner: team } })
    expect(blind.status).toBe(409)
    expect(blind.text).not.toContain(first)
  })

  test('that was revoked is not taken in again', async () => {
    const secret = fakeSecret()
    const first = await things.credential(owner, { secret })
    await api.ask('POST', `/api/v1/credentials/${first}/revoke`, { token: admin, body: { reason: 'leaked' } })
    const again = await api.ask('POST', '/api/v1/credentials', {
      token: admin,
      body: {
        name: unique('c'),
        kind: 'api_key',
        provider: 'openai',
        purpose: 'model',
        authority: ['consume'],
        environment: 'production',
        owner,
        secret,
      },
    })
    expect([again.status, again.body.detail]).toEqual([409, expect.stringContaining('revoked')])
  })

  test('of two requests at once with one secret, one is refused', async () => {
    const secret = fakeSecret()
    const create = () =>
      api.ask('POST', '/api/v1/credentials', {
        token: admin,
        body: {
          name: unique('c'),
          kind: 'api_key',
          provider: 'openai',
          purpose: 'model',
          authority: ['consume'],
          environment: 'production',
          owner,
          secret,
        },
      })
    const statuses = (await Promise.all([create(), create()])).map((answered) => answered.status)
    expect(statuses.sort()).toEqual([201, 409])
  })
})
