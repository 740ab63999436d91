import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { isWellFormedSecret } from '@keyward/contract/secret-format'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiServer, startApi } from '../http/api-server.ts'
import { maker } from '../http/things.ts'

let api: ApiServer
let token: string
let workload: string
beforeAll(async () => {
  api = await startApi()
  token = await api.tokenOf('operator')
  const things = maker(api, token)
  workload = await things.workload(await maker(api, await api.tokenOf('admin')).team())
})
afterAll(() => api.stop())

const add = (body: unknown) => api.ask('POST', `/api/v1/workloads/${workload}/identities`, { token, body })
const addKey = (jwk: unknown) => add({ method: 'private_key_jwt', jwk })
const jwkOf = (key: KeyObject) => key.export({ format: 'jwk' })

describe('a public key', () => {
  test.each([
    ['EC P-256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey],
    ['EC P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey],
    ['Ed25519', () => generateKeyPairSync('ed25519').publicKey],
    ['RSA of 2048 bits', () => generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey],
  ])('of kind %s is taken, and known by its RFC 7638 thumbprint', async (_kind, make) => {
    const answered = await addKey(jwkOf(make()))
    expect([answered.status, answered.status === 201 ? '' : answered.text]).toEqual([201, ''])
    expect(answered.body.thumbprint).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })

  test('of a workload is refused to another: two would be one', async () => {
    const jwk = jwkOf(generateKeyPairSync('ed25519').publicKey)
    expect((await addKey(jwk)).status).toBe(201)
    expect((await addKey(jwk)).body).toMatchObject({ code: 'conflict', errors: [{ field: '/jwk' }] })
  })

  test.each([
    ['a private key', () => jwkOf(generateKeyPairSync('ed25519').privateKey), '/jwk'],
    ['an RSA key of 1024 bits', () => jwkOf(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey), '/jwk/n'],
    ['a curve that nobody asked for', () => jwkOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey), '/jwk/crv'],
    ['a point that is not on its curve', () => ({ kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }), '/jwk'],
    ['another algorithm than its curve’s', () => ({ ...jwkOf(generateKeyPairSync('ed25519').publicKey), alg: 'ES256' }), '/jwk/alg'],
    ['an encryption key', () => ({ ...jwkOf(generateKeyPairSync('ed25519').publicKey), use: 'enc' }), '/jwk/use'],
  ])('is refused where it is %s, at the member that is wrong', async (_what, make, field) => {
    const answered = await addKey(make())
    expect(answered.body).toMatchObject({ code: 'invalid-request', errors: [{ field }] })
  })

  test('keeps only what makes it that key: nothing else that was sent is stored', async () => {
    const jwk = { ...jwkOf(generateKeyPairSync('ed25519').publicKey), x5u: 'https://example.com', note: 'mine' }
    const { body } = await addKey(jwk)
    const row = await api.db
      .selectFrom('workload_identities')
      .select('public_jwk')
      .where('id', '=', String(body.id))
      .executeTakeFirstOrThrow()
    expect(Object.keys(row.public_jwk as object).sort()).toEqual(['crv', 'kty', 'x'])
  })
})

describe('a client secret', () => {
  test('is shown once, well-formed, and only its digest is kept', async () => {
    const { body } = await add({ method: 'client_secret_basic' })
    const secret = String(body.client_secret)
    expect(isWellFormedSecret('clientSecret', secret)).toBe(true)
    expect((await api.ask('GET', `/api/v1/workloads/${workload}`, { token })).text).not.toContain(secret)
    const row = await api.db.selectFrom('workload_identities').selectAll().where('id', '=', String(body.id)).executeTakeFirstOrThrow()
    expect(JSON.stringify(row)).not.toContain(secret)
    expect(row.secret_hash).toHaveLength(32)
  })

  test('is not shown again to whoever repeats the request: the answer says so', async () => {
    const headers = { 'idempotency-key': 'once' }
    const ask = () =>
      api.ask('POST', `/api/v1/workloads/${workload}/identities`, { token, body: { method: 'client_secret_basic' }, headers })
    const first = await ask()
    expect(first.status).toBe(201)
    const again = await ask()
    expect([again.status, again.body.code]).toEqual([409, 'idempotency-conflict'])
    expect(again.body.detail).toContain('shown once')
    const { rows } = { rows: await api.db.selectFrom('idempotency_keys').selectAll().where('key', '=', 'once').execute() }
    expect(JSON.stringify(rows)).not.toContain(String(first.body.client_secret))
  })
})

describe('the assurance of a workload', () => {
  test('is that of its weakest identity that can be used; without any it has none', async () => {
    const admin = await api.tokenOf('admin')
    const things = maker(api, admin)
    const id = await things.workload(await things.team())
    const assurance = async () => (await api.ask('GET', `/api/v1/workloads/${id}`, { token: admin })).body.assurance
    const give = async (body: object) => (await api.ask('POST', `/api/v1/workloads/${id}/identities`, { token: admin, body })).body.id
    expect(await assurance()).toBeNull()
    await give({ method: 'private_key_jwt', jwk: jwkOf(generateKeyPairSync('ed25519').publicKey) })
    expect(await assurance()).toBe('federated')
    const secret = await give({ method: 'client_secret_basic' })
    expect(await assurance()).toBe('shared_secret')
    await api.ask('POST', `/api/v1/workloads/${id}/identities/${secret}/revoke`, { token: admin, body: { reason: 'a test of assurance' } })
    expect(await assurance()).toBe('federated')
  })
})
