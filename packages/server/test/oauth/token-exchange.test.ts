import { generateKeyPairSync, hash, type KeyObject, randomBytes } from 'node:crypto'
import { formatSecret } from '@keyward/contract/secret-format'
import { decodeJwt, type JWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endTokens, liveOf } from '../../src/lifecycle/end-tokens.ts'
import { startTokenService, type TokenService } from './token-service.ts'

/* Token exchange within Keyward (RFC 8693): a token is handed on, and never becomes more than it was. */

let service: TokenService
let owner: string
let helper: string
let stranger: string
let grant: string
const secret = formatSecret('clientSecret', randomBytes(32))
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
const basic = (id: string) => ({ authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` })

beforeAll(async () => {
  service = await startTokenService()
  for (const name of ['owner', 'helper', 'stranger']) {
    const id = await service.addWorkload(name)
    await service.addIdentity(id, { method: 'client_secret_basic', secret_hash: hash('sha256', secret, 'buffer') })
    if (name === 'owner') owner = id
    else if (name === 'helper') helper = id
    else stranger = id
  }
  grant = await service.addGrant(owner)
  await service.db
    .updateTable('grants')
    .set({ delegates: [helper] })
    .where('id', '=', grant)
    .execute()
})
afterAll(() => service.stop())

type Body = Record<string, unknown>

async function ask(client: string, form: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(`${service.issuer}/oauth2/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...basic(client), ...headers },
    body: new URLSearchParams(form),
  })
  return { status: response.status, body: (await response.json()) as Body }
}

const first = async (headers?: Record<string, string>) =>
  String((await ask(owner, { grant_type: 'client_credentials', scope: `grant:${grant}` }, headers)).body.access_token)
const handOn = (client: string, token: string, more: Record<string, string> = {}, headers: Record<string, string> = {}) =>
  ask(client, { grant_type: exchange, subject_token: token, subject_token_type: accessToken, ...more }, headers)

async function proof(key: { privateKey: KeyObject; publicKey: KeyObject }) {
  return {
    dpop: await new SignJWT({ htm: 'POST', htu: `${service.issuer}/oauth2/token` })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: key.publicKey.export({ format: 'jwk' }) as JWK })
      .setIssuedAt()
      .setJti(crypto.randomUUID())
      .sign(key.privateKey),
  }
}

/** As clients do it since RFC 9449 section 8: a server that wants a nonce says which, and the request is repeated with it. */
async function withProof(
  key: { privateKey: KeyObject; publicKey: KeyObject },
  send: (headers: Record<string, string>) => Promise<Response>,
) {
  const once = async (nonce?: string) =>
    await send({
      dpop: await new SignJWT({ htm: 'POST', htu: `${service.issuer}/oauth2/token`, ...(nonce === undefined ? {} : { nonce }) })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: key.publicKey.export({ format: 'jwk' }) as JWK })
        .setIssuedAt()
        .setJti(crypto.randomUUID())
        .sign(key.privateKey),
    })
  const answer = await once()
  const nonce = answer.headers.get('dpop-nonce')
  return answer.status === 400 && nonce !== null ? await once(nonce) : answer
}

async function boundRequest(client: string, form: Record<string, string>, key: { privateKey: KeyObject; publicKey: KeyObject }) {
  const response = await withProof(key, (headers) =>
    fetch(`${service.issuer}/oauth2/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...basic(client), ...headers },
      body: new URLSearchParams(form),
    }),
  )
  return { status: response.status, body: (await response.json()) as Body }
}

describe('RFC 8693 2.1 and 2.2.1: a token that is handed on', () => {
  it('names the workload that acts now in `act`, keeps subject, grant, audience and tenant, and says what it is', async () => {
    const parent = await first()
    const { status, body } = await handOn(helper, parent, { requested_token_type: accessToken })
    expect(status).toBe(200)
    expect(body).toMatchObject({ issued_token_type: accessToken, token_type: 'Bearer', scope: `grant:${grant}` })
    const [before, after] = [decodeJwt(parent), decodeJwt(String(body.access_token))]
    expect(after).toMatchObject({ sub: owner, client_id: helper, act: { sub: helper }, aud: before.aud, grant })
    const record = await service.db.selectFrom('tokens').selectAll().where('id', '=', String(after.jti)).executeTakeFirstOrThrow()
    expect(record).toMatchObject({ parent: before.jti, workload_id: owner, actor_id: helper, depth: 1 })
    const audited = await service.db
      .selectFrom('audit_entries')
      .selectAll()
      .where('token_id', '=', String(after.jti))
      .executeTakeFirstOrThrow()
    expect(audited).toMatchObject({ action: 'token.exchange', decision: 'done', actor_id: helper, workload_id: owner })
  })

  it('4.1: a chain keeps who acted before, nested, and ends at its depth', async () => {
    let token = await first()
    const hop = async (client: string) => {
      const { body } = await handOn(client, token)
      token = String(body.access_token)
      return body
    }
    await hop(helper)
    await hop(owner)
    expect(decodeJwt(token).act).toEqual({ sub: owner, act: { sub: helper } })
    await hop(helper)
    await hop(owner)
    await hop(helper)
    expect(await hop(owner)).toMatchObject({ error: 'invalid_request', error_description: expect.stringContaining('5 times') })
  })

  it('never outlives the one that it comes from', async () => {
    const parent = await first()
    await service.db.updateTable('grants').set({ ttl_seconds: 3_600 }).where('id', '=', grant).execute()
    const { body } = await handOn(helper, parent)
    await service.db.updateTable('grants').set({ ttl_seconds: 600 }).where('id', '=', grant).execute()
    expect(decodeJwt(String(body.access_token)).exp).toBeLessThanOrEqual(Number(decodeJwt(parent).exp))
  })

  it('is minted for delegates of the grant alone, however well they authenticate', async () => {
    expect((await handOn(stranger, await first())).body).toMatchObject({ error: 'unauthorized_client' })
    await service.db.updateTable('grants').set({ delegates: [] }).where('id', '=', grant).execute()
    expect((await handOn(helper, await first())).body).toMatchObject({ error: 'unauthorized_client' })
    await service.db
      .updateTable('grants')
      .set({ delegates: [helper] })
      .where('id', '=', grant)
      .execute()
  })

  it('may say less: authorization_details narrow it, are echoed as granted, and nothing wider comes of it later (RFC 9396 7)', async () => {
    const detail = (models: string[], more: object = {}) => ({ authorization_details: JSON.stringify([{ type: 'llm', models, ...more }]) })
    const narrow = await handOn(helper, await first(), detail(['gpt-4.1*'], { operations: ['chat'] }))
    expect(narrow.body.authorization_details).toEqual([
      { type: 'llm', locations: [`${service.issuer}/g/openai`], identifier: grant, models: ['gpt-4.1*'], operations: ['chat'] },
    ])
    const token = String(narrow.body.access_token)
    expect(service.verifier.verify(token).narrowed).toEqual({ models: ['gpt-4.1*'], operations: ['chat'] })
    expect((await handOn(owner, token, detail(['gpt-*']))).body).toMatchObject({ error: 'invalid_scope' })
    expect((await handOn(owner, token, detail(['gpt-4.1-mini'], { operations: ['embeddings'] }))).body).toMatchObject({
      error: 'invalid_scope',
    })
    const same = await handOn(owner, token)
    expect(service.verifier.verify(String(same.body.access_token)).narrowed).toEqual({ models: ['gpt-4.1*'], operations: ['chat'] })
    const less = await handOn(owner, token, detail(['gpt-4.1-mini']))
    expect(service.verifier.verify(String(less.body.access_token)).narrowed).toEqual({ models: ['gpt-4.1-mini'], operations: ['chat'] })
  })
})

describe('RFC 8693 4.4: `may_act`', () => {
  it('names the one delegate; a token that names another is not handed on, whatever the grant says by then', async () => {
    const parent = await first()
    expect(decodeJwt(parent).may_act).toEqual({ sub: helper })
    const delegates = async (list: string[]) =>
      await service.db.updateTable('grants').set({ delegates: list }).where('id', '=', grant).execute()
    await delegates([stranger])
    expect((await handOn(stranger, parent)).body).toMatchObject({ error: 'unauthorized_client' })
    expect((await handOn(helper, parent)).body).toMatchObject({ error: 'unauthorized_client' })
    await delegates([helper, stranger])
    expect(decodeJwt(await first()).may_act).toBeUndefined()
    expect((await handOn(stranger, await first())).status).toBe(200)
    await delegates([helper])
  })
})

describe('RFC 8693 2.2.2: what is refused, and by which code', () => {
  it.each([
    ['a subject token that is none', { subject_token: 'nonsense' }, 'invalid_request'],
    ['a type that is not known', { subject_token_type: 'urn:ietf:params:oauth:token-type:saml2' }, 'invalid_request'],
    ['an actor type without an actor token', { actor_token_type: accessToken }, 'invalid_request'],
    ['an actor token without its type', { actor_token: 'x' }, 'invalid_request'],
    ['another kind of token asked for', { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }, 'invalid_request'],
    ['another grant', { scope: 'grant:grt_00000000000000000000000000' }, 'invalid_scope'],
    ['another resource', { resource: 'RESOURCE/g/anthropic' }, 'invalid_target'],
    ['another audience', { audience: 'https://elsewhere.example' }, 'invalid_target'],
  ])('%s', async (_name, change, code) => {
    const form = Object.fromEntries(
      Object.entries(change as Record<string, string>).map(([name, value]) => [name, value.replace('RESOURCE', service.issuer)]),
    )
    const { status, body } = await handOn(helper, await first(), form)
    expect(body.error).toBe(code)
    expect(status).toBe(400)
  })

  it('a token that was revoked, and one whose parent was; an unauthenticated client gets 401', async () => {
    const parent = await first()
    const child = String((await handOn(helper, parent)).body.access_token)
    const id = String(decodeJwt(parent).jti)
    const ended = await service.db.transaction().execute(async (trx) => liveOf(await endTokens(trx, 'id', [id])))
    expect(ended.sort()).toEqual([id, String(decodeJwt(child).jti)].sort())
    // This node has not heard yet: the database refuses.
    expect((await handOn(helper, parent)).body).toMatchObject({ error: 'invalid_request' })
    expect((await handOn(owner, child)).body).toMatchObject({ error: 'invalid_request' })
    expect((await handOn(`${helper.slice(0, -1)}0`, await first())).status).toBe(401)
  })

  it('an actor token must be the client’s own', async () => {
    const parent = await first()
    const own = String((await handOn(helper, parent)).body.access_token)
    expect((await handOn(helper, parent, { actor_token: own, actor_token_type: accessToken })).status).toBe(200)
    expect((await handOn(helper, parent, { actor_token: parent, actor_token_type: accessToken })).body).toMatchObject({
      error: 'invalid_request',
    })
  })
})

describe('a bound token (RFC 9449)', () => {
  it('is not made free by exchanging it: its holder shows the same key, a delegate one of its own', async () => {
    const [mine, another] = [generateKeyPairSync('ec', { namedCurve: 'P-256' }), generateKeyPairSync('ec', { namedCurve: 'P-256' })]
    const minted = await boundRequest(owner, { grant_type: 'client_credentials', scope: `grant:${grant}` }, mine)
    expect(minted.body.token_type).toBe('DPoP')
    const subject_token = String(minted.body.access_token)
    const form = { grant_type: exchange, subject_token, subject_token_type: accessToken }
    expect((await handOn(owner, subject_token)).body).toMatchObject({ error: 'invalid_request' })
    expect((await handOn(helper, subject_token)).body).toMatchObject({ error: 'invalid_request' })
    expect((await boundRequest(owner, form, another)).body).toMatchObject({ error: 'invalid_request' })
    expect((await boundRequest(owner, form, mine)).body).toMatchObject({ token_type: 'DPoP' })
    expect((await boundRequest(helper, form, another)).body).toMatchObject({ token_type: 'DPoP' })
  })

  it('one proof counts once', async () => {
    const headers = await proof(generateKeyPairSync('ec', { namedCurve: 'P-256' }))
    const form = { grant_type: 'client_credentials', scope: `grant:${grant}` }
    await ask(owner, form, headers)
    expect((await ask(owner, form, headers)).body.error).toMatch(/^(?:invalid_dpop_proof|use_dpop_nonce)$/)
  })
})

describe('assurance', () => {
  it('a grant’s minimum holds at the token endpoint, and a chain is worth its weakest part', async () => {
    const asked = { grant_type: 'client_credentials', scope: `grant:${grant}` }
    await service.db.updateTable('grants').set({ minimum_assurance: 'federated' }).where('id', '=', grant).execute()
    const refused = await ask(owner, asked)
    await service.db.updateTable('grants').set({ minimum_assurance: null }).where('id', '=', grant).execute()
    expect(refused.body).toMatchObject({ error: 'unauthorized_client', error_description: expect.stringContaining('federated') })
    expect((await ask(owner, asked)).body.assurance).toBe('shared_secret')
  })
})

it('a child that is being minted while its parent is revoked is refused or revoked with it, in every order', async () => {
  for (let round = 0; round < 8; round++) {
    const parent = await first()
    const verified = service.verifier.verify(parent)
    const chain = [verified]
    for (let depth = 0; depth < 2; depth++) {
      const above = chain.at(-1)
      if (above === undefined) throw new Error('no token')
      const { token } = await service.minter.mint({
        grant,
        workload: depth % 2 === 0 ? helper : owner,
        method: 'private_key_jwt',
        parent: { token: above, depth },
      })
      chain.push(service.verifier.verify(token))
    }
    const last = chain.at(-1)
    if (last === undefined) throw new Error('no token')
    const mints = Array.from({ length: 10 }, () =>
      service.minter.mint({ grant, workload: helper, method: 'private_key_jwt', parent: { token: last, depth: 2 } }).then(
        (minted) => minted.id,
        () => undefined,
      ),
    )
    const ended = service.db.transaction().execute(async (trx) => {
      await trx.selectFrom('tokens').select('id').where('id', '=', verified.id).forUpdate().execute()
      return await endTokens(trx, 'id', [verified.id])
    })
    const [ids] = [(await Promise.all(mints)).filter((id) => id !== undefined), await ended]
    const alive =
      ids.length === 0
        ? []
        : await service.db.selectFrom('tokens').select('id').where('id', 'in', ids).where('revoked_at', 'is', null).execute()
    expect(alive).toEqual([])
  }
})

it.each([
  ['bytes that are not UTF-8', `grant_type=client_credentials&scope=grant%3A%ff`],
  ['an overlong form of a character', `grant_type=client_credentials&scope=grant%3A%c0%af`],
])('RFC 6749 Appendix B: a form that escapes %s is an invalid request', async (_name, body) => {
  const response = await fetch(`${service.issuer}/oauth2/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...basic(owner) },
    body,
  })
  expect([response.status, ((await response.json()) as Body).error]).toEqual([400, 'invalid_request'])
})

it('RFC 7617 2: a secret in base64 with characters that a lax decoder skips is not the secret', async () => {
  const { authorization } = basic(owner)
  const response = await fetch(`${service.issuer}/oauth2/token`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `${authorization.slice(0, 20)}!${authorization.slice(20)}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  expect([response.status, ((await response.json()) as Body).error]).toEqual([401, 'invalid_client'])
})
