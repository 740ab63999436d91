import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connecting, type Person, startConnecting } from '../support/connecting.ts'

/* What a holder of a token tries to make of it by handing it on: more scope, another place, a longer life, a way around who may have it. */

interface Client {
  readonly id: string
  readonly secret: string
}

let at: Connecting
let owner: Client
let delegate: Client
let stranger: Client
let person: Person
let client: string
let grant: string

beforeAll(async () => {
  at = await startConnecting()
  owner = { id: at.estate.workload, secret: await secretOf(at.estate.workload) }
  delegate = await makeWorkload('delegate')
  stranger = await makeWorkload('stranger')
  grant = await at.estate.grant('crm', {
    scope: { methods: ['GET', 'POST'], paths: ['/**'] },
    delegates: [delegate.id],
    ttl_seconds: 600,
  })
  person = await at.addPerson('person', [{ role: 'operator' }])
  client = at.publish('exchange')
}, 60_000)
afterAll(async () => {
  await at?.stop()
})

async function secretOf(workload: string): Promise<string> {
  const path = `/api/v1/workloads/${workload}/identities`
  return (await at.keyward.api<{ client_secret: string }>('POST', path, { method: 'client_secret_basic' })).client_secret
}
async function makeWorkload(name: string): Promise<Client> {
  const body = { name, type: 'agent', owner: at.estate.owner, environment: 'production' }
  const { id } = await at.keyward.api<{ id: string }>('POST', '/api/v1/workloads', body)
  return { id, secret: await secretOf(id) }
}
const basic = ({ id, secret }: Client) => ({ authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` })
const type = (name: string) => `urn:ietf:params:oauth:token-type:${name}`
const exchange = (by: Client, subject: string, more: Record<string, string> = {}) =>
  at.token(
    {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: subject,
      subject_token_type: type('access_token'),
      ...more,
    },
    basic(by),
  )
const detail = (scope: object) => ({ authorization_details: JSON.stringify([{ type: 'http', ...scope }]) })
const own = async (more: Record<string, string> = {}) =>
  (await at.token({ grant_type: 'client_credentials', scope: `grant:${grant}`, ...more }, basic(owner))).body.access_token as string
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown> & { exp: number }

describe('wider', () => {
  test.each([
    ['a path beyond', { methods: ['GET'], paths: ['/**'] }],
    ['a method beyond', { methods: ['POST'], paths: ['/a/b'] }],
    ['a star where there was a name', { methods: ['GET'], paths: ['/a/*'] }],
    ['dots out of the path', { methods: ['GET'], paths: ['/a/../**'] }],
    ['another kind', { models: ['*'] }],
  ])('a token that was narrowed is not made wider by handing it on: %s', async (_what, scope) => {
    const narrow = await own(detail({ methods: ['GET'], paths: ['/a/b', '/a/c'] }))
    const answered = await exchange(delegate, narrow, detail(scope))
    expect(answered.status).toBe(400)
    expect(['invalid_scope', 'invalid_authorization_details']).toContain(answered.body.error)
    // By leaving the details out, neither: also two hands further on.
    const child = await exchange(delegate, narrow)
    const back = await exchange(owner, child.body.access_token)
    for (const { body } of [child, back]) {
      expect(claimsOf(body.access_token).authorization_details).toEqual(claimsOf(narrow).authorization_details)
      expect(await at.call(body.access_token)).toBe(403)
    }
  })

  test('another grant, resource, audience, tenant or a longer life is not had', async () => {
    const token = await own()
    const other = await at.estate.grant('crm', { scope: { methods: ['GET'], paths: ['/**'] }, delegates: [delegate.id] })
    expect((await exchange(delegate, token, { scope: `grant:${other}` })).body.error).toBe('invalid_scope')
    expect((await exchange(delegate, token, { resource: `${at.keyward.issuer}/g/other` })).body.error).toBe('invalid_target')
    expect((await exchange(delegate, token, { audience: 'https://evil.example' })).body.error).toBe('invalid_target')
    const longer = await exchange(delegate, token, {
      expires_in: '86400',
      ttl_seconds: '86400',
      tenant: 'ten_x',
      requested_expiry: '86400',
    })
    expect(longer.status).toBe(200)
    expect(claimsOf(longer.body.access_token).exp).toBeLessThanOrEqual(claimsOf(token).exp)
    expect(claimsOf(longer.body.access_token).tenant).toBeUndefined()
  })
})

describe('further', () => {
  test('a delegate hands on to nobody whom the grant does not name, and a stranger takes nothing that they found', async () => {
    const token = await own()
    const child = (await exchange(delegate, token)).body.access_token as string
    for (const found of [token, child]) expect((await exchange(stranger, found)).body.error).toBe('unauthorized_client')
  })

  test('in circles: each turn is one deeper, and there is an end', async () => {
    let token = await own()
    let turns = 0
    for (; turns < 20; turns++) {
      const next = await exchange(turns % 2 === 0 ? delegate : owner, token)
      if (next.status !== 200) {
        expect(next.body.error).toBe('invalid_request')
        break
      }
      token = next.body.access_token
    }
    expect(turns).toBeGreaterThan(1)
    expect(turns).toBeLessThan(20)
  })

  test('an actor_token of another is no leave to act as them', async () => {
    const token = await own()
    const theirs = (await exchange(delegate, token)).body.access_token as string
    const answered = await exchange(stranger, token, { actor_token: theirs, actor_token_type: type('access_token') })
    expect(answered.body.error).toBe('invalid_request')
    expect((await exchange(delegate, token, { actor_token: token, actor_token_type: type('access_token') })).body.error).toBe(
      'invalid_request',
    )
  })

  test('a person’s token is handed on by the grant’s own workload and its delegates alone, names the person still, and ends with the consent', async () => {
    const { query, verifier } = at.request(client, { scope: `grant:${grant}` })
    const code = (await at.consent(person, query, { grant })).get('code') ?? ''
    const redirect_uri = query.get('redirect_uri') ?? ''
    const form = { grant_type: 'authorization_code', client_id: client, code, redirect_uri, code_verifier: verifier }
    const token = (await at.token(form)).body.access_token as string
    expect((await exchange(stranger, token)).body.error).toBe('unauthorized_client')
    // The public client itself has nothing to authenticate with.
    const bare = await at.token({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      client_id: client,
      subject_token: token,
      subject_token_type: type('access_token'),
    })
    expect([bare.status, bare.body.error]).toEqual([401, 'invalid_client'])
    const child = (await exchange(delegate, token)).body.access_token as string
    expect(claimsOf(child)).toMatchObject({ sub: person.id, act: { sub: delegate.id, act: { sub: owner.id } } })
    expect(await at.call(child)).toBe(200)
    const [consent] = (await person.ask('GET', '/api/v1/me/consents')).body.items
    await person.ask('POST', `/api/v1/me/consents/${consent.id}/revoke`, { reason: 'done' })
    expect(await Promise.all([at.call(token), at.call(child)])).toEqual([401, 401])
    expect((await exchange(delegate, token)).body.error).toBe('invalid_request')
  })

  test('a person whose role is taken away takes along what their client holds, what was made of it, and the next refresh', async () => {
    const leaver = await at.addPerson('leaver', [{ role: 'operator', environment: 'production' }])
    const { query, verifier } = at.request(client, { scope: `grant:${grant}` })
    const code = (await at.consent(leaver, query, { grant })).get('code') ?? ''
    const redirect_uri = query.get('redirect_uri') ?? ''
    const form = { grant_type: 'authorization_code', client_id: client, code, redirect_uri, code_verifier: verifier }
    const { access_token: token, refresh_token: refresh } = (await at.token(form)).body
    const child = (await exchange(delegate, token)).body.access_token as string
    expect(await Promise.all([at.call(token), at.call(child)])).toEqual([200, 200])
    await at.keyward.api('PATCH', `/api/v1/users/${leaver.id}`, { roles: [{ role: 'viewer' }] })
    expect(await Promise.all([at.call(token), at.call(child)])).toEqual([401, 401])
    expect((await at.token({ grant_type: 'refresh_token', client_id: client, refresh_token: refresh })).body.error).toBe('invalid_grant')
  })

  test('50 rounds of refreshing while the role is taken away leave no token that lives', async () => {
    const racer = await at.addPerson('racer', [{ role: 'operator', environment: 'production' }])
    const roles = (environment: string) =>
      at.keyward.api('PATCH', `/api/v1/users/${racer.id}`, { roles: [{ role: 'operator', environment }] })
    const { query, verifier } = at.request(client, { scope: `grant:${grant}` })
    const code = (await at.consent(racer, query, { grant })).get('code') ?? ''
    const redirect_uri = query.get('redirect_uri') ?? ''
    const form = { grant_type: 'authorization_code', client_id: client, code, redirect_uri, code_verifier: verifier }
    let refresh = (await at.token(form)).body.refresh_token as string
    let got = 0
    for (let round = 0; round < 50; round++) {
      const asking = at.token({ grant_type: 'refresh_token', client_id: client, refresh_token: refresh })
      const away = roles('staging')
      const answered = await asking
      await away
      if (answered.status === 200) {
        got += 1
        refresh = answered.body.refresh_token
        expect(await at.call(answered.body.access_token)).toBe(401)
      }
      await roles('production')
    }
    expect(got).toBeGreaterThan(0)
  }, 60_000)
})
